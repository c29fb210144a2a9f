/** Where frames come from: a device of the system, or links of the user's own. */
import type { Link } from '../../ports.ts';
import { OptionError } from '../option-error.ts';
import type { StackOptions } from './stack-options.ts';

const SOURCES = ['device', 'link', 'links'] as const;
/** IFNAMSIZ less the terminating zero. */
const LONGEST_DEVICE = 15;

/** The links that are given; none where a device is named. */
export function checkSource(options: StackOptions): readonly Link[] {
  const given = SOURCES.filter((name) => options[name] !== undefined);
  if (given.length > 1) {
    throw new OptionError(
      given[1]!,
      options[given[1]!],
      `absent when ${given[0]} is given: a stack has one source of links`,
    );
  }
  const { device } = options;
  if (device !== undefined) {
    if (typeof device !== 'string' || device === '' || device.length > LONGEST_DEVICE || /[\s/]/.test(device)) {
      throw new OptionError(
        'device',
        device,
        `the name of an interface, 1 to ${LONGEST_DEVICE} characters`,
        'ip -brief link lists them.',
      );
    }
  }
  const links = options.links ?? (options.link === undefined ? [] : [options.link]);
  if (!Array.isArray(links) || options.links?.length === 0)
    throw new OptionError('links', links, 'an array of links, one or more');
  links.forEach((link: unknown, i) => {
    const name = options.link === undefined ? `links[${i}]` : 'link';
    if (typeof link !== 'object' || link === null || !('flush' in link) || !('attach' in link)) {
      throw new OptionError(
        name,
        link,
        'a link: an object with attach, start, flush and close',
        'For an interface write device: "eth0".',
      );
    }
  });
  return links;
}

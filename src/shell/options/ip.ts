/** Options of the IP layer. */

import { LEAST_REASSEMBLY } from '../../core/ip/reassembly.ts';
import type { IpSettings } from '../../core/ip/settings.ts';
import { OptionError } from '../option-error.ts';
import { checkFlag, checkKnown, checkNumber, checkOneOf } from './check.ts';

/** Options of the IP layer. */
export interface IpOptions {
  /**
   * Whether to ask the network if somebody else has our addresses (RFC 5227, RFC 4862 §5.4). 'background' (default on a device
   * that is ours): they are used at once, and given up with a warning when somebody answers. 'wait': createStack waits
   * 4 to 7 s (IPv6: 1 to 2 s) and rejects. 'off': the default on links of your own. The address of a DHCP lease is used at once in
   * any case.
   */
  duplicates?: 'background' | 'wait' | 'off';
  /** Whether an interface with IPv6 gets a link-local address too. Default: true on a device that is ours. */
  linkLocal?: boolean;
  /**
   * Whether IPv6 routers on the link configure us: default routes, networks, MTU, addresses (RFC 4861 §6.3, RFC 4862 §5.5). Default
   * false.
   */
  slaac?: boolean;
  /** Whether the multicast groups of our IPv6 addresses are reported to switches (RFC 3810). Default: true on a device that is ours. */
  multicastReports?: boolean;
  /** Bytes for fragments of datagrams that are not whole yet. Default 1 MiB. */
  reassemblyBytes?: number;
  /**
   * What came by an IPv4 source route: 'drop' (default), or 'accept': TCP and ICMP answer along the way it came, which lets a sender
   * choose where the answers go; UDP does not. Answers to a `sourceRoute` of our own are taken in any case.
   */
  sourceRoutes?: 'drop' | 'accept';
}

const NAMES = [
  'duplicates',
  'linkLocal',
  'slaac',
  'multicastReports',
  'reassemblyBytes',
  'sourceRoutes',
] as const satisfies readonly (keyof IpOptions)[];
const DUPLICATES = ['background', 'wait', 'off'] as const;
const MIB = 1 << 20;

/** `device`: the links are a device of the system, not some of the user's own. */
export function checkIp(ip: IpOptions | undefined, device: boolean): Partial<IpSettings> {
  const given = ip ?? {};
  if (typeof given !== 'object' || given === null) throw new OptionError('ip', ip, 'an object of its options');
  checkKnown('ip', given, NAMES);
  return {
    duplicates: checkOneOf('ip.duplicates', given.duplicates, DUPLICATES, device ? 'background' : 'off'),
    linkLocal: checkFlag('ip.linkLocal', given.linkLocal, device || given.slaac === true),
    slaac: checkFlag('ip.slaac', given.slaac, false),
    multicastReports: checkFlag('ip.multicastReports', given.multicastReports, device),
    reassemblyBytes: checkNumber('ip.reassemblyBytes', given.reassemblyBytes, MIB, LEAST_REASSEMBLY, 64 * MIB, 'bytes'),
    sourceRoutes: checkOneOf('ip.sourceRoutes', given.sourceRoutes, ['drop', 'accept'], 'drop'),
  };
}

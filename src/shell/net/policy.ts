/** The rules by which connections go to our stack or to the kernel. */
import { BlockList, isIP } from 'node:net';
import { OptionError } from '../option-error.ts';
import { checkOneOf } from '../options/check.ts';

/** Which connections and servers the stack carries, and which the kernel. */
export interface NetRules {
  /**
   * A listen on `localhost`, an unspecified address or none: reached from inside the process by our own loopback, from other
   * processes by the kernel's, or both (default; `use()` of a stack without a device: our own). A connect to loopback goes to our listener on that port, else to the kernel.
   */
  loopback?: 'both' | 'own' | 'kernel';
  /** What is not ours (an address without a route, or outside `prefixes`; a port outside `ports`): the kernel's (default), or an error (default of `use()` of a stack without a device). */
  fallback?: 'kernel' | 'error';
  /** Ports that we listen on, such as [80, '8000-8099']; default all. */
  ports?: readonly (number | string)[];
  /** Destinations that go through us, such as ['10.0.0.0/8']; default whatever the stack has a route to. */
  prefixes?: readonly string[];
}

export interface NetPolicy {
  readonly loopback: 'both' | 'own' | 'kernel';
  readonly fallback: 'kernel' | 'error';
  readonly ports: ReadonlySet<number> | undefined;
  readonly prefixes: BlockList | undefined;
}

export const RULES = ['loopback', 'fallback', 'ports', 'prefixes'] as const satisfies readonly (keyof NetRules)[];

/** Throws OptionError for the first rule that is wrong. `alone`: without a word about it, nothing is the kernel's (ADR 40). */
export function checkRules(rules: NetRules, alone = false): NetPolicy {
  return {
    loopback: checkOneOf('loopback', rules.loopback, ['both', 'own', 'kernel'], alone ? 'own' : 'both'),
    fallback: checkOneOf('fallback', rules.fallback, ['kernel', 'error'], alone ? 'error' : 'kernel'),
    ports: rules.ports === undefined ? undefined : portSet(rules.ports),
    prefixes: rules.prefixes === undefined ? undefined : blockList(rules.prefixes),
  };
}

function portSet(ports: readonly (number | string)[]): ReadonlySet<number> {
  if (!Array.isArray(ports))
    throw new OptionError('ports', ports, "an array of ports and ranges, such as [80, '8000-8099']");
  const set = new Set<number>();
  ports.forEach((entry: number | string, i) => {
    const [, low, high = low] = /^(\d+)(?:-(\d+))?$/.exec(String(entry)) ?? [];
    if (low === undefined || Number(low) < 1 || Number(high) > 65535 || Number(low) > Number(high))
      throw new OptionError(`ports[${i}]`, entry, "a port from 1 to 65535 or a range such as '8000-8099'");
    for (let port = Number(low); port <= Number(high); port++) set.add(port);
  });
  return set;
}

function blockList(prefixes: readonly string[]): BlockList {
  const list = new BlockList();
  if (!Array.isArray(prefixes))
    throw new OptionError('prefixes', prefixes, "an array such as ['10.0.0.0/8', 'fd00::/8']");
  prefixes.forEach((text: string, i) => {
    const [address = '', bits, more] = String(text).split('/');
    const family = isIP(address);
    const length = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
    if (family === 0 || more !== undefined || bits === '' || !(length >= 0 && length <= (family === 4 ? 32 : 128)))
      throw new OptionError(`prefixes[${i}]`, text, "an address with a prefix length, such as '10.0.0.0/8'");
    list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  });
  return list;
}

/** Decides how the stack and the kernel share a device, from facts alone: nothing is changed here. */

import { StackError } from '../errors.ts';
import { OptionError } from '../option-error.ts';
import type { KernelFacts } from './kernel-facts.ts';

export interface Wish {
  readonly device: string;
  readonly mode: 'own' | 'own-mac' | 'shared' | 'auto';
  readonly addresses: readonly string[];
  /** Ports we listen on in mode 'shared'. */
  readonly ports: readonly number[];
  /** undefined = choose. */
  readonly ephemeralPorts: readonly [number, number] | undefined;
}

export interface Plan {
  readonly mode: 'own' | 'own-mac' | 'shared';
  /** Rules of the ingress chain, without table and chain. */
  readonly rules: readonly string[];
  /** Why the rules cannot be left out; undefined = they only save work. */
  readonly required: string | undefined;
  readonly ephemeralPorts: readonly [number, number] | undefined;
  /** New value of ip_local_reserved_ports; undefined = leave it. */
  readonly reserve: string | undefined;
}

/** Outside of the kernel's default range, so that both sides have ports. */
const SHARED_PORTS: readonly [number, number] = [61000, 65535];

/** Throws when what is asked for cannot work; the message says what to type. */
export function plan(wish: Wish, facts: KernelFacts): Plan {
  const theirs = wish.addresses.filter((address) => facts.addresses.has(address));
  const mode = wish.mode === 'auto' ? (theirs.length > 0 ? 'shared' : 'own') : wish.mode;
  return mode === 'shared' ? planShared(wish, facts) : planOwn(mode, wish, facts, theirs);
}

function planOwn(mode: 'own' | 'own-mac', wish: Wish, facts: KernelFacts, theirs: readonly string[]): Plan {
  for (const address of theirs) {
    const device = facts.addresses.get(address);
    throw new StackError(
      'ERR_USERTCP_ADDRESS_TAKEN',
      `mode '${mode}': ${address} is on the kernel's ${device}, and both would answer. ` +
        `Give the stack another address, remove it (ip address del ${address} dev ${device}), or use mode: 'shared'`,
    );
  }
  const forwards = wish.addresses.some((address) => (address.includes(':') ? facts.forwards6 : facts.forwards4));
  return {
    mode,
    rules: wish.addresses.flatMap((address) =>
      address.includes(':')
        ? [`ip6 daddr ${address} drop`]
        : [`ip daddr ${address} drop`, `arp daddr ip ${address} drop`],
    ),
    required:
      forwards && mode === 'own'
        ? 'forwarding is on, so the kernel would forward our packets and send ICMP redirects (or use mode: "own-mac")'
        : undefined,
    ephemeralPorts: wish.ephemeralPorts,
    reserve: undefined,
  };
}

function planShared(wish: Wish, facts: KernelFacts): Plan {
  for (const address of wish.addresses) {
    if (facts.addresses.get(address) === wish.device) continue;
    throw new StackError(
      'ERR_USERTCP_ADDRESS_MISSING',
      `mode 'shared': ${address} is not on the kernel's ${wish.device}. Add it (ip address add ${address} dev ${wish.device}) or use mode: 'own'`,
    );
  }
  const [first, last] = wish.ephemeralPorts ?? SHARED_PORTS;
  for (const port of wish.ports) {
    if (port >= first && port <= last)
      throw new OptionError('ports', port, `outside of the ephemeral ports ${first}-${last}`);
  }
  const ports = [`${first}-${last}`, ...wish.ports].join(', ');
  return {
    mode: 'shared',
    rules: wish.addresses.map(
      (address) => `${address.includes(':') ? 'ip6' : 'ip'} daddr ${address} tcp dport { ${ports} } drop`,
    ),
    required: 'the kernel has the address, so it would answer our segments with RST',
    ephemeralPorts: [first, last],
    reserve: [facts.reservedPorts, `${first}-${last}`, ...wish.ports].filter((part) => part !== '').join(','),
  };
}

/** Decides how the stack and the kernel share a device, from facts alone: nothing is changed here. */
import { parseAddress } from '../../wire/address-text.ts';
import { StackError } from '../errors.ts';
import { OptionError } from '../option-error.ts';
import type { KernelFacts } from './kernel-facts.ts';
import { PortSet } from './port-set.ts';

export interface Wish {
  readonly device: string;
  /** 802.1Q; undefined = untagged frames. Rules do not tell VLANs apart: other stacks read it in ours. */
  readonly vlan?: number | undefined;
  readonly mode: 'own' | 'own-mac' | 'shared' | 'auto';
  readonly addresses: readonly string[];
  /** An IPv4 address is to come by DHCP. */
  readonly leased?: boolean;
  /** IPv6 addresses are to come of what routers advertise. */
  readonly automatic?: boolean;
  /** Ports we listen on in mode 'shared'. */
  readonly ports: PortSet;
  /** undefined = choose. */
  readonly ephemeralPorts: readonly [number, number] | undefined;
}

/** A match on packets that the kernel makes or forwards and must not. */
export interface WatchRule {
  readonly hook: 'output' | 'forward';
  readonly match: string;
  /** What a packet that matches proves: "answered for 10.0.0.2". No quotes. */
  readonly proves: string;
}

export interface Plan {
  readonly mode: 'own' | 'own-mac' | 'shared';
  /** Rules of the ingress chain, without table and chain. */
  readonly rules: readonly string[];
  /** What the kernel would do in our place; each is counted, and dropped. */
  readonly watch: readonly WatchRule[];
  /** Why the rules cannot be left out; undefined = they only save work. */
  readonly required: string | undefined;
  readonly ephemeralPorts: readonly [number, number] | undefined;
  /** Ports that are ours and not the kernel's any more; undefined = the address is ours, and so are all of its ports. */
  readonly claimed: PortSet | undefined;
}

/** The program that the kernel runs on each frame compares with them one after the other, and may have 4096 instructions. */
const MOST_RANGES = 1000;
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
  // Without rules for the address that is to come it would be asked for in vain.
  const forwards =
    (wish.leased === true && facts.forwards4) ||
    (wish.automatic === true && facts.forwards6) ||
    wish.addresses.some((address) => (address.includes(':') ? facts.forwards6 : facts.forwards4));
  return {
    mode,
    rules: wish.addresses.flatMap((address) =>
      address.includes(':')
        ? [`ip6 daddr ${address} drop`]
        : [`ip daddr ${address} drop`, `arp daddr ip ${address} drop`],
    ),
    watch: wish.addresses.flatMap((address) => watchOwn(address, wish.device)),
    required:
      forwards && mode === 'own'
        ? 'forwarding is on, so the kernel would forward our packets and send ICMP redirects (or use mode: "own-mac")'
        : undefined,
    ephemeralPorts: wish.ephemeralPorts,
    claimed: undefined,
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
  for (const [from, to] of wish.ports.ranges) {
    if (from <= last && to >= first)
      throw new OptionError('ports', Math.max(from, first), `outside of the ephemeral ports ${first}-${last}`);
  }
  const claimed = wish.ports.with(new PortSet([[first, last]]));
  refuseMany(wish.ports);
  for (const { address, port } of facts.sockets) {
    if (!claimed.has(port) || !(isAny(address) || wish.addresses.includes(address))) continue;
    const hint = port >= first && port <= last ? 'give tcp.ephemeralPorts other ports' : 'take it out of ports';
    throw new StackError(
      'ERR_USERTCP_PORT_TAKEN',
      `mode 'shared': a program on this host uses port ${port}, which would be taken from it. Stop it (ss -tlnp), or ${hint}`,
    );
  }
  const ports = claimed.toString().replaceAll(',', ', ');
  return {
    mode: 'shared',
    rules: wish.addresses.map(
      (address) => `${address.includes(':') ? 'ip6' : 'ip'} daddr ${address} tcp dport { ${ports} } drop`,
    ),
    watch: wish.addresses.flatMap((address) => watchShared(address, ports)),
    required: 'the kernel has the address, so it would answer our segments with RST',
    ephemeralPorts: [first, last],
    claimed,
  };
}

function refuseMany(ports: PortSet): void {
  if (ports.ranges.length <= MOST_RANGES) return;
  throw new OptionError('ports', ports.toString(), `at most ${MOST_RANGES} ranges in mode 'shared'`);
}

/** "0.0.0.0" and "::". */
function isAny(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Offset in bits of the destination address (and port) of the packet that an ICMP error quotes, behind ICMP's header. */
const QUOTED4 = { address: 8 * (8 + 16), port: 8 * (8 + 20 + 2) } as const;
const QUOTED6 = { address: 8 * (8 + 24), port: 8 * (8 + 40 + 2) } as const;
/** RFC 4861 §4.5: target, then destination. */
const REDIRECTED6 = 8 * (8 + 16);

function watchOwn(address: string, device: string): WatchRule[] {
  const [ip, error] = errorAbout(address);
  return [
    { hook: 'output', match: `oifname != "lo" ${ip} saddr ${address}`, proves: `answered for ${address}` },
    { hook: 'output', match: error, proves: `sent ICMP errors about ${address}` },
    ...redirectsOf(address),
    { hook: 'forward', match: `iifname "${device}" ${ip} daddr ${address}`, proves: `forwarded packets to ${address}` },
  ];
}

function watchShared(address: string, ports: string): WatchRule[] {
  const [ip, error, port] = errorAbout(address);
  return [
    {
      hook: 'output',
      match: `oifname != "lo" ${ip} saddr ${address} tcp sport { ${ports} }`,
      proves: `answered for our ports of ${address}`,
    },
    {
      hook: 'output',
      match: `${error} ${port} { ${ports} }`,
      proves: `sent ICMP errors about our ports of ${address}`,
    },
  ];
}

/** Family, an error about a packet to this address, and where the quoted destination port is. */
function errorAbout(address: string): [ip: string, error: string, port: string] {
  const types = '{ destination-unreachable, time-exceeded }';
  return address.includes(':')
    ? ['ip6', `icmpv6 type ${types} @th,${QUOTED6.address},128 ${hex(address)}`, `@th,${QUOTED6.port},16`]
    : ['ip', `icmp type ${types} @th,${QUOTED4.address},32 ${hex(address)}`, `@th,${QUOTED4.port},16`];
}

function redirectsOf(address: string): WatchRule[] {
  const match = address.includes(':')
    ? `icmpv6 type nd-redirect @th,${REDIRECTED6},128 ${hex(address)}`
    : `icmp type redirect @th,${QUOTED4.address},32 ${hex(address)}`;
  return [{ hook: 'output', match, proves: `sent redirects away from ${address}` }];
}

/** An address as nft takes a number. */
function hex(address: string): string {
  const words = Array.from(parseAddress(address), (word) => (word >>> 0).toString(16).padStart(8, '0'));
  return `0x${(address.includes(':') ? words : words.slice(3)).join('')}`;
}

/** Faults of datagrams, DHCP and DNS. */
import type { Fault } from './fault.ts';

const WIRE = ['test/unit/wire/udp.test.ts'];
const SHELL = ['test/unit/shell/udp.test.ts'];

export const udp: readonly Fault[] = [
  {
    name: 'udp-zero-checksum-sent',
    ids: ['RFC 1122 §4.1.3.4'],
    file: 'src/wire/udp.ts',
    from: 'pseudo(b, l3, PROTO_UDP, total))) || 0xffff);',
    to: 'pseudo(b, l3, PROTO_UDP, total))));',
    tests: WIRE,
  },
  {
    name: 'udp-damage-unseen',
    ids: ['RFC 1122 §4.1.3.4'],
    file: 'src/core/udp/udp.ts',
    from: 'if (length < 0 || !udpIntact(memory, l3, l4)) {',
    to: 'if (length < 0) {',
    tests: SHELL,
  },
  {
    name: 'udp-no-checksum-on-ipv6',
    ids: ['RFC 8200 §8.1'],
    file: 'src/wire/udp.ts',
    from: 'if (field === 0) return b[l3]! >>> 4 === 4;',
    to: 'if (field === 0) return true;',
    tests: [...WIRE, ...SHELL],
  },
  {
    name: 'udp-source-ignored',
    ids: ['RFC 1122 §4.1.3.5'],
    file: 'src/core/udp/egress.ts',
    from: 'const given = wanted ?? (isUnspecified(socket.laddr) ? null : socket.laddr);',
    to: 'const given = null as Int32Array | null;',
    tests: SHELL,
  },
  {
    name: 'udp-icmp-untold',
    ids: ['RFC 1122 §4.1.3.3'],
    file: 'src/core/ip/icmp.ts',
    from: 'else this.udp?.udpError(',
    to: 'else if (type === 0) this.udp?.udpError(',
    tests: SHELL,
  },
  {
    name: 'udp-closed-port-silent',
    ids: ['RFC 1122 §4.1.3.1'],
    file: 'src/core/udp/udp.ts',
    from: 'this.counters.noPorts++;\n      return false;',
    to: 'this.counters.noPorts++;\n      return true;',
    tests: SHELL,
  },
  {
    name: 'udp-ports-in-order',
    ids: ['RFC 6056 §3'],
    file: 'src/core/udp/sockets.ts',
    from: 'port = first + ((rng.u32() >>> 0) % size);',
    to: 'port = first + (this.generation++ % size);',
    tests: ['test/unit/core/udp/sockets.test.ts'],
  },
  {
    name: 'udp-waiting-lost',
    ids: ['RFC 1122 §2.3.2.2'],
    file: 'src/core/udp/outgoing.ts',
    from: 'if (line.length > MOST_WAITING)',
    to: 'if (line.length > 1)',
    tests: ['test/unit/core/udp/outgoing.test.ts'],
  },
  {
    name: 'dns-any-answer-believed',
    ids: ['RFC 5452 §9.1'],
    file: 'src/shell/dns/exchange.ts',
    from: "packet.id === id && packet.type === 'response' && same",
    to: "packet.type === 'response'",
    tests: ['test/unit/shell/dns/resolver.test.ts'],
  },
];

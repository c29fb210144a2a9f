/** Reassembly, duplicate addresses and neighbours: RFC 1122, 8200, 5227, 4862, 4861. */
import type { Fault } from './fault.ts';

const FRAGMENTS = ['test/unit/core/ip/fragments.test.ts'];
const DUPLICATES = ['test/unit/core/ip/duplicates.test.ts'];

export const ip: readonly Fault[] = [
  {
    name: 'reassembly-never-ends',
    ids: ['RFC 8200 §4.5'],
    file: 'src/core/ip/reassembly.ts',
    from: 'if (diff(at, this.tick) <= 0) return slot;',
    to: 'if (diff(at, this.tick) <= -1e9) return slot;',
    tests: FRAGMENTS,
  },
  {
    name: 'odd-fragments-taken',
    ids: ['RFC 8200 §4.5'],
    file: 'src/core/ip/reassembly.ts',
    from: 'if (more && length % UNIT !== 0) return ODD_LENGTH;',
    to: '',
    tests: FRAGMENTS,
  },
  {
    name: 'address-defended-for-ever',
    ids: ['RFC 5227 §2.4'],
    file: 'src/core/ip/duplicates.ts',
    from: 'w[at + DEFENDED] = this.tick || 1;',
    to: 'w[at + DEFENDED] = 0;',
    tests: DUPLICATES,
  },
  {
    name: 'no-probe-is-a-conflict',
    ids: ['RFC 4862 §5.4.3'],
    file: 'src/core/ip/duplicates.ts',
    from: 'this.words[at + PHASE]! <= PROBING;',
    to: 'this.words[at + PHASE]! < 0;',
    tests: DUPLICATES,
  },
  {
    name: 'neighbours-from-afar',
    ids: ['RFC 4861 §6'],
    file: 'src/core/ip/nd.ts',
    from: 'packet.ttl !== HOP_LIMIT || ',
    to: '',
    tests: ['test/unit/core/ip/nd.test.ts'],
  },
];

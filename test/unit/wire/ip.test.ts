import { expect, test } from 'vitest';
import { get16 } from '../../../src/wire/bytes.ts';
import { PROTO_TCP, writeIpv4 } from '../../../src/wire/ip.ts';

test('what is never cut has DF and needs no identification of its own [RFC 6864 §4]', () => {
  const b = new Uint8Array(40);
  writeIpv4(b, 0, 0, 40, 64, PROTO_TCP, 0x0a000001, 0x0a000002);
  expect([get16(b, 4), get16(b, 6)]).toEqual([0, 0x4000]);
});

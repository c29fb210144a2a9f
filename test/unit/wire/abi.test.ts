import { expect, test } from 'vitest';
import * as row from '../../../src/core/tcp/tcb.ts';
import * as abi from '../../../src/wire/abi.ts';

/** Names and numbers with this prefix. */
const named = (prefix: string): [string, number][] =>
  Object.entries<unknown>(abi).filter(
    (e): e is [string, number] => e[0].startsWith(prefix) && typeof e[1] === 'number',
  );

test('every word of a descriptor has one meaning', () => {
  for (const prefix of ['RX_', 'TX_']) {
    const words = named(prefix).filter(([name]) => !['RX_MULTICAST', 'RX_ROUTED', 'TX_REGION_SHIFT'].includes(name));
    expect(words.map(([, n]) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: abi.DESC_WORDS }, (_, n) => n));
  }
});

test('kinds and option bits are distinct; the flags are those of the header (RFC 9293 §3.1)', () => {
  const kinds = named('KIND_').map(([, n]) => n);
  expect(new Set(kinds).size).toBe(kinds.length);
  expect(named('OPT_').reduce((all, [, bit]) => all + bit, 0)).toBe(0x7f);
  expect([abi.FIN, abi.SYN, abi.RST, abi.PSH, abi.ACK, abi.URG, abi.ECE, abi.CWR]).toEqual([
    1, 2, 4, 8, 16, 32, 64, 128,
  ]);
});

test('the longest piece fits below the region number, and the highest region above it', () => {
  expect(65_536).toBeLessThan(1 << abi.TX_REGION_SHIFT);
  expect((1023 << abi.TX_REGION_SHIFT) >>> abi.TX_REGION_SHIFT).toBe(1023);
});

test('the row that C++ reads is the row of the core', () => {
  expect([row.PORTS, row.LADDR, row.RADDR]).toEqual([abi.ROW_PORTS, abi.ROW_LADDR, abi.ROW_RADDR]);
  expect(row.ROW_USED).toBeLessThanOrEqual(abi.ROW_WORDS);
});

import { expect, test } from 'vitest';
import { ack } from '../../../../src/core/tcp/arrives/ack.ts';
import { bench, IRS, ISS } from './bench.ts';
import { segment } from './bench-of-tables.ts';

test('what acknowledges something new proves that the neighbour hears us; what repeats itself does not [RFC 4861 §7.3.1]', () => {
  const b = bench();
  const confirmed: number[] = [];
  Object.assign(b.t.ip, { confirm: (hop: number) => confirmed.push(hop) });
  b.tcb.hop = 3;
  b.send(200);
  const acknowledges = (octets: number): void => {
    const seg = segment(IRS + 1, new Uint8Array(0));
    seg.ack = ISS + 1 + octets;
    ack(b.t, b.tcb, seg);
  };
  acknowledges(0);
  expect(confirmed).toEqual([]);
  acknowledges(100);
  acknowledges(100);
  expect(confirmed).toEqual([3]);
  acknowledges(200);
  expect(confirmed).toEqual([3, 3]);
});

import { expect, test } from 'vitest';
import { PORTS } from '../../../../src/core/tcp/tcb.ts';
import { bench } from './bench.ts';

test('a port is taken by a connection to the same remote, or by any listener', () => {
  const { t, tcb } = bench(); // 80 → 10.0.0.2:40000
  const probe = t.portUse.about(tcb);
  expect([probe.inUse(80), probe.inUse(81), probe.inUse(65_535)]).toEqual([true, false, false]);
  t.rows.words[PORTS] = 90 << 16;
  t.listeners.add(0, 90);
  expect(probe.inUse(90)).toBe(true);
});

test('the same port toward another remote port is free', () => {
  const { t, tcb } = bench();
  const words = tcb.i32[tcb.at + PORTS]!;
  tcb.i32[tcb.at + PORTS] = (words & ~0xffff) | 40_001;
  const probe = t.portUse.about(tcb);
  tcb.i32[tcb.at + PORTS] = words;
  expect(probe.inUse(80)).toBe(false);
});

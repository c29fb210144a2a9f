import { expect, test } from 'vitest';
import { BurstGate } from '../../../src/link/burst-gate.ts';

test('all who wait go on when the outermost burst is over, and not before', async () => {
  const gate = new BurstGate();
  const went: string[] = [];
  gate.enter();
  gate.enter();
  const waiting = ['one', 'another'].map((name) => gate.over().then(() => went.push(name)));
  gate.leave();
  await Promise.resolve();
  expect([gate.within, went]).toEqual([true, []]);
  gate.leave();
  await Promise.all(waiting);
  expect([gate.within, went]).toEqual([false, ['one', 'another']]);
});

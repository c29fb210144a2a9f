// Bursts and acknowledgment marks by themselves: what is copied, what is added, and which octet counts.
import { expect, test } from 'vitest';
import type { Core } from '../../../src/core/api.ts';
import { Acks } from '../../../src/shell/acks.ts';
import { Lent } from '../../../src/shell/burst.ts';

/** A lender whose moment the test sets; `passing` is memory of the core's own. */
function lender() {
  const passing = Buffer.from('passing');
  const over: (() => void)[] = [];
  return {
    passing,
    over,
    moment: 1,
    keep: (bytes: Uint8Array) => Buffer.from(bytes),
    isPassing: (bytes: Uint8Array) => bytes === passing,
    whenOver: (end: () => void) => void over.push(end),
  };
}

test('what is the core’s own memory is copied at once, ring memory is lent', () => {
  const from = lender();
  const ring = Buffer.from('ring');
  const burst = new Lent(from, [from.passing, ring], true);
  from.passing.fill(0);
  expect(burst.views.map(String)).toEqual(['passing', 'ring']);
  expect(burst.views[1]).toBe(ring);
  expect(burst.length).toBe(11);
});

test('more of the same moment is added; of another one, of a copy, or after the loan it is not', () => {
  const from = lender();
  const burst = new Lent(from, [Buffer.from('a')], true);
  expect([burst.add(Buffer.from('b')), String(burst.bytes), burst.lent]).toEqual([true, 'ab', false]);
  expect(burst.add(Buffer.from('c'))).toBe(false); // it has been put together
  const late = new Lent(from, [Buffer.from('a')], true);
  from.moment = 2;
  expect(late.add(Buffer.from('b'))).toBe(false);
  const over = new Lent(from, [Buffer.from('a')], true);
  for (const end of from.over) end();
  expect([over.add(Buffer.from('b')), over.length]).toEqual([false, 1]);
  expect(() => over.views).toThrow('lent until');
  expect(String(burst.retain())).toBe('ab');
});

test('copies are no loan, and nothing is an empty buffer', () => {
  const from = lender();
  const kept = Buffer.from('kept');
  expect(new Lent(from, [kept], false).retain()).toBe(kept);
  expect(new Lent(from, [], false).bytes).toHaveLength(0);
  expect(from.over).toEqual([]);
});

test('a mark is reached with its last octet, beyond 2^32 as well', async () => {
  const asked: boolean[] = [];
  const before = 3 * 2 ** 32 - 5;
  const core = {
    sendQueued: () => 10,
    acknowledged: () => before,
    callTellAcked: (_row: number, on: boolean) => void asked.push(on),
  } as unknown as Core;
  const acks = new Acks(core);
  const conn = { row: 70, pendingBytes: 2 };
  let reached = false;
  const done = acks.of(conn).then(() => {
    reached = true;
  });
  const told = async (all: number): Promise<boolean> => {
    acks.acked(conn, Int32Array.of(0, 0, 0, Math.floor(all / 2 ** 32), all | 0), 0);
    await Promise.resolve();
    return reached;
  };
  expect(await told(before + 4)).toBe(false);
  expect(await told(before + 11)).toBe(false);
  expect(asked).toEqual([true]);
  expect(await told(before + 12)).toBe(true);
  await done;
  expect(asked).toEqual([true, false]);
});

import { expect, test } from 'vitest';
import { MOST_WAITING, MOST_WAITING_IN_ALL, Outgoing } from '../../../../src/core/udp/outgoing.ts';

/** Queues datagrams by the number of their chunk. */
function queued(chunks: readonly (readonly [chunk: number, hop: number])[]): Outgoing {
  const queue = new Outgoing();
  for (const [chunk, hop] of chunks) queue.push(chunk, 0, 100, hop, 0, 1, 1);
  return queue;
}

function takeAll(queue: Outgoing): number[] {
  const seen: number[] = [];
  for (let n = queue.first(); n >= 0; n = queue.first()) {
    queue.shift();
    seen.push(queue.chunk(n));
    queue.drop(n);
  }
  return seen;
}

test('first in, first out, over more records than there were; records are used again', () => {
  const queue = new Outgoing();
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 500; n++) queue.push(n, 0, 0, -1, 0, 0, 0);
    expect(queue.count).toBe(500);
    expect(takeAll(queue)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    expect(queue.count).toBe(0);
  }
});

test('what waits comes back in its order, behind what is queued', () => {
  const queue = queued([
    [1, 7],
    [2, 7],
    [3, 8],
  ]);
  for (let i = 0; i < 2; i++) {
    const n = queue.first();
    queue.shift();
    expect(queue.wait(n)).toBe(-1);
  }
  queue.resume(7);
  expect(takeAll(queue)).toEqual([3, 1, 2]);
});

test('[RFC 1122 §2.3.2.2] of too many for one neighbour the newest are kept; other neighbours are not touched', () => {
  const queue = queued([[999, 8], ...Array.from({ length: MOST_WAITING + 3 }, (_, n) => [n, 7] as const)]);
  const lost: number[] = [];
  for (let n = queue.first(); n >= 0; n = queue.first()) {
    queue.shift();
    const oldest = queue.wait(n);
    if (oldest < 0) continue;
    lost.push(queue.chunk(oldest));
    queue.drop(oldest);
  }
  expect(lost).toEqual([0, 1, 2]);
  expect(queue.count).toBe(MOST_WAITING + 1);
  queue.resume(8);
  queue.resume(7);
  expect(takeAll(queue)).toEqual([999, ...Array.from({ length: MOST_WAITING }, (_, n) => n + 3)]);
});

test('a hop that fails takes its own', () => {
  const queue = queued([
    [1, 7],
    [2, 8],
    [3, 7],
  ]);
  for (let n = queue.first(); n >= 0; n = queue.first()) {
    queue.shift();
    queue.wait(n);
  }
  const failed: number[] = [];
  for (let n = queue.takeWaiting(7); n >= 0; n = queue.takeWaiting(7)) {
    failed.push(queue.chunk(n));
    queue.drop(n);
  }
  expect(failed).toEqual([1, 3]);
  queue.resume(8);
  expect(takeAll(queue)).toEqual([2]);
});

test('of too many in all those go whose neighbour was asked for first', () => {
  const queue = queued(Array.from({ length: MOST_WAITING_IN_ALL + 2 }, (_, n) => [n, n >> 1] as const));
  const lost: number[] = [];
  for (let n = queue.first(); n >= 0; n = queue.first()) {
    queue.shift();
    const oldest = queue.wait(n);
    if (oldest < 0) continue;
    lost.push(queue.chunk(oldest));
    queue.drop(oldest);
  }
  expect([lost, queue.count]).toEqual([[0, 1], MOST_WAITING_IN_ALL]);
  expect([queue.takeWaiting(0), queue.chunk(queue.takeWaiting(1))]).toEqual([-1, 2]);
});

test('who waits for another neighbour is not stirred', () => {
  const queue = queued([
    [1, 7],
    [2, 8],
  ]);
  for (let n = queue.first(); n >= 0; n = queue.first()) {
    queue.shift();
    queue.wait(n);
  }
  queue.resume(8);
  expect(takeAll(queue)).toEqual([2]);
  expect(queue.count).toBe(1);
});

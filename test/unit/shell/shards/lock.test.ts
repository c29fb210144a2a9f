// A thread that ends while it holds the table's lock: the next one finds the table as it was.
import { once } from 'node:events';
import { threadId, Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { lendAddon } from '../../../../src/shell/shards/addon.ts';
import { createShardGroup, type ShardGroup } from '../../../../src/shell/shards/group.ts';
import { ABSENT, COPY, EPOCH, GUARDED, LOCK, MEMBERS, SAVED, SOCKETS } from '../../../../src/shell/shards/layout.ts';
import { Lock } from '../../../../src/shell/shards/lock.ts';
import { Seats } from '../../../../src/shell/shards/seats.ts';
import { ShardTable } from '../../../../src/shell/shards/table.ts';

/** A thread that takes the lock as `locked` does, spoils the table, and is terminated. Its number. */
async function endWithLock(group: ShardGroup, socket = 0): Promise<number> {
  const table = new ShardTable(group.memory);
  const worker = new Worker(
    `const { workerData: { memory, spoil }, threadId, parentPort } = require('node:worker_threads');
     const words = new Int32Array(memory);
     Atomics.store(words, ${LOCK}, threadId + 1);
     for (const [at, value] of spoil) words[at] = value;
     parentPort.postMessage(threadId);
     for (;;);`,
    {
      eval: true,
      workerData: { memory: group.memory, spoil: [...save(table), [EPOCH, 99], [SOCKETS + 2 * 5, socket]] },
    },
  );
  const [thread] = (await once(worker, 'message')) as [number];
  await worker.terminate();
  return thread;
}

/** What `locked` writes before the work. */
function save({ words }: ShardTable): [number, number][] {
  const before = words.slice();
  let seen: [number, number][] = [];
  new ShardTable(words.buffer as SharedArrayBuffer).locked(() => {
    seen = [...words.entries()].filter(([n, word]) => n !== LOCK && word !== before[n]);
  });
  return seen;
}

test('who waits learns that a thread is gone, and goes on from what was before it', async () => {
  const group = createShardGroup();
  const table = new ShardTable(group.memory);
  table.locked(() => table.enter(0, [5, 6]));
  const guarded = table.words.slice(GUARDED, EPOCH + 1);
  const { epoch } = table;
  const thread = await endWithLock(group);
  expect([table.words[LOCK], table.epoch]).toEqual([thread + 1, 99]);
  const began = performance.now();
  new Seats(group).leave(thread);
  table.locked(() => {
    expect(table.words[LOCK]).toBe(threadId + 1);
    // Another plan: who prepared one that is undone prepares this one.
    expect([table.epoch, table.stateOf(0)]).toEqual([epoch + 1, 1]);
    expect(table.misplaced).toBe(true);
  });
  expect(performance.now() - began).toBeLessThan(1000);
  expect(guarded.length).toBeGreaterThan(0);
  expect(table.words[LOCK]).toBe(0);
});

test('one that ended between its sockets and its entry has a place in the groups until it is gone, and no part of the flows', async () => {
  const group = createShardGroup();
  const table = new ShardTable(group.memory);
  table.locked(() => table.enter(0, [5, 6]));
  new Seats(group).leave(await endWithLock(group, 77));
  table.locked(() => {});
  table.words[SOCKETS + 2 * 5] = 0; // which nobody has opened here
  expect(table.stateOf(5)).not.toBe(ABSENT);
  const { epoch } = table;
  expect(table.prepared(0, epoch)).toBe(true); // it is not waited for
  table.follows(0, epoch);
  expect(table.isFollowed(epoch)).toBe(true);
  expect([...table.positions(true)].every((position) => position === 0)).toBe(true);
  table.locked(() => table.enter(1, [5, 6]));
  table.locked(() => table.gone(5));
  expect(table.prepared(0, table.epoch) || table.prepared(1, table.epoch)).toBe(true);
  expect(new Set(table.positions(true))).toEqual(new Set([0, 1])); // the last one came into its place
});

const GONE = -1;

test('who is ended while he mends leaves the same words to mend', () => {
  const { words } = new ShardTable(createShardGroup().memory);
  const seen: number[] = [];
  let cut: Int32Array | undefined;
  const lock = new Lock(words, () => {
    seen.push(words[GUARDED]!++);
    cut ??= words.slice();
  });
  words[GUARDED] = 99;
  words[COPY] = 1;
  words[SAVED] = 1;
  words[LOCK] = GONE;
  lock.hold(() => {});
  expect([seen, words[LOCK], words[SAVED]]).toEqual([[1], 0, 0]);
  words.set(cut!);
  words[LOCK] = GONE;
  lock.hold(() => {});
  expect([seen, words[GUARDED]]).toEqual([[1, 1], 2]);
});

test('who was taken for dead does not give back what another one holds', () => {
  const table = new ShardTable(createShardGroup().memory);
  table.locked(() => {
    table.words[LOCK] = 77;
  });
  expect([table.words[LOCK], table.words[SAVED]]).toEqual([77, 1]);
});

test('one that ended while it took another one out leaves a place that is given up; one that was alone leaves none', () => {
  lendAddon(() => ({ closeSockets: (sockets) => void sockets.fill(-1), watchLock: () => {} }));
  const table = new ShardTable(createShardGroup().memory);
  const { words } = table;
  table.locked(() => table.enter(0, [5, 6]));
  words.fill(77, SOCKETS, SOCKETS + 2);
  const cut = table.locked(() => {
    table.gone(0);
    return words.slice();
  });
  words.set(cut);
  words[LOCK] = GONE;
  table.locked(() => {});
  expect([table.stateOf(0), words[MEMBERS], ...table.groups]).toEqual([ABSENT, 0, -1, -1]);
  // The kernel has the sockets of one whose entry nobody has read, with the numbers of their groups.
  words.fill(78, SOCKETS + 2, SOCKETS + 4);
  words[LOCK] = GONE;
  table.locked(() => {});
  expect([table.stateOf(1), words[MEMBERS], words[SOCKETS + 2]]).toEqual([ABSENT, 0, -1]);
});

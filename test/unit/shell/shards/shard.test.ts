// What one shard lets in while plans change: the kernel's part and the other threads are played here.
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Core } from '../../../../src/core/api.ts';
import { Share } from '../../../../src/core/share.ts';
import { createShardGroup, type ShardGroup } from '../../../../src/shell/shards/group.ts';
import { Shard, type SharedLink, type Steering } from '../../../../src/shell/shards/shard.ts';
import { ShardTable } from '../../../../src/shell/shards/table.ts';
import { BERTHS, BUCKET_WORDS, bucketInBerth, hasBucket } from '../../../../src/wire/bucket.ts';

const EPHEMERAL = [49152, 65535] as const;

/** What the kernel was told last. */
interface Kernel {
  steering?: Steering;
  positions?: Uint8Array;
}

function bucketOf({ key0, key1, ports }: Steering, flow: Int32Array): number {
  const share = new Share();
  share.begin(key0, key1, ...EPHEMERAL);
  share.berths.set(ports);
  return share.bucketOf(flow, 0);
}

async function join(index: number, group: ShardGroup, kernel: Kernel) {
  const share = new Share();
  const flows: Int32Array[] = [];
  let steering: Steering | undefined;
  let kept = new Int32Array(BUCKET_WORDS);
  const link: SharedLink = {
    join: () => [5, 6],
    close: () => {},
    steer: (told, positions) => void Object.assign(kernel, { steering: told, positions }),
    refine: (part) => {
      if (part.steering !== undefined) steering = part.steering;
      if (part.kept !== undefined) kept = part.kept.slice();
    },
  };
  const leftBehind = (buckets: Int32Array, ports: Int32Array): void => {
    for (const flow of flows) share.note(flow, 0, buckets, ports);
  };
  const core = { share, leftBehind, halfOpens: 0 } as unknown as Core;
  const shard = new Shard(index, group);
  await shard.turn();
  shard.open(() => link);
  shard.begin({ core, ephemeralPorts: EPHEMERAL, hosted: true, speak: () => {}, fence: async () => {} });
  shard.ready();
  await shard.settled();
  /** Flows whose frames come neither by the kernel's choice nor through the socket aside. */
  const lost = (): number => {
    const { steering: told, positions } = kernel;
    return flows.filter(
      (flow) => positions![bucketOf(told!, flow)] !== index && !hasBucket(kept, bucketOf(steering!, flow)),
    ).length;
  };
  return { shard, share, flows, lost };
}

const telling = (): Promise<void> => wait(30);

test('connections whose buckets come back are kept until the kernel brings them, however long another thread is busy', async () => {
  const group = createShardGroup();
  const table = new ShardTable(group.memory);
  const kernel: Kernel = {};
  const here = await join(0, group, kernel);
  const there = await join(1, group, kernel);
  await telling();
  here.shard.listens(80, true);
  await telling();
  for (let n = 0; n < 40; n++) {
    here.flows.push(Int32Array.of((80 << 16) | (40_000 + n), 0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a000002));
  }
  there.shard.listens(80, true);
  await telling();
  expect(here.lost()).toBe(0);
  table.locked(() => table.enter(2, [5, 6])); // a thread that does not come to look
  await telling();
  there.shard.listens(80, false);
  await telling();
  expect(here.lost()).toBe(0);
  table.locked(() => table.gone(2));
  there.shard.listens(81, true);
  await telling();
  expect(here.lost()).toBe(0);
  for (const { shard } of [here, there]) {
    shard.leave();
    shard.close();
  }
});

test('a port that had no berth is of all who listen there when it gets one', async () => {
  const group = createShardGroup();
  const kernel: Kernel = {};
  const here = await join(0, group, kernel);
  const there = await join(1, group, kernel);
  for (let n = 0; n < BERTHS; n++) here.shard.listens(8000 + n, true);
  here.shard.listens(9000, true);
  await telling();
  here.shard.listens(8003, false);
  there.shard.listens(9000, true);
  await telling();
  const first = bucketInBerth(here.share.berths.indexOf(9000), 0) >>> 5;
  const parts = (): number[][] => [here, there].map(({ share }) => [share.owned[first]!, share.owned[first + 1]!]);
  expect(parts()).toEqual([
    [-1, 0],
    [0, -1],
  ]);
  there.shard.listens(9000, false);
  await telling();
  expect(parts()).toEqual([
    [-1, -1],
    [0, 0],
  ]);
  for (const { shard } of [here, there]) {
    shard.leave();
    shard.close();
  }
});

test('a link whose sockets cannot join is closed, and its shard has no part', async () => {
  const group = createShardGroup();
  const table = new ShardTable(group.memory);
  const shard = new Shard(0, group);
  await shard.turn();
  let closed = 0;
  const join = (): number[] => {
    throw new Error('too many open files');
  };
  const link: SharedLink = { join, steer: () => {}, refine: () => {}, close: () => void closed++ };
  expect(() => shard.open(() => link)).toThrow('too many');
  shard.close();
  expect([closed, table.stateOf(0), table.speaker]).toEqual([1, 0, -1]);
});

import { describe, expect, test } from 'vitest';
import { PORT_WORDS } from '../../../../src/core/share.ts';
import { deal } from '../../../../src/shell/shards/deal.ts';
import { ABSENT } from '../../../../src/shell/shards/layout.ts';
import { ShardTable } from '../../../../src/shell/shards/table.ts';
import {
  BUCKETS as ALL,
  addBucket,
  BUCKET_WORDS,
  COMMON_BUCKETS as BUCKETS,
  bucketInBerth,
  hasBucket,
} from '../../../../src/wire/bucket.ts';

const make = (): ShardTable => new ShardTable(ShardTable.make(new Int32Array(8)));
const counts = (owners: Int32Array): number[] => {
  const by = new Map<number, number>();
  for (const owner of owners) by.set(owner, (by.get(owner) ?? 0) + 1);
  return [...by.values()].sort((a, b) => a - b);
};

/** Adds what the others may have left, and the local ports of it. */
function keptByOthers(table: ShardTable, shard: number, buckets: Int32Array, ports: Int32Array): void {
  for (let n = 0; n < ALL; n++) if (table.left.isKept(shard, n)) addBucket(buckets, n);
  table.left.addPorts(shard, ports);
}

describe('deal', () => {
  test('shares are even, and no bucket moves without need', () => {
    const owners = new Int32Array(BUCKETS).fill(-1);
    const shards: number[] = [];
    for (let n = 0; n < 64; n++) {
      shards.push(n);
      const before = Int32Array.from(owners);
      deal(owners, shards);
      const even = counts(owners);
      expect(even).toHaveLength(n + 1);
      expect(even.at(-1)! - even[0]!).toBeLessThanOrEqual(1);
      const moved = owners.filter((owner, bucket) => owner !== before[bucket]);
      expect(moved.every((owner) => owner === n)).toBe(true);
    }
  });

  test('what one leaves goes to the others, and nothing else moves', () => {
    const owners = new Int32Array(BUCKETS).fill(-1);
    deal(owners, [0, 1, 2]);
    const before = Int32Array.from(owners);
    deal(owners, [0, 2]);
    expect(counts(owners)).toEqual([128, 128]);
    for (let n = 0; n < BUCKETS; n++) if (before[n] !== 1) expect(owners[n]).toBe(before[n]);
  });
});

/** Both steps of a plan, as live shards do them. */
function settle(table: ShardTable, ...shards: number[]): Uint8Array {
  const { epoch } = table;
  let all = false;
  for (const shard of shards) all = table.prepared(shard, epoch);
  expect(all).toBe(true);
  const positions = table.positions(true);
  for (const shard of shards) table.follows(shard, epoch);
  return positions;
}

describe('the table of a group', () => {
  test('the kernel is told when every shard is ready, and not before', () => {
    const table = make();
    expect(table.groups).toEqual([-1, -1]);
    table.enter(0, [10, 11]);
    settle(table, 0);
    expect(table.groups).toEqual([10, 11]);
    table.enter(1, [10, 11]);
    expect(table.prepared(1, table.epoch)).toBe(false);
    expect(table.steered).toBeLessThan(table.epoch);
    expect(table.prepared(0, table.epoch)).toBe(true);
    const positions = table.positions(true);
    expect(positions.filter((position) => position === 1)).toHaveLength(128);
    expect(table.isFollowed(table.epoch)).toBe(false);
  });

  test('who gives buckets away is taken to have connections in them until he says otherwise', () => {
    const table = make();
    table.enter(0, [1, 2]);
    settle(table, 0);
    table.enter(1, [1, 2]);
    const kept = new Int32Array(BUCKET_WORDS);
    const ports = new Int32Array(PORT_WORDS);
    keptByOthers(table, 1, kept, ports);
    const given = new Int32Array(BUCKET_WORDS);
    table.planned(1, given);
    expect(kept).toEqual(given);
    ports[3] = 4;
    const bucket = new Int32Array(BUCKET_WORDS);
    bucket[0] = 1;
    table.left.set(0, bucket, ports, table.epoch);
    kept.fill(0);
    const avoided = new Int32Array(PORT_WORDS);
    keptByOthers(table, 1, kept, avoided);
    expect([hasBucket(kept, 0), hasBucket(kept, 1), avoided[3]]).toEqual([true, false, 4]);
    // By a plan that is not the last one any more nothing is dropped: the next may take more away.
    table.left.set(0, new Int32Array(BUCKET_WORDS), new Int32Array(PORT_WORDS), table.epoch - 1);
    expect([table.left.isKept(1, 0), table.left.isKept(0, 0)]).toEqual([true, false]);
  });

  test('the kernel’s ports are those of the plan it follows, and an index that is taken again has nothing of the one before', () => {
    const table = make();
    for (const shard of [0, 1]) table.enter(shard, [1, 2]);
    table.opens(1, 80);
    settle(table, 0, 1);
    const berths = table.ports();
    const seen = table.seenBy(1, berths);
    const bucket = bucketInBerth(0, 0);
    expect([table.steeredPorts()[0], seen.isOurs(bucket), seen.isServed(80)]).toEqual([80, true, false]);
    expect([table.seenBy(0, berths).isOurs(bucket), table.seenBy(0, berths).isServed(80)]).toEqual([false, true]);
    berths[0] = 81; // whose berth it will be
    expect(seen.isOurs(bucket)).toBe(false);
    berths[0] = 80;
    table.gone(1);
    table.enter(1, [1, 2]);
    expect([seen.isOurs(bucket), table.seenBy(0, berths).isServed(80)]).toEqual([false, false]);
  });

  test('the last socket of the group takes the place of one that goes', () => {
    const table = make();
    for (const shard of [0, 1, 2]) table.enter(shard, [1, 2]);
    const before = settle(table, 0, 1, 2);
    table.gone(0);
    expect(table.misplaced).toBe(true);
    const after = table.positions(false);
    expect(table.misplaced).toBe(false);
    for (let n = 0; n < BUCKETS; n++) expect(after[n]).toBe(before[n] === 2 ? 0 : before[n] === 1 ? 1 : 0);
    expect(table.stateOf(0)).toBe(ABSENT);
    table.returned(); // shard 1 is older than shard 2
    expect(table.misplaced).toBe(true);
    const again = table.positions(false);
    for (let n = 0; n < BUCKETS; n++) if (before[n] === 2) expect(again[n]).toBe(1);
  });

  test('a plan that waits for one that is gone is made anew, and goes on', () => {
    const table = make();
    for (const shard of [0, 1, 2]) table.enter(shard, [1, 2]);
    settle(table, 0, 1, 2);
    const ports = new Int32Array(PORT_WORDS).fill(9);
    table.left.set(1, new Int32Array(BUCKET_WORDS).fill(-1), ports, table.epoch);
    expect(table.retire(1)).toBe(true);
    const { epoch } = table;
    expect([table.prepared(0, epoch), table.prepared(2, epoch)]).toEqual([false, false]); // 1 has yet to say it
    table.gone(1);
    expect(table.epoch).toBeGreaterThan(epoch); // else nobody would look again
    settle(table, 0, 2);
    expect([table.steered, table.isFollowed(table.epoch)]).toEqual([table.epoch, true]);
    const kept = new Int32Array(BUCKET_WORDS);
    const avoided = new Int32Array(PORT_WORDS);
    keptByOthers(table, 0, kept, avoided);
    expect([...kept, ...avoided].every((word) => word === 0)).toBe(true); // what it had is nobody's
    table.gone(1); // a second time it is nothing
    expect(table.isFollowed(table.epoch)).toBe(true);
    // Another one takes its index and gives buckets away: its ports are not those of the one before.
    table.enter(1, [1, 2]);
    settle(table, 0, 1, 2);
    table.enter(3, [1, 2]);
    keptByOthers(table, 0, kept, avoided);
    expect([kept.some((word) => word !== 0), avoided.every((word) => word === 0)]).toEqual([true, true]);
  });

  test('one that ends in disorder has its buckets dealt out, and nothing of them is kept', () => {
    const table = make();
    for (const shard of [0, 1]) table.enter(shard, [1, 2]);
    settle(table, 0, 1);
    table.left.set(0, new Int32Array(BUCKET_WORDS), new Int32Array(PORT_WORDS), table.epoch);
    table.gone(1);
    const all = new Int32Array(BUCKET_WORDS);
    table.planned(0, all);
    expect(all.subarray(0, BUCKETS / 32).every((word) => word === -1)).toBe(true);
    settle(table, 0);
    const kept = new Int32Array(BUCKET_WORDS);
    table.enter(2, [1, 2]);
    keptByOthers(table, 0, kept, new Int32Array(PORT_WORDS));
    expect(kept.every((word) => word === 0)).toBe(true);
  });

  test('one speaks; when it goes, another one does', () => {
    const table = make();
    expect(table.claim(1)).toBe(true);
    expect(table.claim(0)).toBe(false);
    table.enter(1, [1, 2]);
    table.enter(0, [1, 2]);
    table.ready = 1;
    table.gone(1);
    expect([table.speaker, table.ready]).toEqual([0, -1]);
    table.gone(0);
    expect(table.speaker).toBe(-1);
    expect(table.groups).toEqual([-1, -1]);
  });

  test('the last one does not retire', () => {
    const table = make();
    table.enter(0, [1, 2]);
    table.enter(1, [1, 2]);
    expect(table.retire(1)).toBe(true);
    expect(table.retire(0)).toBe(false);
    const all = new Int32Array(BUCKET_WORDS);
    table.planned(0, all);
    expect(all.subarray(0, BUCKETS / 32).every((word) => word === -1)).toBe(true);
  });
});

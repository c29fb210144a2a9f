// Ports that not every shard listens on, and who has which index. The plan is the table's; no thread is needed to see it.
import { describe, expect, test } from 'vitest';
import { PORT_WORDS } from '../../../../src/core/share.ts';
import { createShardGroup } from '../../../../src/shell/shards/group.ts';
import { MOST_SHARDS } from '../../../../src/shell/shards/layout.ts';
import { Seats } from '../../../../src/shell/shards/seats.ts';
import { ShardTable } from '../../../../src/shell/shards/table.ts';
import {
  BUCKETS as ALL,
  addBucket,
  BERTH_BUCKETS,
  BERTHS,
  BUCKET_WORDS,
  bucketInBerth,
  hasBucket,
} from '../../../../src/wire/bucket.ts';

function make(...shards: number[]): ShardTable {
  const table = new ShardTable(ShardTable.make(new Int32Array(8)));
  for (const shard of shards) table.enter(shard, [1, 2]);
  return table;
}

/** Adds what the others may have left, and the local ports of it. */
function keptByOthers(table: ShardTable, shard: number, buckets: Int32Array, ports: Int32Array): void {
  for (let n = 0; n < ALL; n++) if (table.left.isKept(shard, n)) addBucket(buckets, n);
  table.left.addPorts(shard, ports);
}

/** How many buckets of a port's berth each of these has by the plan. */
function shares(table: ShardTable, port: number, ...shards: number[]): number[] {
  const berth = table.ports().indexOf(port);
  return shards.map((shard) => {
    const set = new Int32Array(BUCKET_WORDS);
    table.planned(shard, set);
    let count = 0;
    for (let n = 0; n < BERTH_BUCKETS; n++) if (hasBucket(set, bucketInBerth(berth, 0) + n)) count++;
    return count;
  });
}

describe('a port that somebody listens on', () => {
  test('is dealt among those who do, and nobody else', () => {
    const table = make(0, 1, 2);
    expect(table.opens(1, 80)).toBe(true);
    expect(shares(table, 80, 0, 1, 2)).toEqual([0, 64, 0]);
    table.opens(2, 80);
    expect(shares(table, 80, 0, 1, 2)).toEqual([0, 32, 32]);
    table.opens(0, 81);
    expect([shares(table, 80, 0, 1, 2), shares(table, 81, 0, 1, 2)]).toEqual([
      [0, 32, 32],
      [64, 0, 0],
    ]);
    expect(table.closes(1, 80)).toBe(true);
    expect(shares(table, 80, 0, 1, 2)).toEqual([0, 0, 64]);
    expect(table.closes(1, 80)).toBe(false);
  });

  test('stays with who closed last, for what is left of it, until that one goes', () => {
    const table = make(0, 1, 2);
    table.opens(1, 80);
    table.closes(1, 80);
    expect(shares(table, 80, 0, 1, 2)).toEqual([0, 64, 0]);
    table.gone(1);
    expect(shares(table, 80, 0, 1, 2)).toEqual([32, 0, 32]);
  });

  test('goes to the other listeners when one retires or ends in disorder', () => {
    const table = make(0, 1, 2, 3);
    for (const shard of [1, 2, 3]) table.opens(shard, 80);
    table.retire(1);
    expect(shares(table, 80, 0, 1, 2, 3)).toEqual([0, 0, 32, 32]);
    table.gone(2);
    expect(shares(table, 80, 0, 1, 2, 3)).toEqual([0, 0, 0, 64]);
    table.enter(2, [1, 2]); // another one of that index has no listeners yet
    expect(shares(table, 80, 0, 1, 2, 3)).toEqual([0, 0, 0, 64]);
  });

  test('is new to its buckets: whoever is there may have connections in them until he says otherwise', () => {
    const table = make(0, 1);
    table.opens(1, 80);
    const kept = new Int32Array(BUCKET_WORDS);
    keptByOthers(table, 1, kept, new Int32Array(PORT_WORDS));
    expect(hasBucket(kept, bucketInBerth(0, 0)) && hasBucket(kept, bucketInBerth(0, 255))).toBe(true);
    expect(hasBucket(kept, bucketInBerth(1, 0))).toBe(false);
    table.left.set(0, new Int32Array(BUCKET_WORDS), new Int32Array(PORT_WORDS), table.epoch);
    kept.fill(0);
    keptByOthers(table, 1, kept, new Int32Array(PORT_WORDS));
    expect(kept.every((word) => word === 0)).toBe(true);
    table.left.more(0, new Int32Array(BUCKET_WORDS).fill(4));
    keptByOthers(table, 1, kept, new Int32Array(PORT_WORDS));
    expect(kept.every((word) => word === 4)).toBe(true);
  });

  test('has no berth when all are in use, and gets one that nobody listens at any more', () => {
    const table = make(0, 1);
    for (let n = 0; n < BERTHS; n++) table.opens(n & 1, 8000 + n);
    expect(table.opens(0, 9000)).toBe(false);
    table.closes(1, 8003);
    expect(table.opens(0, 9000)).toBe(true);
    expect(table.ports()[3]).toBe(9000);
    expect(shares(table, 9000, 0, 1)).toEqual([64, 0]);
  });

  test('is of those who are there: one that is not, or leaves, opens none', () => {
    const table = make(0, 1);
    expect(table.opens(5, 80)).toBe(false);
    table.retire(1);
    expect(table.opens(1, 80)).toBe(false);
    expect(table.ports().every((port) => port === 0)).toBe(true);
  });
});

describe('seats', () => {
  test('a thread has one until it ends, or who started it does', () => {
    const seats = new Seats(createShardGroup());
    expect([seats.take([0]), seats.take([1]), seats.take([1, 7]), seats.take([2])]).toEqual([0, 1, 2, 3]);
    seats.leave(7);
    expect(seats.take([2, 8, 9])).toBe(2);
    seats.leave(1);
    expect(seats.take([5])).toBe(1);
    seats.leave(2);
    expect([seats.take([6]), seats.take([10]), seats.take([11])]).toEqual([2, 3, 4]);
  });

  test('there are so many', () => {
    const seats = new Seats(createShardGroup());
    for (let n = 0; n < MOST_SHARDS; n++) expect(seats.take([n])).toBe(n);
    expect(() => seats.take([99])).toThrow(/all 64 shards are taken/);
  });

  test('the part of one that ends is given away', () => {
    const group = createShardGroup();
    const seats = new Seats(group);
    const table = new ShardTable(group.memory);
    for (const thread of [0, 3]) table.enter(seats.take([thread]), [1, 2]);
    table.opens(1, 80);
    seats.leave(3);
    expect([table.stateOf(0), table.stateOf(1)]).toEqual([1, 0]);
    expect(shares(table, 80, 0, 1)).toEqual([64, 0]);
  });
});

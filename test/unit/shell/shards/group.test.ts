// What may be asked of a group from outside, by whoever started its threads.
import { expect, test } from 'vitest';
import { OptionError } from '../../../../src/shell/option-error.ts';
import { checkShard, type ShardOptions } from '../../../../src/shell/options/shard.ts';
import { createShardGroup, forgetShard, type ShardGroup } from '../../../../src/shell/shards/group.ts';
import { JOINED, LOCK } from '../../../../src/shell/shards/layout.ts';
import { ShardTable } from '../../../../src/shell/shards/table.ts';

/** Two shards that live. */
function grouped(): { group: ShardGroup; table: ShardTable } {
  const group = createShardGroup();
  const table = new ShardTable(group.memory);
  for (const index of [0, 1]) table.locked(() => table.enter(index, [1, 2]));
  return { group, table };
}

const NO_INDEX = [undefined, null, -1, 64, 1.5, Number.NaN, '1'];

test.each(NO_INDEX)('forgetShard refuses the index %j, and touches nothing', (index) => {
  const { group } = grouped();
  const before = new Int32Array(group.memory).slice();
  expect(() => forgetShard(group, index as number)).toThrow(OptionError);
  expect(() => forgetShard(group, index as number)).toThrow(/index: .* must be an integer from 0 to 63/);
  expect(new Int32Array(group.memory)).toEqual(before);
});

test.each([undefined, null, {}, { id: 'x', memory: new ArrayBuffer(8) }])(
  'forgetShard refuses the group %j',
  (group) => {
    expect(() => forgetShard(group as unknown as ShardGroup, 0)).toThrow(
      /group: .* must be what createShardGroup\(\) gave/,
    );
  },
);

test('forgetShard of one that joined: the others have its part', () => {
  const { group, table } = grouped();
  forgetShard(group, 0);
  expect([table.stateOf(0), table.stateOf(1), table.words[LOCK]]).toEqual([0, JOINED, 0]);
});

test.each(NO_INDEX)('a shard of the index %j is refused', (index) => {
  const shard = { index, group: createShardGroup() } as unknown as ShardOptions;
  expect(() => checkShard(shard, { device: 'eth0' })).toThrow(/shard\.index: .* must be an integer from 0 to 63/);
});

/** The option `shard`. */
import { OptionError } from '../option-error.ts';
import type { ShardGroup } from '../shards/group.ts';
import { MOST_SHARDS } from '../shards/layout.ts';
import { checkKnown, checkNumber } from './check.ts';

/** One of several stacks with the same addresses: docs/sharding.md. */
export interface ShardOptions {
  /** Which one this is, 0 to 63: each one that runs has another. */
  readonly index: number;
  /** Of createShardGroup, the same for all. */
  readonly group: ShardGroup;
}

interface Others {
  readonly device?: string;
  readonly dhcp?: unknown;
  readonly fds?: unknown;
  readonly ip?: { readonly slaac?: boolean };
}

export function checkShard(shard: ShardOptions | undefined, others: Others): ShardOptions | undefined {
  if (shard === undefined) return undefined;
  if (typeof shard !== 'object' || shard === null) throw new OptionError('shard', shard, 'an object { index, group }');
  checkKnown('shard', shard, ['index', 'group']);
  checkIndex('shard.index', shard.index);
  checkGroup('shard.group', shard.group);
  if (others.device === undefined || others.device.startsWith('tap:')) {
    throw new OptionError('device', others.device, 'the interface that the shards have in common');
  }
  for (const name of ['dhcp', 'fds'] as const) {
    if (others[name] !== undefined && others[name] !== false) {
      throw new OptionError(name, others[name], 'absent with shard', 'Name the addresses, the same for all.');
    }
  }
  if (others.ip?.slaac === true) throw new OptionError('ip.slaac', true, 'absent with shard', 'Name the addresses.');
  return shard;
}

/** There is no default: an index that is absent would be read as a place in the table. */
export function checkIndex(name: string, index: number): void {
  if (index === undefined) throw new OptionError(name, index, `an integer from 0 to ${MOST_SHARDS - 1}`);
  checkNumber(name, index, 0, 0, MOST_SHARDS - 1);
}

export function checkGroup(name: string, group: ShardGroup): void {
  if (group?.memory instanceof SharedArrayBuffer && typeof group.id === 'string') return;
  throw new OptionError(name, group, 'what createShardGroup() gave, handed over in workerData');
}

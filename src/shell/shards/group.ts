/** What the threads that share an address have in common. */
import { randomBytes } from 'node:crypto';
import { BroadcastChannel } from 'node:worker_threads';
import { checkGroup, checkIndex } from '../options/shard.ts';
import { SECRET_WORDS } from './layout.ts';
import { ShardTable } from './table.ts';

/** Made by one thread and handed to the workers: `workerData: { group }`. */
export interface ShardGroup {
  /** Tells groups apart. */
  readonly id: string;
  /** What they agree on. */
  readonly memory: SharedArrayBuffer;
}

/** A group of stacks, nobody in it yet. */
export function createShardGroup(): ShardGroup {
  const secret = new Int32Array(SECRET_WORDS);
  secret.set(new Int32Array(Uint8Array.from(randomBytes(SECRET_WORDS * 4)).buffer));
  return { id: randomBytes(8).toString('hex'), memory: ShardTable.make(secret) };
}

/**
 * The worker of this index (0 to 63) is gone without having closed its stack: the others take its part. Not needed when another one
 * takes its index. Throws OptionError for another index.
 */
export function forgetShard(group: ShardGroup, index: number): void {
  checkGroup('group', group);
  checkIndex('index', index); // before the table: any other number is a word of somebody else's there
  const table = new ShardTable(group.memory);
  table.locked(() => {
    table.gone(index);
    table.passOn(index); // also where it ended before it had a part
  });
  const channel = channelOf(group);
  channel.postMessage(LOOK);
  channel.close();
}

/** All there is to say: the table has changed. */
export const LOOK = 'look';

/** Where it is said. */
export interface Channel {
  onmessage: ((message: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
  unref(): unknown;
}

export function channelOf(group: ShardGroup): BroadcastChannel {
  return new BroadcastChannel(`usertcp.shards.${group.id}`);
}

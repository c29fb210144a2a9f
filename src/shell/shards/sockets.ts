/**
 * The sockets that a shard has in the groups. The kernel numbers the sockets of a group, and puts the last one in the place of one that is
 * closed; so that this happens under the table's lock and not when a thread ends, the table has descriptors of them, too.
 */
import { shardAddon } from './addon.ts';
import { SOCKETS } from './layout.ts';

/** What stands for a descriptor that is closed. Its shard's place is still to be given up when the table has the shard. */
export const CLOSED = -1;

/** The words of a shard's; 0 = none. */
export function socketsOf(words: Int32Array, shard: number): Int32Array {
  return words.subarray(SOCKETS + 2 * shard, SOCKETS + 2 * shard + 2);
}

export function hasSockets(words: Int32Array, shard: number): boolean {
  return socketsOf(words, shard).some((fd) => fd > 0);
}

export function closeSockets(words: Int32Array, shard: number): void {
  if (hasSockets(words, shard)) shardAddon()?.closeSockets(socketsOf(words, shard));
}

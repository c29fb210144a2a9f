/**
 * `workers: 'shard'`: the main thread founds a group of stacks (ADR 33) and workers that use the network join it, each when it first does.
 * They hear of it by the environment data that Node hands down to every worker, so no program has to (ADR 49).
 */
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId, type Worker } from 'node:worker_threads';
import type { ShardOptions } from '../options/shard.ts';
import { createShardGroup, type ShardGroup } from '../shards/group.ts';
import { Seats } from '../shards/seats.ts';

const KEY = 'usertcp.crew';

interface Crew {
  readonly group: ShardGroup;
  /** Threads from the main one down to who started the reader. */
  readonly line: readonly number[];
}

/** The main thread's place, which is the first, and speaks for the address; a worker finds one when it asks for it. undefined: there is no group. */
export function crew(): { readonly group: ShardGroup; take(): ShardOptions } | undefined {
  const known = isMainThread ? { group: createShardGroup(), line: [] } : (getEnvironmentData(KEY) as Crew | undefined);
  if (known === undefined) return undefined;
  const { group } = known;
  const line = isMainThread ? [] : [...known.line, threadId];
  const seats = new Seats(group);
  setEnvironmentData(KEY, { group, line } satisfies Crew as never);
  process.on('worker', (worker: Worker) => {
    const thread = worker.threadId; // it has none afterwards
    worker.once('exit', () => seats.leave(thread));
  });
  return { group, take: () => ({ index: seats.take(isMainThread ? [threadId] : line), group }) };
}

/**
 * Who has the device that the configuration names. Flags of Node go down to worker threads and to forked processes, and two stacks with one address
 * would reset each other's connections: the device belongs to the main thread of the process that was first.
 */
import { isMainThread } from 'node:worker_threads';
import type { StackOptions } from '../options/stack-options.ts';
import { isRunning } from '../running.ts';

const VARIABLE = 'USERTCP_OWNER';
/** What a stack of loopback alone can be told. */
const OF_ANY_STACK = ['tcp', 'ip', 'budget', 'maxConnections', 'arenaBytes', 'secret', 'warmUp'] as const;

/** Why the device is another's; undefined = it is ours from now on. */
export function otherOwner(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (!isMainThread) return 'the device belongs to the main thread, this is a worker';
  const owner = Number(env[VARIABLE] ?? 0);
  if (owner > 0 && owner !== process.pid && isRunning(owner))
    return `the device belongs to process ${owner}, which started this one`;
  env[VARIABLE] = String(process.pid);
  return undefined;
}

export function withoutDevice(options: StackOptions): StackOptions {
  return Object.fromEntries(OF_ANY_STACK.filter((name) => name in options).map((name) => [name, options[name]]));
}

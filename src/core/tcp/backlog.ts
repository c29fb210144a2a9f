/** The two queues of a listener: the backlog bounds each. What finds one full is dropped, never reset, and comes again. */
import { ROW_WORDS } from '../../wire/abi.ts';
import type { Tcp } from './context.ts';
import { BACKLOG, HALF_OPEN } from './tcb.ts';

/** Connections that nobody has accepted. */
export function acceptQueueFull(t: Tcp, listener: number): boolean {
  const backlog = t.rows.words[listener * ROW_WORDS + BACKLOG]!;
  return backlog >>> 16 >= (backlog & 0xffff);
}

/** Entries that wait for the third ACK. */
export function synQueueFull(t: Tcp, listener: number): boolean {
  const backlog = t.rows.words[listener * ROW_WORDS + BACKLOG]! & 0xffff;
  return t.halfOpens.full || t.rows.words[listener * ROW_WORDS + HALF_OPEN]! >= backlog;
}

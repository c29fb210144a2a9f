/**
 * Callbacks before the event loop polls: there libuv brings what a kernel has for a program, before the immediates and the closing
 * callbacks of the same turn. Node has none of its own, the addon does; without it they are immediates.
 */
import { native } from './native.ts';

let waiting: (() => void)[] = [];
let begin: (() => void) | undefined;

/** Calls `fn` in a later turn of the loop, and keeps the process alive until then. */
export function pollPhase(fn: () => void): void {
  begin ??= starter();
  if (waiting.push(fn) === 1) begin();
}

function starter(): () => void {
  try {
    const { beforePoll } = native();
    if (beforePoll !== undefined) return beforePoll(run);
  } catch {} // no addon here
  return () => setImmediate(run);
}

function run(): void {
  const due = waiting;
  waiting = [];
  let done = 0;
  try {
    for (const fn of due) {
      done++;
      fn();
    }
  } finally {
    // One that throws does not keep the others from theirs.
    for (const fn of due.slice(done)) pollPhase(fn);
  }
}

/**
 * Answers to shutdowns, in libuv's order: those that were asked for in its poll phase come when that is over, before its immediates; all others before
 * the next one, so who is told of a FIN over loopback finds that its sender knows. An immediate brings what no burst does.
 */
import { surface } from '../surface.ts';
import { runTicks } from './closing.ts';

/** libuv looks so often whether an answer led to another. */
const ROUNDS = 8;

let due: (() => void)[] = [];

export function answerSoon(answer: () => void): void {
  if (due.push(answer) === 1) setImmediate(giveAll);
}

function giveAll(): void {
  for (let round = 0; round < ROUNDS && due.length > 0; round++) {
    const now = due;
    due = [];
    for (const answer of now) {
      try {
        answer();
      } catch (error) {
        surface(error);
      }
      runTicks();
    }
  }
  if (due.length > 0) setImmediate(giveAll);
}

export const answers = { begin: giveAll, end: giveAll };

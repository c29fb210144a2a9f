/** Text that came in one burst is one run of events. */
import { EV_DATA, EVENT_WORDS, type EventQueue } from '../core/events.ts';

/** Bytes of the event behind the one at `at` if it is more text of the same connection, else 0. */
export function textBehind(events: EventQueue, at: number): number {
  const { words } = events;
  const next = at + EVENT_WORDS;
  if (next >= events.count * EVENT_WORDS || words[next] !== EV_DATA) return 0;
  return words[next + 1] === words[at + 1] && words[next + 2] === words[at + 2] ? words[next + 5]! : 0;
}

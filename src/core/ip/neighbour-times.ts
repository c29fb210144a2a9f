/** How long a neighbour is believed in (RFC 4861 §6.3.2). */
import { since } from '../seq.ts';

/** RFC 4861 §6.2.1: AdvReachableTime is no more than an hour. */
export const MOST_REACHABLE_MS = 3_600_000;

/**
 * Whether REACHABLE lasts. Nobody wakes for its end, so it may be looked at weeks later: an end that lies further ahead than any can is
 * one that has passed.
 */
export function lasts(end: number, tick: number): boolean {
  const left = since(end, tick);
  return left > 0 && left < 2 * MOST_REACHABLE_MS;
}

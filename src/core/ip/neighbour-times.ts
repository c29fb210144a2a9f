/** How long a neighbour is believed in, and how long he has to answer (RFC 4861 §6.3.2). */
import { isMapped } from '../../wire/address.ts';
import { since } from '../seq.ts';

/** RFC 4861 §10: REACHABLE_TIME, RETRANS_TIMER. */
const REACHABLE_MS = 30_000;
const RETRY_MS = 1000;
/** RFC 4861 §6.2.1: AdvReachableTime is no more than an hour. */
const MOST_REACHABLE_MS = 3_600_000;
/**
 * RFC 4861 knows no bound. But whoever can send an advertisement could else have us wait an hour for the second question: what one lost
 * solicitation costs stays within what a user waits for a connection.
 */
const MOST_RETRY_MS = 5000;

/** What routers say of the neighbours on a link: of IPv6 ones (RFC 4861 §6.3.4), for ARP knows no routers. */
export class NeighbourTimes {
  /** No router has said anything, as most often. */
  private silent = true;
  /** By link. */
  private readonly reachable: number[] = [];
  private readonly retry: number[] = [];

  /** 0 = the router does not say. */
  hear(link: number, reachable: number, retry: number): void {
    if (reachable !== 0 && reachable <= MOST_REACHABLE_MS) this.reachable[link] = reachable;
    if (retry !== 0) this.retry[link] = Math.min(retry, MOST_RETRY_MS);
    if (reachable !== 0 || retry !== 0) this.silent = false;
  }

  /** What was said of the link does not hold any more. */
  forget(link: number): void {
    delete this.reachable[link];
    delete this.retry[link];
  }

  /** For the neighbour at `words[at]`. */
  reachableMs(words: Int32Array, at: number, link: number): number {
    if (this.silent || isMapped(words, at)) return REACHABLE_MS;
    return this.reachable[link] ?? REACHABLE_MS;
  }

  retryMs(words: Int32Array, at: number, link: number): number {
    if (this.silent || isMapped(words, at)) return RETRY_MS;
    return this.retry[link] ?? RETRY_MS;
  }
}

/**
 * Whether REACHABLE lasts. Nobody wakes for its end, so it may be looked at weeks later: an end that lies further ahead than any can is
 * one that has passed.
 */
export function lasts(end: number, tick: number): boolean {
  const left = since(end, tick);
  return left > 0 && left < 2 * MOST_REACHABLE_MS;
}

/** What was thrown away since it was last told, read off the counters: only while somebody subscribes to `usertcp:drop`. */
import type { Core } from '../core/api.ts';
import type { CoreCounters } from '../core/tcp/counters.ts';
import type { Link } from '../ports.ts';
import { COUNTERS } from '../wire/abi.ts';
import { channels } from './channels.ts';

/** Of the core's counters, those of segments and connections that came to nothing. */
const CORE = [
  'listenOverflows',
  'synsRefused',
  'pawsDrops',
  'challengeAcksSuppressed',
  'rstsSuppressed',
  'noRows',
  'noMemory',
  'textAfterFin',
  'timeWaitEvicted',
  'invalidSource',
  'orphansReset',
  'txOverflow',
  'budgetEvictions',
] as const satisfies readonly (keyof CoreCounters)[];
/** Of a link's, by place. */
const LINK = COUNTERS.flatMap((name, at) => (/^drop|Drops$|Errors$|Truncated$/.test(name) ? [at] : []));

export class Drops {
  readonly #core: Core;
  readonly #links: readonly Link[];
  readonly #told = new Map<string, number>();

  constructor(core: Core, links: readonly Link[]) {
    this.#core = core;
    this.#links = links;
    this.#go(() => {});
  }

  tell(addresses: readonly string[]): void {
    this.#go((where, reason, count, total) => channels.drop.publish({ addresses, where, reason, count, total }));
  }

  #go(tell: (where: string, reason: string, count: number, total: number) => void): void {
    for (const reason of CORE) this.#one('core', reason, this.#core.counters[reason], tell);
    for (const link of this.#links) {
      for (const at of LINK) this.#one(link.name, COUNTERS[at]!, link.counters[at] ?? 0, tell);
    }
  }

  #one(
    where: string,
    reason: string,
    total: number,
    tell: (where: string, reason: string, count: number, total: number) => void,
  ): void {
    const key = `${where} ${reason}`;
    const count = total - (this.#told.get(key) ?? 0);
    if (count <= 0) return;
    this.#told.set(key, total);
    tell(where, reason, count, total);
  }
}

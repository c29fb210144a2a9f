/** The controllers there are. A row holds an index into the list (`tcb.cc`), so entries keep their places. */

import { bbr } from './bbr.ts';
import type { CongestionController } from './controller.ts';
import { cubic } from './cubic.ts';
import { dctcp } from './dctcp.ts';
import { newReno } from './newreno.ts';

export const controllers: readonly CongestionController[] = [newReno, cubic, bbr, dctcp];
export const NEWRENO = 0;

/** One object serves all connections: a stack that is given more was given one for each of them. */
const MOST = 256;

/** Index of a controller, for `tcb.cc`; one that is new is added. */
export function controllerIndex(known: CongestionController[], choice: string | CongestionController): number {
  const index = known.findIndex((c) => c === choice || c.name === choice);
  if (index >= 0) return index;
  if (typeof choice === 'string')
    throw new RangeError(`unknown congestion controller '${choice}'; known: ${known.map((c) => c.name).join(', ')}`);
  if (known.length === MOST)
    throw new RangeError(`${MOST} congestion controllers are in use; one object serves any number of connections`);
  return known.push(choice) - 1;
}

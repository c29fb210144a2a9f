/** The controllers there are. A row holds an index into the list (`tcb.cc`), so entries keep their places. */
import type { CongestionController } from './controller.ts';
import { newReno } from './newreno.ts';

export const controllers: readonly CongestionController[] = [newReno];

/** Index of a controller, for `tcb.cc`. */
export function controllerIndex(known: readonly CongestionController[], name: string): number {
  const index = known.findIndex((c) => c.name === name);
  if (index < 0) {
    throw new RangeError(`unknown congestion controller '${name}'; known: ${known.map((c) => c.name).join(', ')}`);
  }
  return index;
}

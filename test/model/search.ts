/** How far a scenario is searched: its calm histories, each kind of fault alone, and all of its budget together. */
import { Explorer, type Limits, type Result, shorten, Violation, type Watcher } from './explore.ts';
import type { CoreClass } from './host.ts';
import { type Budget, budget, type Scenario } from './scenario.ts';

export interface Sum {
  states: number;
  transitions: number;
  ends: number;
  complete: number;
  searches: number;
}

export function variants(scenario: Scenario): Scenario[] {
  const kinds = (Object.keys(scenario.budget) as (keyof Budget)[]).filter((kind) => scenario.budget[kind] > 0);
  const calm = { ...scenario, budget: budget({}) };
  return [calm, ...kinds.map((kind) => ({ ...scenario, budget: budget({ [kind]: 1 }) }))];
}

/** Throws the shortest history it finds that breaks something. */
export function search(core: CoreClass, scenario: Scenario, limits: Limits, watcher?: Watcher): Result {
  try {
    return new Explorer(core, scenario, watcher).run(limits);
  } catch (error) {
    if (error instanceof Violation) throw shorten(core, error, scenario);
    throw error;
  }
}

export function count(sum: Sum, result: Result): void {
  sum.states += result.states;
  sum.transitions += result.transitions;
  sum.ends += result.ends;
  sum.searches++;
  if (result.complete) sum.complete++;
}

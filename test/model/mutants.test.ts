// The checker is worth what it finds: every planted mistake must end in a violation.
import { expect, test } from 'vitest';
import { StackCore } from '../../src/core/stack-core.ts';
import { Violation } from './explore.ts';
import type { CoreClass } from './host.ts';
import { mutants } from './mutants.ts';
import { Observer } from './observer.ts';
import { budget, type Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { search } from './search.ts';

const limits = { states: 4000, drainEvery: 10, replayEvery: 0, seed: 1 };

async function mutated(n: number): Promise<CoreClass> {
  const file = `../../src/core/stack-core.ts?mutant=${n}`;
  const module = (await import(/* @vite-ignore */ file)) as { StackCore: CoreClass };
  return module.StackCore;
}

function where({ scenario, kind }: (typeof mutants)[number]): Scenario {
  const found = scenarios.find((s) => s.name.startsWith(scenario));
  if (found === undefined) throw new Error(`no scenario ${scenario}`);
  return { ...found, budget: budget(kind === undefined ? {} : { [kind]: 1 }) };
}

test('there are at least twenty', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(20);
});

test.each(mutants.map((m, n) => ({ ...m, n })))('$name: found', { timeout: 60_000 }, async (mutant) => {
  const core = await mutated(mutant.n);
  expect(core).not.toBe(StackCore);
  expect(() => search(core, where(mutant), limits, new Observer())).toThrow(Violation);
});

// A test runner for Stryker that loads all tests once and from then on only calls them. A mutant is switched on by a global, so the
// next one needs nothing loaded: it costs the tests that reach it and no more. (Stryker's own runner starts vitest for every mutant: two
// seconds before the first test, and src/core/tcp has thousands of mutants.)
//
// One process for many mutants is safe while the core keeps its state in what each test builds. That is checked: a test that failed
// under a mutant must pass at once without it. If it does not, the mutant has spoilt what modules share; they are loaded anew and the
// mutant is judged once more.
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { DryRunStatus, determineHitLimitReached, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';
import { Tests, testFiles } from './tests.mjs';
import { Verdicts } from './verdicts.mjs';

const space = globalThis.__stryker__ ?? (globalThis.__stryker__ = {});

class Runner {
  #tests = new Tests();
  #verdicts = new Verdicts(testFiles());

  capabilities() {
    return { reloadEnvironment: false };
  }

  init() {
    return this.#tests.open();
  }

  async dryRun() {
    space.mutantCoverage ??= { static: {}, perTest: {} };
    space.counting = true;
    const tests = [];
    for (const one of this.#tests.all.values()) {
      space.currentTestId = one.id;
      const failureMessage = await this.#timed(one);
      const known = { id: one.id, name: one.id, fileName: one.file, timeSpentMs: one.ms };
      tests.push(
        failureMessage === undefined
          ? { ...known, status: TestStatus.Success }
          : { ...known, status: TestStatus.Failed, failureMessage },
      );
    }
    space.currentTestId = undefined;
    space.counting = false;
    return { status: DryRunStatus.Complete, tests, mutantCoverage: space.mutantCoverage };
  }

  async mutantRun(options) {
    const mutant = options.activeMutant;
    return this.#verdicts.get(mutant) ?? this.#verdicts.add(mutant, await this.#judge(options));
  }

  async #judge({ activeMutant, testFilter, hitLimit }, again = false) {
    const chosen = this.#order(testFilter);
    let nrOfTests = 0;
    for (const one of chosen) {
      space.activeMutant = activeMutant.id;
      space.hitCount = 0;
      space.hitLimit = hitLimit;
      const failureMessage = await this.#timed(one);
      const limit = determineHitLimitReached(space.hitCount, hitLimit);
      space.activeMutant = undefined;
      space.hitCount = undefined;
      nrOfTests++;
      if (failureMessage === undefined && limit === undefined) continue;
      if ((await this.#tests.fails(one)) !== undefined) {
        if (again) return { status: MutantRunStatus.Error, errorMessage: `${one.id} fails without the mutant` };
        await this.#tests.load();
        return this.#judge({ activeMutant, testFilter, hitLimit }, true);
      }
      if (limit !== undefined) return { status: MutantRunStatus.Timeout, reason: limit.reason };
      one.kills++;
      return { status: MutantRunStatus.Killed, killedBy: [one.id], failureMessage, nrOfTests };
    }
    return { status: MutantRunStatus.Survived, nrOfTests };
  }

  dispose() {
    return this.#tests.close();
  }

  /** First those that killed most for the time they took. */
  #order(ids) {
    const all = this.#tests.all;
    const chosen = ids === undefined ? [...all.values()] : ids.map((id) => all.get(id));
    const worth = ({ kills, ms }) => (kills + 0.2) / (ms + 1);
    return chosen.sort((a, b) => worth(b) - worth(a));
  }

  async #timed(one) {
    const start = performance.now();
    const failure = await this.#tests.fails(one);
    one.ms = performance.now() - start;
    return failure;
  }
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'listed', () => new Runner())];

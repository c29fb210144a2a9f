// Runs tests in N lanes. Tests of test/sequential come last and alone, as in Node's own runner. A test that fails runs once more, alone,
// after the others: a machine that is busy makes timers late, and many of Node's tests are about time. The second result counts, and how
// many needed it is printed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCase } from './case.mjs';

export class Lanes {
  #world;

  constructor(world) {
    this.#world = world;
  }

  async run(names, lanes, done) {
    const scratch = mkdtempSync(join(tmpdir(), 'node-tests-'));
    process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
    const again = [];
    const pass = async (todo, width, each) => {
      const queue = [...todo];
      const lane = async (number) => {
        for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
          each(await runCase(name, { ...this.#world, scratch, lane: number }));
        }
      };
      await Promise.all(Array.from({ length: width }, (_, i) => lane(i + 1)));
    };
    const first = (result) => {
      if (result.status === 'pass' || result.status === 'skip') done({ ...result, tries: 1 });
      else again.push(result.name);
    };
    await pass(
      names.filter((name) => !name.startsWith('sequential/')),
      lanes,
      first,
    );
    await pass(
      names.filter((name) => name.startsWith('sequential/')),
      1,
      first,
    );
    await pass([...again], 1, (result) => done({ ...result, tries: 2 }));
  }
}

// Runs tests in N lanes. Tests of test/sequential come last and alone, as in Node's own runner. What fails runs again, alone, after the
// others: a machine that is busy makes timers late, and many of Node's tests are about time. The last result counts; how many needed
// it is printed.
//
// `ways` are settings of the drop-in, [name, environment]. A test that fails with the first way twice is tried with the next.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCase } from './case.mjs';

const good = (result) => result.status === 'pass' || result.status === 'skip';

export class Lanes {
  #world;
  #ways;

  constructor(world, ways) {
    this.#world = world;
    this.#ways = ways;
  }

  async run(names, lanes, done) {
    const scratch = mkdtempSync(join(tmpdir(), 'node-tests-'));
    process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
    const [[first]] = this.#ways;
    const failed = [];
    const pass = async (todo, width) => {
      const queue = [...todo];
      const lane = async (number) => {
        for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
          const result = await this.#one(name, first, { scratch, lane: number, tries: 1 });
          if (good(result)) done(result);
          else failed.push(name);
        }
      };
      await Promise.all(Array.from({ length: width }, (_, i) => lane(i + 1)));
    };
    await pass(
      names.filter((name) => !name.startsWith('sequential/')),
      lanes,
    );
    await pass(
      names.filter((name) => name.startsWith('sequential/')),
      1,
    );
    for (const name of failed) {
      let result;
      for (const [way] of this.#ways) {
        const next = await this.#one(name, way, { scratch, lane: 1, tries: 2 });
        // A failure is shown as it is in the first way, the one that is meant.
        if (good(next)) result = next;
        result ??= next;
        if (good(result)) break;
      }
      done(result);
    }
    rmSync(scratch, { recursive: true, force: true });
  }

  async #one(name, way, { scratch, lane, tries }) {
    const env = { ...this.#world.env, ...Object.fromEntries(this.#ways)[way] };
    return { ...(await runCase(name, { ...this.#world, env, scratch, lane })), way, tries };
  }
}

/** Plays worlds one after another: `--seeds N`, `--seed S` (the first), `--minutes M`. scripts/sim.mjs starts it. */
import { parseArgs } from 'node:util';
import { type Played, play } from './play.ts';
import { worldOf } from './world.ts';

const HOUR = 3600e6;
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    all: { type: 'boolean' },
  },
});

function number(name: 'seeds' | 'seed' | 'minutes', otherwise: number): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  if (!(Number(text) > 0) || (name !== 'minutes' && !Number.isSafeInteger(Number(text)))) {
    console.error(`--${name} ${text}: expected a ${name === 'minutes' ? 'number' : 'whole number'} above 0`);
    process.exit(2);
  }
  return Number(text);
}

const minutes = number('minutes', Infinity);
const seeds = number('seeds', minutes === Infinity ? 1000 : Infinity);
// Fresh worlds by default: the seed is printed, so that any of them can be had again.
const first = number('seed', (Date.now() % 1e9) * 1000 + 1);
const begin = performance.now();
const elapsed = (): number => (performance.now() - begin) / 1000;
const failures: string[] = [];
const sum = { worlds: 0, took: 0, frames: 0, bytes: 0, print: 0 };

function report(): void {
  const { worlds, took, frames, bytes } = sum;
  const rate = (worlds / elapsed()).toFixed(1);
  console.log(
    `sim: seeds ${first} to ${first + worlds - 1}, ${(took / HOUR).toFixed(1)} virtual hours, ${frames} frames, ` +
      `${(bytes / 1e6).toFixed(0)} MB, ${rate} worlds/s, print ${(sum.print >>> 0).toString(16)}`,
  );
}

console.log(`sim: from seed ${first}`);
let said = 0;
while (sum.worlds < seeds && elapsed() < minutes * 60) {
  const seed = first + sum.worlds++;
  try {
    const { took, frames, bytes, print }: Played = play(worldOf(seed));
    sum.took += took;
    sum.frames += frames;
    sum.bytes += bytes;
    sum.print = (Math.imul(sum.print, 31) + print) | 0;
  } catch (error) {
    const { message } = error as Error;
    console.log(`sim: ${message}\n     again: npm run sim -- --seeds 1 --seed ${seed}`);
    failures.push(message.split('\n', 2).join('; '));
    if (!values.all) break;
  }
  if (elapsed() - said > 60) {
    said = elapsed();
    report();
  }
}
report();
// Named once more beside the sum, so that a long log that was cut at its beginning still has the seeds (scripts/tally.mjs).
for (const one of failures) console.log(`  ! seeded world: ${one}`);
console.log(`${sum.worlds - failures.length} passed, ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);

// Plants faults (test/faults/) one by one and runs the tests that are to find them: a fault that stays unseen fails.
//   --random N [--seed S]  N of them, chosen by the seed      --only a,b  these      (nothing)  all
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';
import { path, root, say } from './prepare.mjs';
import { Tally } from './tally.mjs';

/** Runs at a time: each is a vitest of its own with one worker. */
const LANES = 2;
const LIMIT = 120_000;

const { values } = parseArgs({
  options: { random: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
});

const { module } = await runnerImport(path('test/faults/list.ts'), { configFile: false, root, logLevel: 'error' });

function chosen() {
  const { faults } = module;
  if (values.only) {
    const names = values.only.split(',');
    const unknown = names.filter((name) => !faults.some((f) => f.name === name));
    if (unknown.length > 0) {
      say(`no fault ${unknown.join(', ')}`);
      process.exit(2);
    }
    return faults.filter((f) => names.includes(f.name));
  }
  if (!values.random) return faults;
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  console.log(`faults: ${values.random} of ${faults.length}, seed=${seed}`);
  return shuffled(faults, seed).slice(0, Number(values.random));
}

/** Fisher and Yates, driven by a linear congruential generator. */
function shuffled(list, seed) {
  const all = [...list];
  let state = seed >>> 0;
  for (let n = all.length - 1; n > 0; n--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const m = Math.floor((state / 2 ** 32) * (n + 1));
    [all[n], all[m]] = [all[m], all[n]];
  }
  return all;
}

/** Requirements among `ids` that no failing test names, and why the run says nothing when it does. */
function judge(fault, file, log) {
  if (!existsSync(file)) return `vitest did not report:\n${log.slice(-1500)}`;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const broken = report.testResults.find((r) => r.status === 'failed' && r.assertionResults.length === 0);
  if (broken) return `${broken.name} could not be loaded: ${broken.message.slice(0, 300)}`;
  const failed = report.testResults.flatMap((r) => r.assertionResults.filter((t) => t.status === 'failed'));
  if (report.numTotalTests === report.numPendingTests) return 'no test matched';
  if (failed.length === 0) return 'its tests stay green';
  const seen = (id) => failed.some((t) => new RegExp(`(^|[^\\w-])${escaped(id)}(?![\\w.-]*\\d)`).test(t.fullName));
  const unseen = fault.ids.filter((id) => !seen(id));
  return unseen.length > 0 ? `no failing test names ${unseen.join(', ')}` : undefined;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function runOne(fault) {
  const report = path(`.cache/faults/${fault.name}.json`);
  rmSync(report, { force: true });
  const pattern = fault.pattern ?? fault.ids.map((id) => `${escaped(id)}(?!\\d)`).join('|');
  const args = [
    ...['run', ...fault.tests, '-t', pattern, '--reporter=json', `--outputFile.json=${report}`, '--maxWorkers=1'],
    ...['unit', 'conformance', 'sim', 'property'].map((p) => `--project=${p}`),
  ];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path('node_modules/vitest/vitest.mjs'), ...args], {
      cwd: root,
      env: { ...process.env, USERTCP_FAULT: fault.name },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT,
    });
    let log = '';
    const read = (chunk) => {
      log += chunk;
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', () => resolve(judge(fault, report, log)));
  });
}

mkdirSync(path('.cache/faults'), { recursive: true });
const queue = [...chosen()];
const tally = new Tally();
const sum = { passed: 0, failed: 0, notes: [] };
async function lane() {
  for (let fault = queue.shift(); fault; fault = queue.shift()) {
    const wrong = await runOne(fault);
    sum[wrong ? 'failed' : 'passed']++;
    if (wrong) sum.notes.push(`planted fault ${fault.name} was not seen: ${wrong}`);
    console.log(wrong ? `NOT SEEN  ${fault.name}: ${wrong}` : `seen      ${fault.name} [${fault.ids.join(' ')}]`);
  }
}
await Promise.all(Array.from({ length: LANES }, lane));
tally.add('planted faults', sum);
process.exit(tally.end());

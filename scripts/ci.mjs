// The jobs behind scripts/ci.sh. Each adds to one tally; the last line is the sum.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cannot as cannotBench } from '../bench/lab.mjs';
import { arm64 } from './arm64.mjs';
import { build } from './build.mjs';
import { startGroup } from './group.mjs';
import { installLibraries } from './libraries.mjs';
import { pack } from './pack.mjs';
import { ensurePackages, path, prepare, root, run, say, which } from './prepare.mjs';
import { smoke } from './smoke-versions.mjs';
import { readTally, Tally } from './tally.mjs';
import { nativeTests } from './test-native.mjs';
import { vitest } from './vitest.mjs';

const minutes = 60_000;
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const tally = new Tally();
const ready = () => {
  prepare('build', 'test');
  mkdirSync(path('.cache'), { recursive: true });
  if (build()) return true;
  tally.fail('build');
  return false;
};

/** Runs a script of ours, and ends it and all it started when it is late: its exit code. `show`: gets what it prints. */
function runScript(file, args, timeout, show) {
  const stdio = ['ignore', show ? 'pipe' : 'inherit', 'inherit'];
  const group = startGroup(process.execPath, [path(file), ...args], { cwd: root, stdio });
  const late = setTimeout(() => {
    say(`${file}: not finished after ${timeout / minutes} minutes`);
    group.stop();
  }, timeout);
  group.child.stdout?.on('data', show);
  return group.ended.finally(() => clearTimeout(late));
}

/** The same with its output shown as it comes; reads the sum it ends with. */
async function script(file, args, timeout) {
  let text = '';
  const code = await runScript(file, args, timeout, (chunk) => {
    process.stdout.write(chunk);
    text += chunk;
  });
  const sum = readTally(text) ?? { failed: 1 };
  return code !== 0 && !sum.failed ? { ...sum, failed: 1 } : sum;
}

function lint() {
  const biome = run(process.execPath, [
    path('node_modules/@biomejs/biome/bin/biome'),
    'check',
    '--max-diagnostics=40',
    '.',
  ]);
  tally.add('lint: biome', biome === 0 ? { passed: 1 } : { failed: 1 });
  const tsc = run(process.execPath, [
    path('node_modules/typescript/bin/tsc'),
    '-p',
    path('scripts/tsconfig.test.json'),
  ]);
  tally.add('lint: types of tests and examples', tsc === 0 ? { passed: 1 } : { failed: 1 });
  const compliance = run(process.execPath, [path('scripts/compliance.mjs'), '--check']);
  tally.add('lint: requirements are met, tested and listed', compliance === 0 ? { passed: 1 } : { failed: 1 });
  const api = run(process.execPath, [path('scripts/api.mjs'), '--check']);
  if (api === 3) tally.add('lint: API reference', { why: 'typedoc cannot be installed here' });
  else tally.add('lint: public names are explained, docs/api is up to date', api === 0 ? { passed: 1 } : { failed: 1 });
  const lock = readFileSync(path('package-lock.json'), 'utf8').includes('"resolved"');
  tally.add('lint: lock file names no download host', lock ? { failed: 1 } : { passed: 1 });
  ensurePackages('lint');
  if (!which('clang-format')) return tally.add('lint: clang-format', { why: 'not installed' });
  const list = 'find native test/native "(" -name "*.cc" -o -name "*.h" ")" | xargs -r clang-format --dry-run -Werror';
  tally.add('lint: clang-format', run('sh', ['-c', list]) === 0 ? { passed: 1 } : { failed: 1 });
}

const native = (name) => {
  if (!existsSync(path('CMakeLists.txt'))) return tally.add(name, { why: 'no CMakeLists.txt' });
  for (const [group, result] of nativeTests([name])) tally.add(group, result);
};

/** That the driver runs and callgrind counts; the job `native` has built it. */
function countInstructions() {
  const group = 'bench smoke: instructions';
  const lacks = ['valgrind', 'cmake', 'g++'].filter((name) => !which(name));
  if (lacks.length > 0) return tally.add(group, { why: `not installed: ${lacks.join(', ')}` });
  if (!existsSync(path('build-native'))) return tally.add(group, { why: 'native is not built' });
  const args = [path('bench/micro/instructions.mjs'), '--dry', '--only', 'receive', '--times', '1000'];
  tally.add(group, run(process.execPath, args, { timeout: minutes }) === 0 ? { passed: 1 } : { failed: 1 });
}

const jobs = {
  test: async () => tally.add('npm test', await script('scripts/test.mjs', [], 20 * minutes)),
  slow: async () => {
    if (!ready()) return;
    tally.add('slow: long seeds', vitest(['sim', 'property', 'oracle', 'model'], { USERTCP_SLOW: '1' }, 12 * minutes));
    // Fresh worlds: the first seed comes from the clock, and is printed.
    tally.add('slow: seeded worlds', await script('scripts/sim.mjs', ['--minutes', '5'], 12 * minutes));
    await jobs.faults();
    jobs.libraries();
  },
  /** Servers and libraries of others over the drop-in, installed first. */
  libraries: () => {
    if (!ready()) return;
    if (!installLibraries()) return tally.add('libraries', { why: 'they cannot be installed here' });
    tally.add('libraries', vitest(['interop'], {}, 5 * minutes, ['test/interop/libraries/']));
  },
  sim: async () => tally.add('seeded worlds', await script('scripts/sim.mjs', ['--minutes', '5'], 12 * minutes)),
  faults: async () => tally.add('planted faults', await script('scripts/faults.mjs', ['--random', '20'], 6 * minutes)),
  unit: () =>
    ready() && tally.add('unit', vitest(['unit', 'conformance', 'sim', 'property', 'model', 'differential', 'types'])),
  interop: () => ready() && tally.add('interop', vitest(['interop'])),
  native: () => ready() && native('native'),
  asan: () => ready() && native('native-asan'),
  lint,
  pack: () => ready() && tally.add('pack', pack(process.argv.includes('--update'))),
  /** The arm64 addon, on another CPU by qemu. */
  arm64: () => tally.add('arm64', arm64()),
  smoke: () => {
    if (!ready()) return;
    for (const [name, result] of smoke([22, 24, 26])) tally.add(name, result);
  },
  bench: () =>
    ready() &&
    tally.add('bench', run(process.execPath, [path('bench/run.mjs'), '--quick']) ? { failed: 1 } : { passed: 1 }),
  /** Seconds of every load: fails on a crash or a stall, never on a time. */
  'bench-smoke': async () => {
    ensurePackages('bench-smoke');
    const why = cannotBench();
    if (why) return tally.add('bench smoke', { why });
    if (!ready()) return;
    const out = mkdtempSync(join(tmpdir(), 'usertcp-bench-'));
    const code = await runScript('bench/run.mjs', ['--smoke', '--out', out], 5 * minutes);
    rmSync(out, { recursive: true, force: true });
    tally.add('bench smoke', code === 0 ? { passed: 1 } : { failed: 1 });
    countInstructions();
  },
};
const all = ['test', 'slow', 'lint', 'pack', 'arm64', 'smoke', 'bench-smoke'];

const words = process.argv.slice(2);
const unknown = words.find((word) => !['all', '--update', ...Object.keys(jobs)].includes(word));
if (unknown !== undefined) {
  say(`no job ${unknown}; there are: all ${Object.keys(jobs).join(' ')}; for pack --update`);
  process.exit(2);
}
const asked = words.filter((word) => word !== '--update');
for (const name of asked.length === 0 || asked.includes('all') ? all : asked) {
  const from = Date.now();
  console.log(`\n== ${name}`);
  if (name !== 'test') prepare();
  await jobs[name]();
  console.log(`== ${name}: ${((Date.now() - from) / 1000).toFixed(0)} s`);
}
process.exit(tally.end());

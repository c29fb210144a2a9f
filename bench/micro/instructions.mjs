// node bench/micro/instructions.mjs [--only receive,parse] [--checksum avx2,scalar] [--times 100000] [--name instructions] [--dry]
// Instructions of the native part: callgrind counts each case of test/native/instructions.cc N times and 2N times; the difference,
// less that of an empty loop, is N times the case, and setting up is in neither. Once more only inside of the checksum's kernels.
// The same build counts the same on every run. Needs valgrind, cmake and g++. A table on stderr, rows in bench/results/: instructions
// per segment, look-up or super-segment, of which inChecksum.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { path, run, say, which } from '../../scripts/prepare.mjs';
import { meta } from '../meta.mjs';
import { beside, resultFile } from '../result-file.mjs';

const { values: ask } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    checksum: { type: 'string', default: '' },
    times: { type: 'string', default: '100000' },
    name: { type: 'string', default: 'instructions' },
    dry: { type: 'boolean', default: false },
  },
});
const stop = (why) => {
  say(why);
  process.exit(1);
};
const missing = ['valgrind', 'cmake', 'g++'].filter((name) => !which(name));
const install = 'sudo apt-get install -y --no-install-recommends';
if (missing.length > 0) stop(`missing; to install: ${install} ${missing.join(' ')}`);

const DIR = 'build-native';
const TARGET = 'usertcp_instructions';
const program = path(DIR, TARGET);
const steps = [
  ['-S', '.', '-B', DIR, '-DUSERTCP_TESTS=ON'],
  ['--build', DIR, '--target', TARGET, '-j', '2'],
];
if (steps.some((args) => run('cmake', args, { quiet: true }) !== 0)) stop(`cannot build ${TARGET}`);

/** What stdout and stderr said; ends with them when it failed. */
function output(command, args) {
  const r = spawnSync(command, args, { encoding: 'utf8' });
  if (r.status !== 0) stop(`${command} ${args.join(' ')}: ${r.error?.message ?? r.stderr.trim()}`);
  return r;
}

/** What `times` cost, set-up included; `inside`: only in functions of these names. */
function counted(name, times, kernel, inside) {
  const toggles = inside.map((pattern) => `--toggle-collect=${pattern}`);
  const callgrind = ['--tool=callgrind', '--callgrind-out-file=/dev/null', ...toggles];
  const { stderr } = output('valgrind', [...callgrind, program, kernel, name, String(times)]);
  return Number(/Collected : (\d+)/.exec(stderr)?.[1]);
}
const perTime = (name, times, kernel, inside = []) =>
  (counted(name, 2 * times, kernel, inside) - counted(name, times, kernel, inside)) / times;
const tenths = (value) => Math.round(10 * value) / 10;

const wanted = (name) => ask.only === '' || ask.only.split(',').some((part) => name.includes(part));
const rows = [];
for (const asked of ask.checksum.split(',')) {
  const cases = output(program, [asked])
    .stdout.trim()
    .split('\n')
    .map((line) => line.split('\t'));
  const kernel = cases[0][2];
  const loop = perTime('nothing', Number(ask.times), kernel);
  // The transmitter sums addresses with the scalar one, whatever the machine has.
  const kernels = [...new Set([kernel, 'scalar'])].flatMap((k) => [`*${k}_sum*`, `*${k}_copy*`]);
  console.error(`\n${`checksum: ${kernel}`.padEnd(36)}instructions  in checksum`);
  for (const [name, things] of cases.slice(1)) {
    if (!wanted(name)) continue;
    const times = Math.ceil(Number(ask.times) / things);
    const instructions = tenths((perTime(name, times, kernel) - loop) / things);
    const inChecksum = tenths(perTime(name, times, kernel, kernels) / things);
    rows.push({ case: name, checksum: kernel, instructions, inChecksum });
    console.error(`${name.padEnd(36)}${instructions.toFixed(1).padStart(12)}${inChecksum.toFixed(1).padStart(13)}`);
  }
}
if (!ask.dry) {
  const result = meta();
  const file = resultFile(ask.name);
  const tool = (command, flag = '--version') => output(command, [flag]).stdout.split('\n')[0];
  const built = { valgrind: tool('valgrind'), compiler: tool('c++') };
  writeFileSync(file, rows.map((r) => `${JSON.stringify(r)}\n`).join(''));
  writeFileSync(beside(file, '.meta.json'), `${JSON.stringify({ ...result, ...built, asked: ask }, null, 2)}\n`);
  say(file);
}

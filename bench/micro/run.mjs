// node bench/micro/run.mjs [--only checksum,parse,demux,crossing,flush,core,allocation,native] [--rounds 5] [--quick]
//                          [--out FILE | -] [--name micro]
// Small costs, each beside its negative control. A table on stderr, JSON in bench/results/ (or FILE, or - for stdout).
// Needs dist; what needs the addon is skipped without it.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { path, say } from '../../scripts/prepare.mjs';
import { meta } from '../meta.mjs';
import { resultFile } from '../result-file.mjs';
import { segments } from './core.mjs';
import { crossing, flushing } from './crossing.mjs';
import { checksums, demultiplexing, parsing } from './groups.mjs';
import { measure, sink } from './harness.mjs';

const { values: ask } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    name: { type: 'string', default: 'micro' },
  },
});
const how = { rounds: Number(ask.rounds ?? (ask.quick ? 1 : 5)), quick: ask.quick };

const wireModule = (name) => import(path(`dist/wire/${name}.js`));
const names = {
  abi: 'abi',
  checksum: 'checksum',
  encode: 'encode',
  parse: 'parse',
  drop: 'drop',
  flowTable: 'flow-table',
  flowKey: 'flow-key',
  halfsiphash: 'halfsiphash',
};
const wire = {};
for (const [key, file] of Object.entries(names)) wire[key] = await wireModule(file);

let why;
async function loadAddon() {
  try {
    return (await import(path('dist/link/native.js'))).native();
  } catch (error) {
    why = error.message;
    say(`only TypeScript is measured: ${why}`);
    return undefined;
  }
}
const parts = { wire, addon: await loadAddon() };

const skipped = (group, reason) => [{ group, label: 'all', skipped: reason }];
const last = (text) => text.trim().split('\n').at(-1);

/** Runs the suite in a child that has a network namespace with a device that nobody listens to. */
async function flush() {
  const device = process.env.USERTCP_BENCH_DROP;
  if (device) {
    const { groups, done } = flushing(parts, device);
    const rows = groups.flatMap((group) => measure(group, how));
    await done();
    return rows;
  }
  if (!parts.addon) return skipped('flush', why);
  const env = { ...process.env, USERTCP_BENCH_DROP: 'bench0' };
  const up = 'ip link add bench0 type veth peer name bench1 && ip link set bench0 up && ip link set bench1 up';
  const shell = `${up} && exec "$0" "$@"`;
  const args = [path('bench/micro/run.mjs'), '--only', 'flush', '--rounds', String(how.rounds), '--out', '-'];
  const argv = [process.getuid() === 0 ? '-n' : '-Urn', 'sh', '-c', shell, process.execPath, ...args];
  const r = spawnSync('unshare', ask.quick ? [...argv, '--quick'] : argv, { env, encoding: 'utf8' });
  if (r.status !== 0) return skipped('flush', r.error?.message ?? last(r.stderr));
  return JSON.parse(r.stdout).results;
}

function allocation() {
  const space = ['--min-semi-space-size=512', '--max-semi-space-size=512'];
  const args = ['--expose-gc', ...space, path('bench/micro/allocation.mjs'), ask.quick ? '200000' : '1000000'];
  const r = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return r.status === 0 ? JSON.parse(last(r.stdout)) : skipped('allocation', last(r.stderr));
}

/** The C++ part without JavaScript, by google-benchmark, where it was built; its own control is control_memcpy. */
function inCpp() {
  const file = path('build-native/usertcp_bench');
  if (!existsSync(file)) return skipped('native', 'not built: see bench/README.md (needs libbenchmark-dev)');
  const args = ['--benchmark_format=json', `--benchmark_min_time=${ask.quick ? 0.05 : 0.2}`];
  const r = spawnSync(file, args, { encoding: 'utf8' });
  if (r.status !== 0) return skipped('native', last(r.stderr));
  return JSON.parse(r.stdout).benchmarks.map((b) => ({
    group: 'C++ alone',
    label: b.name,
    ns: Math.round(b.cpu_time * 100) / 100,
    ...(b.bytes_per_second ? { gbps: Math.round((b.bytes_per_second * 8) / 1e7) / 100 } : {}),
  }));
}

const each = (groups) => groups.flatMap((group) => measure(group, how));
const suites = {
  checksum: () => each(checksums(parts)),
  parse: () => each(parsing(parts)),
  demux: () => each(demultiplexing(parts, ask.quick ? [1_000] : [1_000, 1_000_000])),
  crossing: () => each(crossing(parts)),
  flush,
  core: () => each(segments()),
  allocation,
  native: inCpp,
};

function text(row) {
  if (row.skipped) return `skipped: ${row.skipped}`;
  if (row.heapBytes !== undefined) return `${row.heapBytes} B of heap, ${row.externalBytes} B outside it`;
  const range = row.min === undefined ? '' : ` [${row.min}..${row.max}]`;
  const over = row.overControl === undefined ? '' : `, ${row.overControl} over control`;
  return `${row.ns} ns${range}${over}${row.gbps ? `, ${row.gbps} Gbit/s` : ''}`;
}

const results = [];
let group;
for (const name of ask.only?.split(',') ?? Object.keys(suites)) {
  if (!suites[name]) say(`no such suite: ${name}; there are ${Object.keys(suites).join(', ')}`);
  for (const row of (await suites[name]?.()) ?? []) {
    results.push(row);
    if (row.group !== group) console.error(`\n${(group = row.group)}`);
    console.error(`  ${row.label.padEnd(44)}${text(row)}`);
  }
}
const report = `${JSON.stringify({ ...meta(), sink: sink[0], results }, null, 1)}\n`;
if (ask.out === '-') process.stdout.write(report);
else {
  const file = ask.out ?? resultFile(ask.name, { ending: '.json' });
  writeFileSync(file, report);
  console.error(`\n${file}`);
}

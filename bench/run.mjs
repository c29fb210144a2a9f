// npm run bench -- [--quick | --full | --smoke] [--rounds 3] [--modes on,off,gro,apart] [--peers ours,node-net,…] [--more ours-copy]
//                  [--idle 1000,10000] [--name x] [--out folder]
// Builds the peers, lays one veth between two namespaces, and runs them side by side, each round in one go, so that a
// ratio is taken within a round. Rows, tables, report and what they ran on go to bench/results/; see bench/README.md.
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePackages, path, run, say } from '../scripts/prepare.mjs';
import { binaries, buildPeers, enterNamespace, peersDir, wire } from './lab.mjs';
import { meta } from './meta.mjs';
import { page } from './report.mjs';
import { beside, resultFile } from './result-file.mjs';
import { readRows } from './rows.mjs';
import { planOf } from './run-plan.mjs';
import { complaints } from './smoke.mjs';
import { tables } from './table.mjs';

const { values: ask } = parseArgs({
  options: {
    rounds: { type: 'string' },
    modes: { type: 'string' },
    peers: { type: 'string' },
    more: { type: 'string' },
    name: { type: 'string', default: 'peers' },
    out: { type: 'string', default: path('bench/results') },
    idle: { type: 'string' },
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
  },
});

/** A row of run.py: argv, address, first port, offload modes, environment. */
const row = (script, env) => [
  [process.execPath, path('bench', script), 'vb', '10.77.0.2', '9001'],
  '10.77.0.2',
  9001,
  'any',
  env,
];
const ours = {
  ours: row('server.mjs', {}),
  'ours-copy': row('server.mjs', { USERTCP_COPY: '1' }),
  'ours-still': row('server.mjs', { USERTCP_SPIN: '0' }),
  'ours-net': row('server-net.mjs', {}),
  'ours-sockets': row('server-net.mjs', { USERTCP_SOCKETS: '1' }),
};

// name → [what must exist, why it is missing otherwise]
const catalogue = {
  'kernel-c': [join(binaries, 'ksrv'), 'gcc is not installed'],
  'node-net': [path('bench/peers/node_net.js'), ''],
  ours: [path('dist/index.js'), 'dist is not built'],
  'ours-net': [path('dist/index.js'), 'dist is not built'],
  'ours-sockets': [path('dist/index.js'), 'dist is not built'],
  'ours-copy': [path('dist/index.js'), 'dist is not built'],
  'ours-still': [path('dist/index.js'), 'dist is not built'],
  'gvisor-mmap': [join(binaries, 'gvsrv'), 'golang-go or golang-gvisor-gvisor-dev is not installed'],
  'gvisor-rmmsg': [join(binaries, 'gvsrv'), 'as gvisor-mmap'],
  'gvisor-mmap-swgso': [join(binaries, 'gvsrv'), 'as gvisor-mmap'],
  'gvisor-hostgso': [join(binaries, 'gvsrv'), 'as gvisor-mmap'],
  'lwip-deb': [join(binaries, 'lwsrv-deb'), 'liblwip-dev is not installed'],
  'lwip-node-deb': [join(binaries, 'lw.node'), 'liblwip-dev is not installed'],
};
const plan = asked();
const { rounds, modes, idle, wanted } = plan;

/** Nothing is made before it is known that this can be measured. */
function asked() {
  try {
    return planOf(ask, Object.keys(catalogue));
  } catch (error) {
    say(error.message);
    process.exit(2);
  }
}

// Which offload modes a peer can run in; the others run in all. Super-frames, sent or merged by GRO, need a peer that
// takes them: the plain packet sockets below read one MTU frame at a time and would stall.
const only = {
  on: ['gvisor-hostgso'],
  off: ['gvisor-mmap', 'gvisor-rmmsg', 'gvisor-mmap-swgso', 'lwip-deb', 'lwip-node-deb'],
};

/** Modes in which every packet is one MTU frame. */
const plain = ['off', 'idle', 'apart'];
/** Modes of ours that are one of run.py's and something more. */
const more = {
  gro: { inner: 'off', env: { GRO: 'on', BULK: '1' } },
  apart: { inner: 'off', env: { APART: '1' } },
};

/** Those of the wanted that are there. */
function choose() {
  return wanted.filter((name) => {
    const [file, why] = catalogue[name];
    if (existsSync(file)) return true;
    say(`skipped ${name}: ${why}`);
    return false;
  });
}

/** Those that can run in a mode. */
const fitting = (mode, names) => names.filter((n) => !(plain.includes(mode) ? only.on : only.off).includes(n));

function measure(mode, fits, file) {
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const { inner = mode, env: extra = {} } = more[mode] ?? {};
  const env = { ...plan.env, GRO: 'off', ...extra, PEERS_BIN: binaries, EXTRA: JSON.stringify(ours), NS: idle };
  say(`${mode}: ${fits.join(' ')}`);
  const code = run(
    'python3',
    [join(peersDir, 'run.py'), inner, mode === 'idle' ? plan.idleRounds : rounds, part, fits.join(',')],
    { env },
  );
  for (const r of existsSync(part) ? readRows(part) : []) {
    appendFileSync(file, `${JSON.stringify(r.mode === inner ? { ...r, mode } : r)}\n`);
  }
  rmSync(part, { force: true });
  return code;
}

if (process.getuid?.() === 0) ensurePackages(ask.smoke ? 'bench-smoke' : 'bench');
await enterNamespace();
buildPeers();
const names = choose();
const work = (idle ? [...modes, 'idle'] : modes).map((mode) => [mode, fitting(mode, names)]);
for (const [mode, fits] of work) {
  if (fits.length > 0) continue;
  say(`${mode}: none of ${wanted.join(', ')} is there and can run in it`);
  process.exit(2);
}
wire();
const file = resultFile(ask.name, { folder: ask.out });
const facts = { ...meta(), rounds: Number(rounds), modes, idle, names, ...plan.env };
writeFileSync(beside(file, '.meta.json'), `${JSON.stringify(facts, null, 1)}\n`);
let code = 0;
for (const [mode, fits] of work) code = measure(mode, fits, file) || code;
const rows = readRows(file);
const table = tables(rows);
process.stdout.write(table);
writeFileSync(beside(file, '.md'), table);
writeFileSync(beside(file, '.html'), page(rows, [facts]));
say(`rows, table, report and facts: ${beside(file, '.{jsonl,md,html,meta.json}')}`);
if (ask.smoke) {
  const skipped = wanted.filter((name) => !names.includes(name));
  const wrong = complaints(rows, { names, modes, idle, skipped });
  for (const line of wrong) say(line);
  code ||= wrong.length > 0 ? 1 : 0;
}
process.exit(code);

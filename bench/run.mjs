// npm run bench -- [--rounds 3] [--modes on,off,gro] [--peers ours,node-net,…] [--more ours-copy,ours-net]
//                  [--idle 1000,10000] [--name x] [--quick]
// Builds the peers, lays one veth between two namespaces, and runs them side by side, each round in one go, so that a
// ratio is taken within a round. Rows, tables and what they ran on go to bench/results/; see bench/README.md.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePackages, path, run, say, which } from '../scripts/prepare.mjs';
import { meta } from './meta.mjs';

const { values: ask } = parseArgs({
  options: {
    rounds: { type: 'string' },
    modes: { type: 'string' },
    peers: { type: 'string' },
    more: { type: 'string' },
    name: { type: 'string', default: 'peers' },
    idle: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const rounds = ask.rounds ?? (ask.quick ? '1' : '3');
// `--idle` alone measures nothing else.
const modes = (ask.modes ?? (ask.idle ? '' : ask.quick ? 'on' : 'on,off,gro')).split(',').filter(Boolean);
const binaries = process.env.PEERS_BIN ?? join(tmpdir(), 'peers-bin');
const peersDir = path('bench/peers');

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
  'ours-net': row('server-net.mjs', {}),
};
/** Measured only when asked for. */
const optional = ['ours-copy', 'ours-net', 'gvisor-rmmsg', 'gvisor-mmap-swgso'];

// name → [what must exist, why it is missing otherwise]
const catalogue = {
  ours: [path('dist/index.js'), 'dist is not built'],
  'ours-copy': [path('dist/index.js'), 'dist is not built'],
  'ours-net': [path('dist/index.js'), 'dist is not built'],
  'kernel-c': [join(binaries, 'ksrv'), 'gcc is not installed'],
  'node-net': [path('bench/peers/node_net.js'), ''],
  'gvisor-mmap': [join(binaries, 'gvsrv'), 'golang-go or golang-gvisor-gvisor-dev is not installed'],
  'gvisor-rmmsg': [join(binaries, 'gvsrv'), 'as gvisor-mmap'],
  'gvisor-mmap-swgso': [join(binaries, 'gvsrv'), 'as gvisor-mmap'],
  'gvisor-hostgso': [join(binaries, 'gvsrv'), 'as gvisor-mmap'],
  'lwip-deb': [join(binaries, 'lwsrv-deb'), 'liblwip-dev is not installed'],
  'lwip-node-deb': [join(binaries, 'lw.node'), 'liblwip-dev is not installed'],
};
// Which offload modes a peer can run in; the others run in all. Super-frames, sent or merged by GRO, need a peer that
// takes them: the plain packet sockets below read one MTU frame at a time and would stall.
const only = {
  on: ['gvisor-hostgso'],
  off: ['gvisor-mmap', 'gvisor-rmmsg', 'gvisor-mmap-swgso', 'lwip-deb', 'lwip-node-deb'],
};

/** Modes in which every packet is one MTU frame. */
const plain = ['off', 'idle'];

/**
 * Everything below runs in a mount namespace with a /run of its own: names of network namespaces collide with nobody's,
 * and the kernel takes them away with the last process. Without root, in a user namespace as well.
 */
function enterNamespace() {
  if (process.env.USERTCP_BENCH_INSIDE) return;
  if (process.getuid?.() === 0) ensurePackages('bench');
  const shell = 'mount -t tmpfs tmpfs /run && exec "$0" "$@"';
  const how = process.getuid?.() === 0 ? '-m' : '-Urnm';
  const argv = [how, 'sh', '-c', shell, process.execPath, path('bench/run.mjs'), ...process.argv.slice(2)];
  const r = spawnSync('unshare', argv, { stdio: 'inherit', env: { ...process.env, USERTCP_BENCH_INSIDE: '1' } });
  process.exit(r.status ?? 1);
}

function buildPeers() {
  if (!which('gcc')) {
    say('no gcc: the load client cannot be built, so nothing can be measured');
    process.exit(1);
  }
  if (run(join(peersDir, 'build.sh'), [], { quiet: true, env: { PEERS_BIN: binaries } }) !== 0) {
    say('a peer did not build (see above); going on with the others');
  }
}

function choose() {
  const usual = ask.quick
    ? ['kernel-c', 'node-net', 'ours']
    : Object.keys(catalogue).filter((n) => !optional.includes(n));
  const wanted = [...(ask.peers?.split(',') ?? usual), ...(ask.more?.split(',') ?? [])];
  return wanted.filter((name) => {
    const [file, why] = catalogue[name] ?? ['', 'no such peer'];
    if (file !== '' && existsSync(file)) return true;
    say(`skipped ${name}: ${why}`);
    return false;
  });
}

function measure(mode, names, file) {
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const fits = names.filter((n) => !(plain.includes(mode) ? only.on : only.off).includes(n));
  const inner = mode === 'gro' ? 'off' : mode;
  const env = {
    PEERS_BIN: binaries,
    EXTRA: JSON.stringify(ours),
    GRO: mode === 'gro' ? 'on' : 'off',
    NS: ask.idle ?? '',
  };
  say(`${mode}: ${fits.join(' ')}`);
  const code = run('python3', [join(peersDir, 'run.py'), inner, rounds, part, fits.join(',')], { env });
  const lines = existsSync(part) ? readFileSync(part, 'utf8').trim().split('\n').filter(Boolean) : [];
  for (const line of lines) {
    const row = JSON.parse(line);
    appendFileSync(file, `${JSON.stringify(row.mode === inner ? { ...row, mode } : row)}\n`);
  }
  rmSync(part, { force: true });
  return code;
}

enterNamespace();
buildPeers();
const names = choose();
mkdirSync(path('bench/results'), { recursive: true });
const file = path('bench/results', `${new Date().toISOString().slice(0, 16).replace(/:/g, '')}-${ask.name}.jsonl`);
const down = () => spawnSync(join(peersDir, 'ns.sh'), ['down'], { stdio: 'ignore' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
if (run(join(peersDir, 'ns.sh'), ['up']) !== 0) {
  down();
  process.exit(1);
}
process.on('exit', down);
writeFileSync(file, '');
writeFileSync(
  file.replace('.jsonl', '.meta.json'),
  `${JSON.stringify({ ...meta(), rounds: Number(rounds), modes, idle: ask.idle, names }, null, 1)}\n`,
);
let code = 0;
for (const mode of ask.idle ? [...modes, 'idle'] : modes) code ||= measure(mode, names, file);
const table = spawnSync('python3', [join(peersDir, 'report.py'), file], { encoding: 'utf8' });
process.stderr.write(table.stderr);
process.stdout.write(table.stdout);
writeFileSync(file.replace('.jsonl', '.md'), table.stdout);
say(`rows, table and facts: ${file.slice(path().length + 1).replace('.jsonl', '.{jsonl,md,meta.json}')}`);
process.exit(code);

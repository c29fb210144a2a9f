// node bench/turns.mjs LOAD SERVER... [--rounds 5] [--secs 2] [--mode on|off|gro] [--conns 1] [--pin] [--node BIN] [--out file.jsonl]
// One load on servers that take turns, each a fresh process: for "is it faster than before", where a whole bench is too much.
// LOAD: sink, source, sink-crc, source-crc, cps, rr1 or rr64. SERVER: node-net, ours or ours-net, with `=FOLDER` the one of another
// working tree (built): `node bench/turns.mjs sink node-net ours-net=../before ours-net`. Ratios are to the first, within a round.
// --pin: server and client share core 0. --first LOAD,LOAD: what each process serves before, for what age does to it.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { path, say } from '../scripts/prepare.mjs';
import { binaries, buildPeers, enterNamespace, wire } from './lab.mjs';
import { median } from './rows.mjs';

const { values: ask, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    secs: { type: 'string', default: '2' },
    mode: { type: 'string', default: 'on' },
    conns: { type: 'string', default: '1' },
    flight: { type: 'string', default: '64' },
    first: { type: 'string', default: '' },
    pin: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
    out: { type: 'string' },
  },
});
const [load, ...names] = positionals;
const bulk = (words, port) => ({ words: [words, port, ask.secs, ask.conns], value: 'gbps' });
const loads = {
  sink: bulk('sink', 0),
  source: bulk('source', 1),
  'sink-crc': bulk('sink', 3),
  'source-crc': bulk('source', 4),
  cps: { words: ['cps', 2, ask.secs, ask.flight], value: 'cps' },
  rr1: { words: ['rr', 2, 1, 6000, 2], value: 'p50_us' },
  rr64: { words: ['rr', 2, 64, 6000, 2], value: 'p50_us' },
};
const scripts = { 'node-net': 'peers/node_net.js', ours: 'server.mjs', 'ours-net': 'server-net.mjs' };
const first = ask.first.split(',').filter(Boolean);
const servers = names.map((name) => ({ name, kind: name.split('=')[0], folder: name.split('=')[1] ?? path('.') }));
if (
  [load ?? '', ...first].some((one) => !Object.hasOwn(loads, one)) ||
  servers.length === 0 ||
  servers.some((s) => !Object.hasOwn(scripts, s.kind))
) {
  say(
    `LOAD, and each of --first, is one of ${Object.keys(loads).join(', ')}; SERVER of ${Object.keys(scripts).join(', ')}, with =FOLDER or without`,
  );
  process.exit(2);
}

await enterNamespace();
buildPeers();
wire(ask.mode === 'gro' ? { MODE: 'off', GRO: 'on' } : { MODE: ask.mode });
const inside = (side, ...argv) => ['netns', 'exec', `hp-${side}`, ...argv];

/** User and system seconds of a process so far. */
function cpuOf(pid) {
  const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(words[11]) + Number(words[12])) / 100;
}

async function start({ kind, folder }) {
  const [where, ip, port] = kind === 'node-net' ? [[], '10.77.0.3', 9101] : [['vb'], '10.77.0.2', 9001];
  const argv = inside('b', ask.node, join(resolve(folder), 'bench', scripts[kind]), ...where, ip, String(port));
  const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('ready')) break;
  if (ask.pin) {
    for (const thread of readdirSync(`/proc/${child.pid}/task`)) spawnSync('taskset', ['-pc', '0', thread]);
  }
  return { child, ip, port };
}

function kcli(ip, port, [what, offset, ...rest]) {
  const client = [join(binaries, 'kcli'), what, ip, String(port + offset), ...rest.map(String)];
  const r = spawnSync('ip', inside('a', ...(ask.pin ? ['taskset', '-c', '0'] : []), ...client), { encoding: 'utf8' });
  return JSON.parse(r.stdout || `{"err":${JSON.stringify(r.stderr)}}`);
}

async function turn(server, round) {
  const { child, ip, port } = await start(server);
  kcli(ip, port, ['rr', 2, 1, 500, 2]);
  for (const one of first) kcli(ip, port, loads[one].words);
  const before = cpuOf(child.pid);
  const row = { ...kcli(ip, port, loads[load].words), t: load, peer: server.name, round, mode: ask.mode };
  row.cpu = Number((cpuOf(child.pid) - before).toFixed(2));
  const ended = new Promise((done) => child.once('close', done));
  child.kill('SIGTERM');
  await ended;
  return row;
}

const rows = [];
for (let round = 0; round < Number(ask.rounds); round++) {
  for (const server of servers) {
    const row = await turn(server, round);
    rows.push(row);
    if (ask.out !== undefined) appendFileSync(ask.out, `${JSON.stringify(row)}\n`);
  }
}
const valuesOf = (name) => rows.filter((row) => row.peer === name).map((row) => row[loads[load].value]);
const base = valuesOf(servers[0].name);
say(`${load}, offloads ${ask.mode}, ${loads[load].value}`);
for (const { name } of servers) {
  const values = valuesOf(name);
  const ratio = median(values.map((value, round) => value / base[round])).toFixed(2);
  const cpu = median(rows.filter((row) => row.peer === name).map((row) => row.cpu)).toFixed(2);
  say(
    `${name.padEnd(24)} ${Number(median(values).toPrecision(5))} (${ratio}x) cpu ${cpu} s, rounds ${values.join(' ')}`,
  );
}

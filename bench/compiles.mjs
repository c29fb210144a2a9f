// node bench/compiles.mjs [--processes 8] [--trips 6000] [--bytes 1] [--server server.mjs] [--mode on] [--names] [--out file.jsonl]
// What V8 still compiles, and what it throws away, while a fresh server answers its first round trips on one core: `warmUp` (ADR 39)
// is to leave little of it. Each process is one line: its compilations, their milliseconds in V8's threads, deoptimizations, and
// p50 and p99 of the trips. --names: which functions. USERTCP_COLD=1 leaves the rehearsal out.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { path } from '../scripts/prepare.mjs';
import { compilations } from './compilations.mjs';
import { binaries, buildPeers, enterNamespace, wire } from './lab.mjs';
import { median } from './rows.mjs';

const { values: ask } = parseArgs({
  options: {
    processes: { type: 'string', default: '8' },
    trips: { type: 'string', default: '6000' },
    bytes: { type: 'string', default: '1' },
    server: { type: 'string', default: 'server.mjs' },
    mode: { type: 'string', default: 'on' },
    names: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});

await enterNamespace();
buildPeers();
wire({ MODE: ask.mode });
const inside = (side, ...argv) => ['netns', 'exec', `hp-${side}`, ...argv];

/** One fresh server, and the trips: what its V8 said meanwhile. */
async function one(process_) {
  const argv = [process.execPath, '--trace-opt', '--trace-deopt', path('bench', ask.server), 'vb', '10.77.0.2', '9001'];
  const server = spawn('ip', inside('b', ...argv), { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = [];
  let ready;
  const isReady = new Promise((resolve) => {
    ready = resolve;
  });
  createInterface({ input: server.stdout }).on('line', (line) =>
    line.startsWith('ready') ? ready() : said.push(line),
  );
  await isReady;
  for (const thread of readdirSync(`/proc/${server.pid}/task`)) spawnSync('taskset', ['-pc', '0', thread]);
  // What the rehearsal asked for last is compiled by then.
  await setTimeout(500);
  said.length = 0;
  const kcli = ['taskset', '-c', '0', join(binaries, 'kcli'), 'rr', '10.77.0.2', '9003', ask.bytes, ask.trips, '2'];
  const client = spawn('ip', inside('a', ...kcli), { stdio: ['ignore', 'pipe', 'inherit'] });
  let answer = '';
  client.stdout.on('data', (text) => {
    answer += text;
  });
  await once(client, 'close');
  const { p50_us, p99_us } = JSON.parse(answer);
  const row = {
    process: process_,
    bytes: Number(ask.bytes),
    trips: Number(ask.trips),
    ...compilations(said),
    p50_us,
    p99_us,
  };
  const gone = once(server, 'exit');
  server.kill('SIGTERM');
  await gone;
  return row;
}

const rows = [];
for (let process_ = 0; process_ < Number(ask.processes); process_++) {
  const row = await one(process_);
  rows.push(row);
  if (ask.out) appendFileSync(ask.out, `${JSON.stringify(row)}\n`);
  const { compiled, ms, deoptimized, p50_us, p99_us } = row;
  console.log(
    `${compiled.length} compiled in ${ms} ms, ${deoptimized.length} thrown away; p50 ${p50_us} µs, p99 ${p99_us} µs`,
  );
  if (ask.names) console.log(`  ${[...compiled, ...deoptimized.map((name) => `-${name}`)].join(', ')}`);
}
const counts = rows.map((row) => row.compiled.length);
console.log(`compiled: ${median(counts)} [${Math.min(...counts)}..${Math.max(...counts)}] in ${rows.length} processes`);

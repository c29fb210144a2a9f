// node bench/shards.mjs [--rounds 3] [--core] [--whole] [--asides]: one stack and several with one address, the same load; docs/performance.md, "Cores".
// Two cores only: the kernel's clients take a part of both, so read CPU seconds of the server beside rates, and for the
// scaling of the stack itself the core on wires of memory, where no kernel and no client takes part.
// --core: nothing but that. --whole: whole stacks with their clients on cables in memory, one and two at a time. --asides: what the third sockets of 16 and 64 stacks cost the kernel for each frame.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { native } from '../dist/link/native.js';
import { path, say } from '../scripts/prepare.mjs';
import { binaries, buildPeers, enterNamespace, wire } from './lab.mjs';
import { meta } from './meta.mjs';
import { beside, resultFile } from './result-file.mjs';
import { median } from './rows.mjs';

const { values: ask } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    asides: { type: 'boolean', default: false },
    core: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
    name: { type: 'string', default: 'shards' },
  },
});
const BASE = 9001;
const IP = '10.77.0.2';
const SECONDS = '1.2';
const rows = [];

async function server(count, spin) {
  const argv = [
    'netns',
    'exec',
    'hp-b',
    process.execPath,
    path('bench/shards-server.mjs'),
    'vb',
    IP,
    BASE,
    count,
    spin,
  ];
  const child = spawn('ip', argv.map(String), { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async ask() {
      child.stdin.write('\n');
      return JSON.parse((await lines.next()).value);
    },
    stop: () => new Promise((resolve) => child.once('close', resolve) && child.stdin.end()),
  };
}

const kcli = (...args) => {
  const r = spawn('ip', ['netns', 'exec', 'hp-a', join(binaries, 'kcli'), ...args.map(String)]);
  let out = '';
  r.stdout.on('data', (text) => (out += text));
  return new Promise((resolve) => r.on('close', () => resolve(JSON.parse(out || 'null'))));
};

async function round(n, count, spin, where = '') {
  const us = await server(count, spin);
  await kcli('cps', IP, BASE + 2, '0.5', 64); // compiled
  for (const [load, ...args] of [
    ['cps', IP, BASE + 2, SECONDS, 64],
    ['sink', IP, BASE, SECONDS, 8],
  ]) {
    const before = await us.ask();
    const got = await kcli(load, ...args);
    const after = await us.ask();
    const cpu = after.cpu - before.cpu;
    const accepted = after.accepted.map((a, i) => a - before.accepted[i]);
    const per = load === 'cps' ? (cpu / got.done) * 1e6 : cpu / (got.bytes / 1e9);
    rows.push({
      round: n,
      shards: count,
      load: `${load} spin ${spin} ${where}`.trim(),
      rate: got.cps ?? got.gbps,
      cpu,
      per,
      accepted,
    });
  }
  await us.stop();
}

/** One shard beside the third sockets of so many others. */
async function among(n, count) {
  const { filterProgram } = native();
  const addresses = Int32Array.of(0, 0, 0xffff, 0x0a4d0002);
  const program = filterProgram({ addresses, steering: { key0: 1, key1: 2, first: 49152, last: 65535 } }, 'aside');
  const argv = ['netns', 'exec', 'hp-b', 'python3', path('bench/asides.py'), 'vb', String(count)];
  const child = spawn('ip', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${program.join(' ')}\n`);
  await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  await round(n, 1, 0, `beside ${count}`);
  child.stdin.end('\n');
}

/** So many workers that are ready, and how each load is done by all of them at once: what each says. */
async function workers(count, script) {
  const all = Array.from(
    { length: count },
    (_, seed) => new Worker(new URL(script, import.meta.url), { workerData: { seed, ms: 2000 } }),
  );
  const next = () => Promise.all(all.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  await next();
  return {
    do: (load) => {
      const said = next();
      for (const worker of all) worker.postMessage(load);
      return said;
    },
    end: () => Promise.all(all.map((worker) => worker.terminate())),
  };
}

/** On wires of memory. */
async function simulated(n, count, script, loads) {
  const crew = await workers(count, script);
  for (const [load, name] of loads) {
    const rates = await crew.do(load);
    rows.push({ round: n, shards: count, load: name, rate: rates.reduce((a, b) => a + b), accepted: rates });
  }
  await crew.end();
}
const CORE = [['go', 'core alone, M segments/s']];
const WHOLE = [
  ['connections', 'whole stacks, connections/s'],
  ['roundTrips', 'whole stacks, round trips/s'],
  ['whole', 'whole stacks, super-segments, B/s'],
  ['inPieces', 'whole stacks, segments that are merged, B/s'],
];

await enterNamespace();
buildPeers();
wire({ MODE: 'on', GRO: 'on' });
spawnSync('ip', ['netns', 'exec', 'hp-a', 'ping', '-c', '1', '-W', '1', '10.77.0.3']);
for (let n = 0; n < Number(ask.rounds) && ask.asides; n++) for (const count of [0, 15, 63]) await among(n, count);
for (let n = 0; n < Number(ask.rounds) && !ask.asides; n++) {
  for (const count of [1, 2]) {
    if (!ask.whole) await simulated(n, count, 'shards-wire.mjs', CORE);
    if (!ask.core) await simulated(n, count, 'shards-whole.mjs', WHOLE);
  }
  if (!ask.core && !ask.whole) for (const spin of [0, 20]) for (const count of [0, 1, 2]) await round(n, count, spin);
}
const file = resultFile(ask.name);
writeFileSync(file, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
const facts = { ...meta(), rounds: Number(ask.rounds), seconds: Number(SECONDS) };
writeFileSync(beside(file, '.meta.json'), `${JSON.stringify(facts, null, 1)}\n`);
for (const load of new Set(rows.map((row) => row.load))) {
  for (const count of [0, 1, 2]) {
    const of = rows.filter((row) => row.load === load && row.shards === count);
    if (of.length === 0) continue;
    const per = of[0].per === undefined ? '' : ` cpu per unit ${median(of.map((row) => row.per)).toFixed(2)}`;
    const parts = JSON.stringify(of.at(-1).accepted.map(Math.round));
    say(`${load} shards=${count} rate ${median(of.map((row) => row.rate)).toFixed(1)}${per} ${parts}`);
  }
}
say(file);
process.exit(0);

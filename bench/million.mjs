// npm run bench:million -- [--connections 1000000] [--base 1000] [--rounds 3] [--secs 4] [--quiet 10] [--talk] [--brief]
// Opens that many connections to one process and leaves them idle; what it costs, and whether anybody else notices.
// Two namespaces and a veth, made by `unshare`, gone with the processes. See bench/README.md.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { path, say } from '../scripts/prepare.mjs';
import { meta } from './meta.mjs';

const { values: ask } = parseArgs({
  options: {
    connections: { type: 'string', default: '1000000' },
    base: { type: 'string', default: '1000' },
    secs: { type: 'string', default: '4' },
    quiet: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    name: { type: 'string', default: 'million' },
    // Each connection has one byte echoed before it falls silent.
    talk: { type: 'boolean', default: false },
    // The server keeps no objects of connections that have nothing to remember.
    brief: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
  },
});
const wanted = Number(ask.connections);
const base = Math.min(Number(ask.base), wanted);
const SERVER = '10.99.0.1';
const PORTS = 65536 - 1024;
const fillers = Array.from({ length: Math.max(16, Math.ceil(wanted / PORTS)) }, (_, n) => `10.99.1.${n + 1}/16`);
const probes = Array.from({ length: 4 }, (_, n) => `10.99.2.${n + 1}/16`);
/** Bytes that both ends of a connection may cost, with room for what the estimate does not know. */
const NEEDED = wanted * 2500 + 2 ** 30;
const most = wanted + 4096;
/** Waits until it has its end of the veth. */
const JOIN = 'until ip link set vb up 2>/dev/null; do sleep 0.05; done; ip link set lo up; exec "$0" "$@"';
const stage = process.env.USERTCP_MILLION;

function enterNamespace() {
  const available = Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))[1]) * 1024;
  if (available < NEEDED) {
    say(`${wanted} connections may need ${gib(NEEDED)}, and ${gib(available)} are free`);
    process.exit(1);
  }
  const how = process.getuid?.() === 0 ? '-n' : '-Urn';
  const argv = [how, process.execPath, path('bench/million.mjs'), ...process.argv.slice(2)];
  const r = spawnSync('unshare', argv, { stdio: 'inherit', env: { ...process.env, USERTCP_MILLION: '1' } });
  process.exit(r.status ?? 1);
}

function gib(bytes) {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function ip(...argv) {
  const r = spawnSync('ip', argv, { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`ip ${argv.join(' ')}: ${r.stderr}`);
  return r.stdout;
}

/** A script in a process of its own, on one core, that answers messages. */
async function begin(script, cpu, argv, inNamespace = false) {
  const run = ['-c', String(cpu), process.execPath, '--expose-gc', path('bench/million', script), ...argv];
  const [file, args] = inNamespace ? ['unshare', ['-n', 'sh', '-c', JOIN, 'taskset', ...run]] : ['taskset', run];
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.on('exit', (code) => {
    if (code) fail(`${script} ended with ${code}`);
  });
  if (inNamespace) {
    await new Promise((done) => setTimeout(done, 300));
    ip('link', 'set', 'vb', 'netns', String(child.pid));
  }
  const ready = await answer(child);
  if (ready !== 'ready') fail(`${script} said ${ready}`);
  return child;
}

function answer(child) {
  return new Promise((done) => child.once('message', done));
}

function tell(child, message) {
  const told = answer(child);
  child.send(message);
  return told;
}

function fail(why) {
  say(why);
  process.exit(1);
}

const seconds = (n) => new Promise((done) => setTimeout(done, n * 1000));

/** Frames that arrived at this end of the veth: all that the server's process sent. */
function arrived() {
  return JSON.parse(ip('-s', '-j', 'link', 'show', 'va'))[0].stats64.rx.packets;
}

async function main() {
  ip('link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb');
  ip('link', 'set', 'lo', 'up');
  ip('link', 'set', 'va', 'up');
  for (const v of ['all', 'default']) sysctl(`net/ipv6/conf/${v}/disable_ipv6`, '1');
  const server = await begin('server.mjs', 0, ['vb', `${SERVER}/16`, String(most), ask.brief ? '1' : '0'], true);
  const filler = await begin('filler.mjs', 1, ['va', SERVER, String(most), ask.talk ? '1' : '0', ...fillers]);
  const file = path('bench/results', `${meta().date.slice(0, 16).replaceAll(':', '')}-${ask.name}`);
  const rows = [];
  const row = (r) => {
    rows.push(r);
    console.log(JSON.stringify(r));
  };
  // Compilers, rings and buffers are as they will be before anything is counted.
  await tell(filler, base);
  await measure(server, 'warm-up', () => {});
  const before = await tell(server, 'collect');
  const few = await rounds(server, 'few', row);
  const beforeFiller = await tell(filler, 'tell');
  await tell(server, 'rest');
  const filled = await tell(filler, wanted);
  const filling = await tell(server, 'reading');
  row({
    case: 'fill',
    connections: wanted,
    failed: filled.failed,
    secs: round(filled.secs),
    perSecond: Math.round((wanted - base) / filled.secs),
    server: brief(filling),
  });
  await seconds(4);
  const idle = await tell(server, 'collect');
  const filler2 = await tell(filler, 'tell');
  const per = (now, then) => Math.round((now - then) / (wanted - base));
  row({
    case: 'memory',
    talked: ask.talk,
    brief: ask.brief,
    connections: idle.connections,
    rss: per(idle.rss, before.rss),
    tables: per(idle.tables, before.tables),
    heap: per(idle.heapUsed, before.heapUsed),
    rssClient: per(filler2.rss, beforeFiller.rss),
    rssBytes: idle.rss,
    rssClientBytes: filler2.rss,
    flightsUsed: idle.flights.used,
  });
  await quiet(server, row);
  const many = await rounds(server, 'many', row);
  row({
    case: 'ratio',
    connections: wanted,
    cps: round(many.cps / few.cps),
    p50: round(many.p50us / few.p50us),
    p99: round(many.p99us / few.p99us),
  });
  if (!ask.dry) keep(file, rows);
  server.send('close');
  filler.disconnect();
}

/** Nothing happens, and it should cost nothing. */
async function quiet(server, row) {
  await seconds(2);
  const before = await tell(server, 'reading');
  const frames = arrived();
  await seconds(Number(ask.quiet));
  const sent = arrived() - frames;
  const r = await tell(server, 'reading');
  row({
    case: 'quiet',
    connections: r.connections,
    secs: round(r.secs),
    cpu: round((100 * (r.user + r.sys)) / r.secs),
    unit: '% of a core',
    segmentsSent: r.outSegs - before.outSegs,
    framesSent: sent,
    alarms: r.alarms - before.alarms,
  });
}

/** The medians. */
async function rounds(server, name, row) {
  const list = [];
  for (let n = 0; n < Number(ask.rounds); n++) list.push(await measure(server, name, row));
  const of = (key) => list.map((r) => r[key]).sort((a, b) => a - b)[list.length >> 1];
  return { cps: of('cps'), p50us: of('p50us'), p99us: of('p99us') };
}

async function measure(server, name, row) {
  const probe = await begin('probe.mjs', 1, ['va', SERVER, ask.secs, ...probes]);
  await tell(server, 'watch');
  const result = await tell(probe, 'go');
  const r = await tell(server, 'reading');
  const measured = { case: name, connections: r.connections, ...result, cps: Math.round(result.cps), server: brief(r) };
  row(measured);
  return measured;
}

/** Delays, pauses and CPU of the server in that time. */
function brief(r) {
  return {
    secs: round(r.secs),
    cpu: round((r.user + r.sys) / r.secs),
    delayP50ms: round(r.delayP50),
    delayP99ms: round(r.delayP99),
    delayMaxMs: round(r.delayMax),
    gcs: r.gcs,
    gcMaxMs: round(r.gcMax),
    gcMajor: r.gcMajor,
    ringDrops: r.ringDrops,
  };
}

function keep(file, rows) {
  mkdirSync(path('bench/results'), { recursive: true });
  for (const r of rows) appendFileSync(`${file}.jsonl`, `${JSON.stringify(r)}\n`);
  writeFileSync(`${file}.meta.json`, `${JSON.stringify({ ...meta(), asked: ask }, null, 2)}\n`);
  say(`${file}.jsonl`);
}

function sysctl(name, value) {
  try {
    writeFileSync(`/proc/sys/${name}`, value);
  } catch {
    // no IPv6
  }
}

function round(x) {
  return Math.round(x * 1000) / 1000;
}

if (stage === undefined) enterNamespace();
else await main();

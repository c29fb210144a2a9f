// npm run bench:million -- [--connections 1000000] [--base 1000] [--rounds 3] [--secs 4] [--quiet 10] [--talk] [--brief]
// Opens that many connections to one process and leaves them idle; what it costs, and whether anybody else notices.
// Two namespaces and a veth, made by `unshare`, gone with the processes. See bench/README.md.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { path, say } from '../scripts/prepare.mjs';
import { unshared } from './lab.mjs';
import { meta } from './meta.mjs';
import { beside, resultFile } from './result-file.mjs';
import { median } from './rows.mjs';

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
const PORTS = 65536 - 1024;
/** Bytes that both ends of a connection may cost, with room for what the estimate does not know. */
const NEEDED = wanted * 2500 + 2 ** 30;
/** Waits until it has its end of the veth. */
const JOIN = 'v=$0; until ip link set $v up 2>/dev/null; do sleep 0.05; done; ip link set lo up; exec "$@"';
const stage = process.env.USERTCP_MILLION;

async function enterNamespace() {
  const available = Number(/MemAvailable:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))[1]) * 1024;
  if (available < NEEDED) {
    say(`${wanted} connections may need ${gib(NEEDED)}, and ${gib(available)} are free`);
    process.exit(1);
  }
  const how = process.getuid?.() === 0 ? '-n' : '-Urn';
  const argv = [how, process.execPath, path('bench/million.mjs'), ...process.argv.slice(2)];
  await unshared(argv, { USERTCP_MILLION: '1' });
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
async function begin(script, cpu, argv, inNamespace = '') {
  const run = ['-c', String(cpu), process.execPath, '--expose-gc', path('bench/million', script), ...argv];
  const [file, args] = inNamespace
    ? ['unshare', ['-n', 'sh', '-c', JOIN, inNamespace, 'taskset', ...run]]
    : ['taskset', run];
  const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.on('exit', (code) => {
    if (code) fail(`${script} ended with ${code}`);
  });
  if (inNamespace) {
    while (namespace(child.pid) === namespace('self')) await seconds(0.05);
    ip('link', 'set', inNamespace, 'netns', String(child.pid));
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

const namespace = (pid) => readlinkSync(`/proc/${pid}/ns/net`);

function fail(why) {
  say(why);
  process.exit(1);
}

const seconds = (n) => new Promise((done) => setTimeout(done, n * 1000));

/** Frames that arrived at this end of the veth: all that the server's process sent. */
function arrived(outer) {
  return JSON.parse(ip('-s', '-j', 'link', 'show', outer))[0].stats64.rx.packets;
}

/** A server behind a veth of its own, and who fills it. */
async function site(n, most) {
  const net = `10.${99 - n}`;
  const [outer, inner, address] = [`va${n}`, `vb${n}`, `${net}.0.1`];
  ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner);
  ip('link', 'set', outer, 'up');
  const brief = ask.brief ? '1' : '0';
  const server = await begin('server.mjs', 0, [inner, `${address}/16`, String(most), brief], inner);
  const count = Math.max(16, Math.ceil(most / PORTS));
  const clients = Array.from({ length: count }, (_, k) => `${net}.1.${k + 1}/16`);
  const filler = await begin('filler.mjs', 1, [outer, address, String(most), ask.talk ? '1' : '0', ...clients]);
  const probes = Array.from({ length: 4 }, (_, k) => `${net}.2.${k + 1}/16`);
  return { outer, address, server, filler, probes };
}

async function main() {
  ip('link', 'set', 'lo', 'up');
  for (const v of ['all', 'default']) sysctl(`net/ipv6/conf/${v}/disable_ipv6`, '1');
  // Two servers that differ in nothing but how many they hold, so that both are measured in the same minute.
  const large = await site(0, wanted + 4096);
  const small = await site(1, base + 4096);
  const { server, filler } = large;
  const rows = [];
  const row = (r) => {
    rows.push(r);
    console.log(JSON.stringify(r));
  };
  // Compilers, rings and buffers are as they will be before anything is counted.
  for (const one of [small, large]) {
    await tell(one.filler, base);
    await measure(one, 'warm-up', () => {});
    await tell(one.server, 'rest');
  }
  const before = await tell(server, 'collect');
  const beforeFiller = await tell(filler, 'tell');
  const filled = await tell(filler, wanted);
  row({
    case: 'fill',
    connections: wanted,
    failed: filled.failed,
    secs: round(filled.secs),
    perSecond: Math.round((wanted - base) / filled.secs),
    server: brief(await tell(server, 'reading')),
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
  await quiet(large, row);
  const few = [];
  const many = [];
  for (let n = 0; n < Number(ask.rounds); n++) {
    few.push(await measure(small, 'few', row));
    many.push(await measure(large, 'many', row));
  }
  const ratio = (key) => round(median(many.map((r, n) => r[key] / few[n][key])));
  row({ case: 'ratio', connections: wanted, cps: ratio('cps'), p50: ratio('p50us'), p99: ratio('p99us') });
  if (!ask.dry) keep(rows);
  for (const one of [small, large]) {
    one.server.send('close');
    one.filler.disconnect();
  }
}

/** Nothing happens, and it should cost nothing. */
async function quiet({ server, outer }, row) {
  await seconds(2);
  const before = await tell(server, 'reading');
  const frames = arrived(outer);
  await seconds(Number(ask.quiet));
  const sent = arrived(outer) - frames;
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

async function measure({ outer, address, server, probes }, name, row) {
  const probe = await begin('probe.mjs', 1, [outer, address, ask.secs, ...probes]);
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

function keep(rows) {
  const file = resultFile(ask.name);
  for (const r of rows) appendFileSync(file, `${JSON.stringify(r)}\n`);
  writeFileSync(beside(file, '.meta.json'), `${JSON.stringify({ ...meta(), asked: ask }, null, 2)}\n`);
  say(file);
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

if (stage === undefined) await enterNamespace();
else await main();

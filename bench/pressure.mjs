// node bench/pressure.mjs [--only paused,stalled] [--peers ours,ours-net] [--out FILE.jsonl]; --table FILE.jsonl: only the table of that.
// What pressure costs: a server on one side of a veth, the kernel's TCP on the other; a second of load, the pressure, and
// two seconds to see how it goes on. Every byte is compared. A row per peer and pressure; fails on a lost byte or a stall.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { path, say } from '../scripts/prepare.mjs';
import { enterNamespace, wire } from './lab.mjs';
import { meta } from './meta.mjs';
import { complaint, plan, scenarios, servers } from './pressure-plan.mjs';
import { pressureTable } from './pressure-table.mjs';
import { readRows } from './rows.mjs';

const { values: ask } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string' },
    out: { type: 'string' },
    table: { type: 'string' },
  },
});
if (ask.table !== undefined) {
  process.stdout.write(pressureTable(readRows(ask.table)));
  process.exit(0);
}
const pairs = wanted();
const MB = 1e6;

await enterNamespace();
wire({ MODE: 'on' });

/** What was asked for; says what could be where that is nothing. */
function wanted() {
  try {
    return plan(ask);
  } catch (error) {
    say(error.message);
    process.exit(2);
  }
}

class End {
  constructor(namespace, config) {
    const argv = ['netns', 'exec', namespace, process.execPath, path('bench/pressure-end.mjs'), JSON.stringify(config)];
    this.child = spawn('ip', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  say(call) {
    this.child.stdin.write(`${call}\n`);
  }

  /** The next line, or undefined when none came in time. */
  async line(ms) {
    const answer = await Promise.race([this.lines.next(), sleep(ms, {}, { ref: false })]);
    return answer.value;
  }

  /** How it ended, if not well. */
  died() {
    return this.child.exitCode || this.child.signalCode;
  }

  async end() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

/** What a kernel's TCP has counted so far, by name: /proc/net/snmp and netstat of a namespace. */
function kernelCounters(namespace) {
  const argv = ['netns', 'exec', namespace, 'cat', '/proc/net/snmp', '/proc/net/netstat'];
  const { stdout } = spawnSync('ip', argv, { encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => /^(Tcp|TcpExt):/.test(line));
  const words = lines.map((line) => line.split(' ').slice(1));
  return new Map(words.flatMap((names, i) => (i % 2 ? [] : names.map((name, k) => [name, Number(words[i + 1][k])]))));
}

/** What was counted since, without what is not a count. */
function since(before, namespace) {
  const left = new Set(['RtoAlgorithm', 'RtoMin', 'RtoMax', 'MaxConn', 'CurrEstab']);
  const grown = [...kernelCounters(namespace)].map(([name, n]) => [name, n - before.get(name)]);
  return Object.fromEntries(grown.filter(([name, n]) => n !== 0 && !left.has(name)));
}

async function measure(name, peer) {
  const { server: does, client: likewise, ms, flood, stack } = scenarios[name];
  const [host, kind] = servers[peer];
  const port = 9001;
  const ours = { ...stack, device: 'vb', addresses: [`${host}/24`] };
  const before = kernelCounters('hp-a');
  const server = new End('hp-b', { kind, host, port, ...does, ...(kind !== 'net' && { stack: ours }) });
  const ends = [server];
  try {
    if ((await server.line(10_000)) !== 'ready') return { err: 'the server did not start' };
    const client = new End('hp-a', { kind: 'net', connect: { host, port }, ...likewise });
    ends.push(client);
    if ((await client.line(10_000)) !== 'ready') return { err: 'the client did not start' };
    const tell = (call) => ends.map((end) => end.say(call));
    await sleep(1000);
    tell('on');
    if (flood) server.say('flood');
    await sleep(ms);
    tell('off');
    await sleep(2000);
    tell('stop');
    const told = await Promise.all(ends.map((end) => end.line(20_000)));
    if (server.died()) return { err: `the server ended with ${server.died()}` };
    if (told.includes(undefined)) return { err: 'not finished 20 s after it was told to' };
    const client_counters = since(before, 'hp-a');
    const kernel_retransmits = client_counters.RetransSegs ?? 0;
    return { ...summary(...told.map((text) => JSON.parse(text))), kernel_retransmits, client_counters };
  } finally {
    await Promise.all(ends.map((end) => end.end()));
  }
}

/** Gbit/s of `end` between two marks; it may have ended before it heard of the second. */
function rate(end, from, to) {
  const [ms, received] = end.samples.at(-1);
  const [a, b] = [from, to].map((call) => end.marks.find((m) => m.call === call) ?? { ms, received });
  return ((b.received - a.received) * 8) / (b.ms - a.ms) / 1e6;
}

function summary(server, client) {
  const [sender, reader] = server.sent > 0 ? [server, client] : [client, server];
  // One whose connection was cut has ended before it heard of it.
  const off = reader.marks.find((m) => m.call === 'off') ?? { ms: Number.POSITIVE_INFINITY };
  const later = reader.samples.filter(([ms]) => ms > off.ms);
  const moved = later.find(([, bytes]) => bytes > off.received);
  // The longest time without a byte once it goes again.
  let longest = 0;
  let last = moved ?? [off.ms, off.received];
  for (const sample of later.filter(([ms]) => ms < reader.marks.at(-1).ms)) {
    if (sample[1] === last[1]) longest = Math.max(longest, sample[0] - last[0]);
    else last = sample;
  }
  const [first] = reader.samples.filter(([, bytes]) => bytes > 0);
  const begun = { call: 'begun', ms: first?.[0] ?? 0, received: first?.[1] ?? 0 };
  reader.marks.unshift(begun);
  return {
    lost: sender.sent - reader.received,
    wrong: reader.wrong,
    errors: [...server.errors, ...client.errors].join(' ') || undefined,
    gbps_before: rate(reader, 'begun', 'on'),
    gbps_during: rate(reader, 'on', 'off'),
    gbps_after: rate(reader, 'off', 'stop'),
    first_byte_ms: moved ? moved[0] - off.ms : undefined,
    longest_gap_ms: longest,
    unsent_peak_mb: server.most / MB,
    rss_mb: server.rss / MB,
    cpu_s_per_gb: server.cpu / (reader.received / 1e9),
    counters: server.counters,
  };
}

if (ask.out) writeFileSync(ask.out.replace('.jsonl', '.meta.json'), `${JSON.stringify(meta(), null, 1)}\n`);
const rows = [];
for (const [name, peer] of pairs) {
  const row = { m: 'pressure', t: name, peer, ...(await measure(name, peer)) };
  rows.push(row);
  if (ask.out) appendFileSync(ask.out, `${JSON.stringify(row)}\n`);
  const why = complaint(row);
  if (why) say(`${name}, ${peer}: ${why}: ${JSON.stringify(row)}`);
}
console.log(pressureTable(rows));
process.exit(rows.some(complaint) ? 1 : 0);

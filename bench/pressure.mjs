// node bench/pressure.mjs [--only paused,stalled] [--peers ours,ours-net,node-net] [--out FILE.jsonl] [--table]
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
import { short } from './rows.mjs';

const { values: ask } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string', default: 'ours,ours-net,node-net' },
    out: { type: 'string' },
  },
});

const fast = {};
const MB = 1e6;
/** What the server does, what the client does, for how long (ms), and with which options of the stack. */
const scenarios = {
  'reader of 100 MB/s, sender as fast as it can': { server: { slow: 100 * MB }, client: { send: fast }, ms: 2000 },
  'reader paused for 5 s': { server: { pause: true }, client: { send: fast }, ms: 5000 },
  'reader paused for a minute': {
    peers: ['ours', 'node-net'],
    server: { pause: true },
    client: { send: fast },
    ms: 60_000,
  },
  'peer reads 100 MB/s, we write as fast as it goes': { server: { send: fast }, client: { slow: 100 * MB }, ms: 2000 },
  'peer paused for 5 s': { server: { send: fast }, client: { pause: true }, ms: 5000 },
  'event loop stalled 100 ms of 200, receiving': { server: { block: 100 }, client: { send: fast }, ms: 2000 },
  'event loop stalled 100 ms of 200, sending': { server: { send: fast, block: 100 }, client: {}, ms: 2000 },
  'writer ignores back-pressure, 128 MB, peer paused': {
    server: { send: { every: 10, times: 1, size: 1000 }, ignore: 128 * MB },
    client: { pause: true },
    ms: 1000,
    flood: true,
  },
  'writer ignores back-pressure, maxBuffered 1 MB': {
    peers: ['ours'],
    server: { send: { every: 10, times: 1, size: 1000 }, ignore: 128 * MB, limits: { maxBuffered: 1 << 20 } },
    client: { pause: true },
    ms: 1000,
    flood: true,
  },
  'ring overflow: 256 connections, small writes, loop stalled': {
    server: { block: 100, count: 256 },
    client: { send: { every: 1, times: 4, size: 100 }, count: 256 },
    ms: 2000,
    stack: { rings: { small: 1024 } },
  },
};

enterNamespace();
wire({ MODE: 'on' });

const addresses = { ours: '10.77.0.2', 'ours-net': '10.77.0.2', 'node-net': '10.77.0.3' };

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

  async end() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

/** What the kernel sent again so far, on the client's side. */
function kernelRetransmits() {
  const { stdout } = spawnSync('ip', ['netns', 'exec', 'hp-a', 'cat', '/proc/net/snmp'], { encoding: 'utf8' });
  return Number(/^Tcp: \d.*$/m.exec(stdout)[0].split(' ')[12]);
}

async function measure(name, peer) {
  const { server: does, client: likewise, ms, flood, stack } = scenarios[name];
  const host = addresses[peer];
  const port = 9001;
  const kind = peer === 'node-net' ? 'net' : peer;
  const ours = { ...stack, device: 'vb', addresses: [`${host}/24`] };
  const before = kernelRetransmits();
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
    if (told.includes(undefined)) return { err: 'not finished 20 s after it was told to' };
    return { ...summary(...told.map((text) => JSON.parse(text))), kernel_retransmits: kernelRetransmits() - before };
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
  const off = reader.marks.find((m) => m.call === 'off');
  const later = reader.samples.filter(([ms]) => ms > off.ms);
  const moved = later.find(([, bytes]) => bytes > off.received);
  // The longest time without a byte once it goes again.
  let longest = 0;
  let last = moved ?? [off.ms, off.received];
  for (const sample of later.filter(([ms]) => ms < reader.marks.at(-1).ms)) {
    if (sample[1] === last[1]) longest = Math.max(longest, sample[0] - last[0]);
    else last = sample;
  }
  const interesting = [
    'retransSegs',
    'timeouts',
    'zeroWindowProbes',
    'rxRingDrops',
    'dropNoRoom',
    'noMemory',
    'txOverflow',
  ];
  const counters = server.counters && Object.fromEntries(interesting.map((k) => [k, server.counters[k]]));
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
    ...counters,
  };
}

/** Markdown. What a peer does not count stays empty. */
function table(rows) {
  const told = (r) =>
    [
      ['sent again', r.retransSegs],
      ['probes', r.zeroWindowProbes],
      ['dropped by the ring', r.rxRingDrops],
      ['sent again by the client', r.kernel_retransmits],
    ]
      .filter(([, n]) => n > 0)
      .map(([what, n]) => `${n} ${what}`)
      .join(', ');
  const lines = rows.map((r) => {
    if (r.err) return `| ${r.t} | ${r.peer} | ${r.err} | | | | | |`;
    const speed = [r.gbps_before, r.gbps_during, r.gbps_after].map((v) => (v < 0.01 ? '0' : short(v))).join(' → ');
    const numbers = [short(r.first_byte_ms), short(r.cpu_s_per_gb), short(r.rss_mb), r.lost + r.wrong];
    const said = [told(r), r.errors].filter(Boolean).join('; ');
    return `| ${r.t} | ${r.peer} | ${speed} | ${numbers.join(' | ')} | ${said} |`;
  });
  const head =
    '| pressure | server | Gbit/s before → during → after | first byte after, ms | CPU s/GB | RSS +MB | lost bytes | counters |';
  return `${head}\n|---|---|---|---:|---:|---:|---:|---|\n${lines.join('\n')}\n`;
}

if (ask.out) writeFileSync(ask.out.replace('.jsonl', '.meta.json'), `${JSON.stringify(meta(), null, 1)}\n`);
const rows = [];
for (const name of Object.keys(scenarios)) {
  if (ask.only && !ask.only.split(',').some((part) => name.includes(part))) continue;
  for (const peer of ask.peers.split(',')) {
    if (scenarios[name].peers?.includes(peer) === false) continue;
    const row = { m: 'pressure', t: name, peer, ...(await measure(name, peer)) };
    rows.push(row);
    if (ask.out) appendFileSync(ask.out, `${JSON.stringify(row)}\n`);
    if (row.err || row.lost !== 0 || row.wrong !== 0) say(`${name}, ${peer}: ${JSON.stringify(row)}`);
  }
}
console.log(table(rows));
process.exit(rows.some((r) => r.err || r.lost !== 0 || r.wrong !== 0) ? 1 : 0);

// npm run bench:goodput -- [--rounds 3] [--rate 25] [--seconds 6] [--losses 0,0.1,1,5] [--rtts 1,20,100] [--name x] [--page]
// Our senders and the kernel's, all at once, each over a path of its own that is as bad as the others': a forwarder in user space
// between TAP devices (path/path.c) delays, queues and loses the same frames on each. The receiver is the kernel.
// Rows and a table go to bench/results/; --page puts the table into docs/throughput.md. See bench/README.md.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { path, say, which } from '../scripts/prepare.mjs';
import { enterNamespace } from './lab.mjs';
import { meta } from './meta.mjs';
import { beside, resultFile } from './result-file.mjs';
import { median } from './rows.mjs';

const { values: ask } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rate: { type: 'string', default: '25' },
    seconds: { type: 'string', default: '6' },
    warmup: { type: 'string', default: '2' },
    losses: { type: 'string', default: '0,0.1,1,5' },
    rtts: { type: 'string', default: '1,20,100' },
    name: { type: 'string', default: 'goodput' },
    page: { type: 'boolean', default: false },
  },
});
const numbers = (text) => text.split(',').map(Number);
const rate = Number(ask.rate) * 1e6;
const [MTU, FRAME, TEXT] = [1500, 1514, 1448];
const PAGE = path('docs/throughput.md');
const SECTION = '## Beside the kernel';

await enterNamespace();

/** Which of the kernel's controllers this machine has. */
const known = readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'utf8').trim().split(' ');
const wanted = ['reno', 'cubic', 'bbr'];
for (const name of wanted.filter((n) => !known.includes(n))) say(`the kernel has no ${name} here: no column for it`);
const lanes = [
  ...['newreno', 'cubic', 'bbr'].map((congestion) => ({ who: `ours ${congestion}`, congestion, ours: true })),
  ...wanted.filter((n) => known.includes(n)).map((congestion) => ({ who: `kernel ${congestion}`, congestion })),
].map((lane, n) => ({ ...lane, a: `gpa${n}`, b: `gpb${n}`, host: `10.88.${n}.1`, own: `10.88.${n}.2` }));

function sh(...argv) {
  const r = spawnSync(argv[0], argv.slice(1), { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`${argv.join(' ')}: ${r.stderr}`);
}
const children = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

/** Everybody here runs before what else the machine does: the paths are slow, and nobody shall be slower than his path. */
const first = spawnSync('chrt', ['-f', '1', 'true']).status === 0 ? ['chrt', '-f', '1'] : [];
if (first.length === 0) say('no real-time priority here: what else runs on this machine shows in the figures');

/** A program that says `ready` and answers each line with one. */
async function program(...command) {
  const argv = [...first, ...command];
  const child = spawn(argv[0], argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  const line = () => new Promise((resolve) => waiting.push(resolve));
  child.on('exit', (code) => {
    say(`${argv.at(-2)} ended with ${code}`);
    process.exit(1);
  });
  if (!(await line()).endsWith('ready')) throw new Error(`${argv[0]} is not ready`);
  return {
    ask(text) {
      child.stdin.write(`${text}\n`);
      return line();
    },
  };
}

/** Two namespaces, a TAP device of each lane in either. The namespaces are private to this process tree. */
async function layOut() {
  const binary = join(tmpdir(), `usertcp-path-${process.pid}`);
  sh('gcc', '-O2', '-o', binary, path('bench/path/path.c'));
  const forwarder = await program(binary, ...lanes.flatMap(({ a, b }) => [a, b]));
  sh('rm', binary);
  for (const ns of ['gps', 'gpr']) {
    sh('ip', 'netns', 'add', ns);
    sh('ip', '-n', ns, 'link', 'set', 'lo', 'up');
    const settings = ['ipv6.conf.all.disable_ipv6', 'ipv6.conf.default.disable_ipv6', 'ipv4.tcp_no_metrics_save'];
    sh('ip', 'netns', 'exec', ns, 'sysctl', '-qw', ...settings.map((name) => `net.${name}=1`));
  }
  for (const { a, b, host, own, ours, congestion } of lanes) {
    for (const [ns, device] of [
      ['gps', a],
      ['gpr', b],
    ]) {
      sh('ip', 'link', 'set', device, 'netns', ns);
      sh('ip', '-n', ns, 'link', 'set', device, 'mtu', `${MTU}`, 'txqueuelen', '10000', 'up');
    }
    sh('ip', '-n', 'gpr', 'addr', 'add', `${host}/24`, 'dev', b);
    if (ours) continue;
    sh('ip', '-n', 'gps', 'addr', 'add', `${own}/24`, 'dev', a);
    sh('ip', '-n', 'gps', 'route', 'replace', `${host}/32`, 'dev', a, 'src', own, 'congctl', congestion);
  }
  return forwarder;
}

async function start() {
  const forwarder = await layOut();
  const inside = (ns, script, ...args) =>
    program('ip', 'netns', 'exec', ns, process.execPath, path('bench/path', script), ...args);
  const receiver = await inside('gpr', 'receiver.mjs');
  const ours = lanes.filter((lane) => lane.ours);
  const flow = ({ host, congestion, a, own, ours }) => ({
    host,
    congestion,
    ...(ours && { device: a, address: `${own}/24` }),
  });
  // A process of its own for each of our stacks, as applications would have; the kernel's senders need none.
  const groups = [...ours.map((lane) => [lane]), lanes.filter((lane) => !lane.ours)];
  const senders = [];
  for (const group of groups) senders.push(await inside('gps', 'sender.mjs', JSON.stringify(group.map(flow))));
  return { forwarder, receiver, senders };
}

/** One bad path for all lanes; a row for each. */
async function measure({ forwarder, receiver, senders }, { rtt, loss, seed }) {
  const bdp = (rate * rtt) / 1000 / 8 / MTU;
  const queue = Math.max(16, Math.ceil(bdp));
  await forwarder.ask(`set ${rtt * 500} ${rate} ${queue} ${Math.round(loss * 10_000)} ${seed}`);
  await Promise.all(senders.map((sender) => sender.ask('go')));
  await sleep(Number(ask.warmup) * 1000);
  const before = JSON.parse(await receiver.ask('count'));
  await sleep(Number(ask.seconds) * 1000);
  const after = JSON.parse(await receiver.ask('count'));
  const paths = JSON.parse(await forwarder.ask('get'));
  const infos = (await Promise.all(senders.map((sender) => sender.ask('stop')))).flatMap((line) => JSON.parse(line));
  await sleep(rtt + 100); // the RSTs get there
  return lanes.map(({ who, host }, n) => {
    const bytes = (after.bytes[host] ?? 0) - (before.bytes[host] ?? 0);
    const mbit = (bytes * 8) / (after.ms - before.ms) / 1000;
    const share = (mbit * 1e6) / ((rate * TEXT) / FRAME);
    return { seed, rtt, loss, queue, who, mbit, share, path: paths[n], info: infos[n] };
  });
}

function table(rows, file) {
  const cell = (rtt, loss, who) => {
    const shares = rows.filter((r) => r.rtt === rtt && r.loss === loss && r.who === who).map((r) => 100 * r.share);
    const spread = shares.length > 1 ? ` (${Math.min(...shares).toFixed(0)}–${Math.max(...shares).toFixed(0)})` : '';
    return shares.length === 0 ? '' : `${median(shares).toFixed(0)}${spread}`;
  };
  const { kernel, node } = meta();
  const lines = numbers(ask.losses).flatMap((loss) =>
    numbers(ask.rtts).map(
      (rtt) => `| ${loss} % loss, ${rtt} ms | ${lanes.map(({ who }) => cell(rtt, loss, who)).join(' | ')} |`,
    ),
  );
  return `${SECTION}

Real clocks, real devices: our stack over AF_PACKET and the kernel (${kernel}) send at the same time, each over a path of its own, to a kernel. One
forwarder in user space is all the paths: ${ask.rate} Mbit/s, a queue of one bandwidth-delay product (at least 16 packets), and the same losses for each sender: the
n-th frame with text. Goodput in hundredths of what text the bottleneck carries, ${ask.seconds} s after the first ${ask.warmup}; median of ${ask.rounds} runs (least–most). The
kernel's bbr is version 1, which does not care about loss; ours is version 3, to which more than 2 % says that too much is in flight. By
\`npm run bench:goodput\` on Node ${node}; rows in \`bench/results/${file}\`.

| path | ${lanes.map(({ who }) => who).join(' | ')} |
| ---- |${' ---- |'.repeat(lanes.length)}
${lines.join('\n')}
`;
}

function writePage(text) {
  const page = readFileSync(PAGE, 'utf8');
  const at = page.indexOf(`\n${SECTION}`);
  writeFileSync(PAGE, `${at < 0 ? page : page.slice(0, at)}\n${text}`);
}

if (!existsSync(path('dist/index.js')) || !which('gcc')) {
  say('needs dist (npm run build) and gcc');
  process.exit(1);
}
const programs = await start();
const out = resultFile(ask.name);
writeFileSync(beside(out, '.meta.json'), `${JSON.stringify({ ...meta(), ask }, null, 1)}\n`);
const rows = [];
for (let seed = 1; seed <= Number(ask.rounds); seed++)
  for (const loss of numbers(ask.losses))
    for (const rtt of numbers(ask.rtts)) {
      const found = await measure(programs, { rtt, loss, seed });
      rows.push(...found);
      for (const row of found) appendFileSync(out, `${JSON.stringify(row)}\n`);
      say(`${seed}: ${loss} %, ${rtt} ms: ${found.map((r) => `${r.who} ${(100 * r.share).toFixed(0)}`).join(', ')}`);
    }
const text = table(rows, basename(out));
writeFileSync(beside(out, '.md'), text);
console.log(text);
if (ask.page) writePage(text);
process.removeAllListeners('exit');
for (const child of children) {
  child.removeAllListeners('exit');
  child.kill('SIGKILL');
  await once(child, 'exit');
}
process.exit(0);

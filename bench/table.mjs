// node bench/table.mjs FILE.jsonl...: the tables of result files, in Markdown.
import { fileURLToPath } from 'node:url';
import { cellsOf, distinct, pointsOf, readRows, short, tailsOf } from './rows.mjs';

export const titles = {
  on: 'offloads on',
  off: 'offloads off',
  gro: 'GRO on, senders without TSO',
  apart: 'offloads off, each end on a core of its own',
  idle: 'idle connections',
};

/** Which tests stand in which table of a mode, in this order; what nobody listed comes last. */
const parts = [
  ['bulk, Gbit/s, and connections per second', /^(sink8?|source|sink8?-crc|source-crc|cps)$/],
  ['HTTP and TLS', /^https? /],
  ['ping-pong, µs', /^rr/],
  ['open loop at fixed rates, µs from the time a request was due', /^lat@/],
  ['CPU of the server, s/GB', / cpu$/],
  ['% of a core that each side had in cps', / core, /],
  ['', /./],
];

const cellText = ({ mid, low, high, n, ratio }) =>
  [short(mid), ratio && `(${ratio.mid.toFixed(2)}x)`, n > 1 && `[${short(low)}..${short(high)}]`]
    .filter(Boolean)
    .join(' ');

function tableOf(cells) {
  const tests = distinct(cells.map((c) => c.test));
  const lines = [`| peer | ${tests.join(' | ')} | rounds |`, `|---${'|---:'.repeat(tests.length + 1)}|`];
  for (const peer of distinct(cells.map((c) => c.peer))) {
    const own = new Map(cells.filter((c) => c.peer === peer).map((c) => [c.test, c]));
    const rounds = Math.max(...[...own.values()].map((c) => c.n));
    lines.push(`| ${peer} | ${tests.map((t) => (own.has(t) ? cellText(own.get(t)) : '-')).join(' | ')} | ${rounds} |`);
  }
  return lines.join('\n');
}

export function tables(rows) {
  const points = pointsOf(rows);
  const cells = cellsOf(points);
  const tails = cellsOf(tailsOf(points)).map((cell) => ({ ...cell, ratio: undefined }));
  const out = [];
  for (const mode of distinct(cells.map((c) => c.mode))) {
    out.push(`## ${titles[mode] ?? mode}`);
    let left = cells.filter((c) => c.mode === mode);
    for (const [title, which] of parts) {
      const here = left.filter((c) => which.test(c.test));
      if (here.length === 0) continue;
      left = left.filter((c) => !here.includes(c));
      out.push(...(title ? [`### ${title}`] : []), tableOf(here));
      const far = tails.filter((c) => c.mode === mode && which.test(c.test));
      if (far.length > 0) out.push('p99 for the p50 of `node-net` in the same round:', tableOf(far));
    }
  }
  const failed = rows.filter((r) => r.err || r.client_err);
  if (failed.length > 0) {
    out.push('## what failed');
    out.push(
      failed
        .map((r) => `- ${r.peer ?? ''} ${r.mode ?? ''} ${r.t ?? r.m ?? ''}: ${(r.err || r.client_err).trim()}`)
        .join('\n'),
    );
  }
  return `${out.join('\n\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(tables(readRows(...process.argv.slice(2))));

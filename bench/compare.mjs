// npm run bench:compare -- A B: two result files side by side. Ratios of medians, B to A; where the ranges over rounds
// overlap there is no result, and that is what it says, and what is in one of them only. A and B are files, or a part of the
// name of one in bench/results.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { path } from '../scripts/prepare.mjs';
import { BASE, cellsOf, comparable, distinct, groupBy, pointsOf, readRows, short } from './rows.mjs';

function find(name) {
  if (existsSync(name)) return name;
  const folder = path('bench/results');
  const found = readdirSync(folder).filter((f) => f.endsWith('.jsonl') && f.includes(name));
  if (found.length === 1) return `${folder}/${found[0]}`;
  throw new Error(found.length === 0 ? `no such result: ${name}` : `${name} could be ${found.join(', ')}`);
}

const range = ({ low, high }) => (low === high ? '' : ` [${short(low)}..${short(high)}]`);

/** 'no result', or which of the two is better. One round has no range, so it can say nothing. */
export function verdict(a, b, better) {
  if (a.n < 2 || b.n < 2) return 'no result: one round';
  if (a.low <= b.high && b.low <= a.high) return 'no result: ranges overlap';
  return b.mid > a.mid === (better === 'more') ? 'B is better' : 'B is worse';
}

const keyOf = (c) => `${c.mode}\n${c.peer}\n${c.test}`;
const shown = (picked) => (picked ? `${short(picked.mid)}${range(picked)}` : '-');

/** A line for a cell of A and of B, of which one may be missing. */
function line(old, now, pick) {
  const [a, b] = [old && pick(old), now && pick(now)];
  if (!a && !b) return undefined;
  const { peer, test, unit, better } = now ?? old;
  const both = a && b;
  const said = both ? verdict({ ...a, n: old.n }, { ...b, n: now.n }, better) : `only in ${a ? 'A' : 'B'}`;
  const ratio = both ? (b.mid / a.mid).toFixed(2) : '-';
  return `| ${peer} | ${test} | ${pick === value ? unit : 'x'} | ${shown(a)} | ${shown(b)} | ${ratio} | ${said} |`;
}

const value = (cell) => cell;
const ratio = (cell) => (cell.peer === BASE ? undefined : cell.ratio);

/** What is compared of a cell: its values, or those to node-net in the same round, which a slow hour spares. */
function table(title, before, after, pick) {
  const [then, now] = [before, after].map((cells) => new Map(cells.map((c) => [keyOf(c), c])));
  const lines = distinct([...now.keys(), ...then.keys()])
    .map((key) => line(then.get(key), now.get(key), pick))
    .filter(Boolean);
  const head = `| peer | test | unit | A | B | B/A | |\n|---|---|---|---:|---:|---:|---|`;
  return lines.length > 0 ? `### ${title}\n\n${head}\n${lines.join('\n')}\n` : '';
}

/** Rows that have no points, by kind: what failed, and what nobody compares. */
function leftOut(name, rows) {
  const kind = (r) => r.m ?? (r.case === undefined ? 'of no kind' : `case ${r.case}`);
  const failed = rows.filter((r) => r.err).length;
  const left = rows.filter((r) => !r.err && (!r.peer || !Object.hasOwn(comparable, r.m)));
  const kinds = [...groupBy(left, kind)].map(([what, own]) => `${own.length} ${what}`);
  if (failed > 0) kinds.unshift(`${failed} that failed`);
  return kinds.length > 0 ? `Rows of ${name} that are not compared: ${kinds.join(', ')}.\n` : '';
}

export function compare(rowsA, rowsB) {
  const [before, after] = [rowsA, rowsB].map((rows) => cellsOf(pointsOf(rows, comparable)));
  const out = [];
  for (const mode of distinct([...after, ...before].map((c) => c.mode))) {
    const here = (cells) => cells.filter((c) => c.mode === mode);
    const of = mode === '' ? '' : `${mode}: `;
    out.push(table(`${of}values`, here(before), here(after), value));
    out.push(table(`${of}ratios to ${BASE} within a round`, here(before), here(after), ratio));
  }
  out.push(leftOut('A', rowsA), leftOut('B', rowsB));
  return out.filter(Boolean).join('\n') || 'nothing is in either file\n';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.length !== 2) {
    console.error('usage: npm run bench:compare -- A.jsonl B.jsonl');
    process.exit(2);
  }
  const [a, b] = positionals.map(find);
  console.log(`A: ${a}\nB: ${b}\n`);
  process.stdout.write(compare(readRows(a), readRows(b)));
}

// npm run bench:compare -- A B: two result files side by side. Ratios of medians, B to A; where the ranges over rounds
// overlap there is no result, and that is what it says. A and B are files, or a part of the name of one in bench/results.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { path } from '../scripts/prepare.mjs';
import { BASE, cellsOf, distinct, pointsOf, readRows, short } from './rows.mjs';

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

/** What is compared of a cell: its values, or (`ratios`) those to node-net in the same round, which a slow hour spares. */
function table(title, before, after, pick) {
  const lines = [`| peer | test | unit | A | B | B/A | |`, '|---|---|---|---:|---:|---:|---|'];
  const key = (c) => `${c.mode}\n${c.peer}\n${c.test}`;
  const then = new Map(before.map((c) => [key(c), c]));
  for (const now of after) {
    const old = then.get(key(now));
    const [a, b] = [old && pick(old), pick(now)];
    if (!a || !b) continue;
    const said = verdict({ ...a, n: old.n }, { ...b, n: now.n }, now.better);
    const unit = pick(now) === now ? now.unit : 'x';
    lines.push(
      `| ${now.peer} | ${now.test} | ${unit} | ${short(a.mid)}${range(a)} | ${short(b.mid)}${range(b)} | ${(b.mid / a.mid).toFixed(2)} | ${said} |`,
    );
  }
  return lines.length > 2 ? `### ${title}\n\n${lines.join('\n')}\n` : '';
}

export function compare(rowsA, rowsB) {
  const [before, after] = [cellsOf(pointsOf(rowsA)), cellsOf(pointsOf(rowsB))];
  const out = [];
  for (const mode of distinct(after.map((c) => c.mode))) {
    const here = (cells) => cells.filter((c) => c.mode === mode);
    const tables = [
      table(`${mode}: values`, here(before), here(after), (c) => c),
      table(`${mode}: ratios to ${BASE} within a round`, here(before), here(after), (c) =>
        c.peer === BASE ? undefined : c.ratio,
      ),
    ].filter(Boolean);
    out.push(...tables);
  }
  return out.join('\n') || 'nothing is in both files\n';
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

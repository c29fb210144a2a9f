/**
 * Every row of transitions.tsv is named by a test: in its name, or in the table it is made from. Hazards too, save those that a
 * decision settles, and what `open.tsv` still lists.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Row {
  readonly id: string;
  readonly text: string;
}

function rows(): Row[] {
  const lines = readFileSync(join(root, 'docs/requirements/transitions.tsv'), 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const [id = '', , state = '', event = '', guard = ''] = line.split('\t');
    return { id, text: [id, state, event, guard].filter((part) => part !== '').join(' · ') };
  });
}

/** Ids that stand outside of comments in files of tests. */
function named(): Set<string> {
  const found = new Set<string>();
  for (const entry of readdirSync(join(root, 'test'), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.test.ts')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
    for (const [id] of code.matchAll(/\bT\d{3}\b/g)) found.add(id);
  }
  return found;
}

test('the table is there', () => {
  expect(rows().length).toBeGreaterThan(300);
});

/** Settled by an ADR (`Decides: T293`), or on the list of what is not built yet. */
function settled(): Set<string> {
  const adr = join(root, 'docs/adr');
  const decisions = readdirSync(adr).flatMap((name) => {
    return [...readFileSync(join(adr, name), 'utf8').matchAll(/^Decides: (.+)$/gm)].map(([, list]) => list!);
  });
  const open = readFileSync(join(root, 'docs/requirements/open.tsv'), 'utf8').match(/^T\d{3}/gm) ?? [];
  return new Set([...decisions.flatMap((list) => list.match(/T\d{3}/g) ?? []), ...open]);
}

test('each row is named by a test', () => {
  const tests = named();
  const others = settled();
  const missing = rows().filter(({ id }) => !tests.has(id) && !others.has(id));
  expect(missing.map(({ text }) => text)).toEqual([]);
});

test('no test names a row that is not there', () => {
  const ids = new Set(rows().map(({ id }) => id));
  expect([...named()].filter((id) => !ids.has(id))).toEqual([]);
});

/** Every rule, order and sequence of transitions.tsv is named by a test: in its name, or in the table it is made from. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const KINDS = ['order', 'rule', 'sequence'];

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
}

function rows(): Row[] {
  const lines = readFileSync(join(root, 'docs/requirements/transitions.tsv'), 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const [id = '', kind = '', state = '', event = '', guard = ''] = line.split('\t');
    return { id, kind, text: [id, state, event, guard].filter((part) => part !== '').join(' · ') };
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

test('each row that can be tested is named by a test', () => {
  const tests = named();
  const missing = rows().filter(({ id, kind }) => KINDS.includes(kind) && !tests.has(id));
  expect(missing.map(({ text }) => text)).toEqual([]);
});

test('no test names a row that is not there', () => {
  const ids = new Set(rows().map(({ id }) => id));
  expect([...named()].filter((id) => !ids.has(id))).toEqual([]);
});

/** The tables of requirements: every row can be named, and by one name only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const dir = fileURLToPath(new URL('../../docs/requirements', import.meta.url));
const ids = (name: string): string[] =>
  readFileSync(join(dir, name), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0]!);
const TABLES = ['rfc9293.tsv', 'transitions.tsv', 'other-rfcs.tsv'];

test('ids are unique over all tables', () => {
  const all = TABLES.flatMap(ids);
  expect(all.filter((id, n) => all.indexOf(id) !== n)).toEqual([]);
});

test('an id of another RFC says which RFC and section it is', () => {
  for (const line of readFileSync(join(dir, 'other-rfcs.tsv'), 'utf8').trimEnd().split('\n').slice(1)) {
    const [id = '', rfc = '', section = ''] = line.split('\t');
    expect(id).toMatch(/^\d{3,4}(-(\d+(\.\d+)*|[a-z]+))?(-[a-z])?$/);
    expect(`${rfc} ${section}`).toContain(/^\d+/.exec(id)![0]);
  }
});

test('what is listed as open is a requirement', () => {
  const all = new Set(TABLES.flatMap(ids));
  expect(ids('open.tsv').filter((id) => !all.has(id))).toEqual([]);
});

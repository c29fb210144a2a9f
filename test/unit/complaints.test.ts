/** docs/complaints.md names tests by file and title, and decisions by file: they are there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const page = readFileSync(join(docs, 'complaints.md'), 'utf8');

test('every test it names is there', () => {
  const named = [...page.matchAll(/`(test\/[^`]+)` · ([^;|]+)/g)];
  expect(named.length).toBeGreaterThan(50);
  const missing = named.filter(([, file, title]) => {
    const path = join(docs, '..', file!);
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(title!.trim());
  });
  expect(missing.map(([text]) => text)).toEqual([]);
});

test('every decision it names is there', () => {
  const named = [...page.matchAll(/\]\((adr\/[^)]+)\)/g)].map(([, file]) => file!);
  expect(named.filter((file) => !existsSync(join(docs, file)))).toEqual([]);
});

test('each row says what holds here', () => {
  const rows = page.split('\n').filter((line) => /^\| \d+ \|/.test(line));
  expect(rows.map((row) => Number(row.split('|')[1]))).toEqual(Array.from({ length: 67 }, (_, n) => n + 1));
  expect(rows.filter((row) => (row.split('|')[4] ?? '').trim() === '')).toEqual([]);
});

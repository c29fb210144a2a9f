/** Planted faults stay plantable: names are unique, each snippet is there exactly once, their tests exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { plant } from '../../faults/fault.ts';
import { faults } from '../../faults/list.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('every snippet occurs exactly once in its file', () => {
  const wrong = faults.flatMap((fault) => {
    try {
      plant(fault, readFileSync(join(root, fault.file), 'utf8'));
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  expect(wrong).toEqual([]);
});

test('names are unique', () => {
  const names = faults.map((f) => f.name);
  expect(names.filter((name, n) => names.indexOf(name) !== n)).toEqual([]);
});

test('each fault names requirements, and tests that exist', () => {
  expect(faults.filter((f) => f.ids.length === 0 || f.tests.length === 0).map((f) => f.name)).toEqual([]);
  expect(faults.flatMap((f) => f.tests).filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('a snippet that is gone, or not alone, is an error', () => {
  const fault = { name: 'x', ids: ['MUST-1'], file: 'f', from: 'a + b', to: 'a - b', tests: ['t'] };
  expect(plant(fault, 'return a + b;')).toBe('return a - b;');
  expect(() => plant(fault, 'return a;')).toThrow('occurs 0 times');
  expect(() => plant(fault, 'a + b; a + b')).toThrow('occurs 2 times');
});

// Each bit of a row's flags belongs to one name.
import { expect, test } from 'vitest';
import * as row from '../../../../src/core/tcp/row.ts';

const bits = (prefix: RegExp): [string, number][] =>
  Object.entries(row).filter((entry): entry is [string, number] => prefix.test(entry[0]));

test.each([
  ['flags', /^F_/],
  ['flags2', /^F2_(?!HOLDS_)/],
])('no two flags share a bit of %s', (_word, prefix) => {
  const names = new Map<number, string>();
  for (const [name, bit] of bits(prefix)) {
    expect(bit & (bit - 1), name).toBe(0);
    expect(names.get(bit), name).toBeUndefined();
    names.set(bit, name);
  }
  expect(names.size).toBeGreaterThan(20);
});

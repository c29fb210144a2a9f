import { expect, test } from 'vitest';
import { inForeground } from '../../../src/cli/foreground.ts';

const stat = (name: string, pgrp: number, tpgid: number) => () =>
  `4711 (${name}) S 1 ${pgrp} 4000 34816 ${tpgid} 4194560 1`;

test.each([
  ['in the foreground of a terminal', stat('node', 4711, 4711), true],
  ['in its background', stat('node', 4711, 4000), false],
  ['without a terminal', stat('node', 4711, -1), false],
  ['by a name with anything in it', stat('a) S 1 2 (b', 4711, 4711), true],
])('%s', (_, read, expected) => {
  expect(inForeground(read)).toBe(expected);
});

test('without procfs it is in none', () => {
  const none = (): string => {
    throw new Error('ENOENT');
  };
  expect(inForeground(none)).toBe(false);
});

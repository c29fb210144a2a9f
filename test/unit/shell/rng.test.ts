import { expect, test } from 'vitest';
import { NodeRng, SecretRng } from '../../../src/shell/rng.ts';

const draw = (rng: { u32(): number }, n: number): number[] => Array.from({ length: n }, () => rng.u32());

test('random words are int32, and go on beyond one page of them', () => {
  const words = draw(new NodeRng(), 3000);
  expect(words.every((word) => (word | 0) === word)).toBe(true);
  expect(new Set(words).size).toBeGreaterThan(2990);
  const negative = words.filter((word) => word < 0).length;
  expect(Math.abs(negative - 1500)).toBeLessThan(300); // eleven standard deviations
});

test('the same secret gives the same words, another one others', () => {
  const secret = Uint8Array.of(1, 2, 3);
  const words = draw(new SecretRng(secret), 20);
  expect(draw(new SecretRng(Uint8Array.of(1, 2, 3)), 20)).toEqual(words);
  expect(draw(new SecretRng(Uint8Array.of(1, 2, 4)), 20)).not.toEqual(words);
  expect(new Set(words).size).toBe(20); // beyond one SHA-256, too
});

test('the secret is copied: wiping it afterwards changes nothing', () => {
  const secret = Uint8Array.of(9, 9);
  const rng = new SecretRng(secret);
  secret.fill(0);
  expect(draw(rng, 9)).toEqual(draw(new SecretRng(Uint8Array.of(9, 9)), 9));
});

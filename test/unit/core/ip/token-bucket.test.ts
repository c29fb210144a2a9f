import { expect, test } from 'vitest';
import { TokenBucket } from '../../../../src/core/ip/token-bucket.ts';

test('TokenBucket: never more than it holds, whatever the pause', () => {
  const bucket = new TokenBucket(10, 3);
  const burst = (now: number): number => {
    let n = 0;
    while (bucket.take(now)) n++;
    return n;
  };
  expect(burst(0)).toBe(3);
  expect(burst(99_999)).toBe(0);
  expect(burst(100_000)).toBe(1);
  expect(burst(1e12)).toBe(3);
});

import { expect, test } from 'vitest';
import { TokenBucket } from '../../../../src/core/ip/token-bucket.ts';

const granted = (bucket: TokenBucket, tries: number, now: number): number => {
  let n = 0;
  for (let i = 0; i < tries; i++) if (bucket.take(now)) n++;
  return n;
};

test('a burst of `most`, then `perSecond` in the long run', () => {
  const bucket = new TokenBucket(10, 3);
  expect(granted(bucket, 100, 5e6)).toBe(3);
  expect(granted(bucket, 100, 5e6 + 99_999)).toBe(0);
  expect(granted(bucket, 100, 5e6 + 100_001)).toBe(1);
  let n = 0;
  for (let ms = 200; ms < 10_200; ms++) n += granted(bucket, 5, 5e6 + ms * 1000);
  expect(Math.abs(n - 100)).toBeLessThanOrEqual(1);
});

test('idle time saves up no more than `most`', () => {
  const bucket = new TokenBucket(1000, 5);
  granted(bucket, 5, 1);
  expect(granted(bucket, 100, 3600e6)).toBe(5);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Arrangement } from '../../../src/shell/coexist/arrangement.ts';
import type { Offence } from '../../../src/shell/coexist/fence.ts';
import { watchKernel } from '../../../src/shell/coexist/watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('what the kernel does in our place is told once, soon at first, then looked for at ever longer intervals', async () => {
  let looks = 0;
  let found: Offence[] = [];
  const arrangement = {
    offences: async () => {
      looks++;
      return found;
    },
  } as Partial<Arrangement> as Arrangement;
  const told: string[] = [];
  const stop = watchKernel(arrangement, 'eth0', (sentence) => told.push(sentence));
  await vi.advanceTimersByTimeAsync(1000);
  expect([looks, told]).toEqual([1, []]);

  found = [{ packets: 3, what: 'answered for 10.0.0.2' }];
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual([expect.stringMatching(/^the kernel answered for 10\.0\.0\.2 on eth0; .*nft list ruleset/)]);

  found = [...found, { packets: 1, what: 'sent redirects away from 10.0.0.2' }];
  await vi.advanceTimersByTimeAsync(120_000);
  expect([looks, told.length]).toEqual([4, 2]);

  stop();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(looks).toBe(4);
});

test('a look that fails is told once and ends nothing: the next one may see again', async () => {
  let fails = true;
  const arrangement = {
    offences: async () => {
      if (fails) throw new Error('`usertcp open` is gone');
      return [{ packets: 1, what: 'answered for 10.0.0.2' }];
    },
  } as Partial<Arrangement> as Arrangement;
  const told: string[] = [];
  const stop = watchKernel(arrangement, 'eth0', (sentence) => told.push(sentence));
  await vi.advanceTimersByTimeAsync(200_000);
  expect(told).toEqual(['what the kernel does on eth0 in our place is not seen any more: `usertcp open` is gone']);
  fails = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told[1]).toMatch(/^the kernel answered/);
  stop();
});

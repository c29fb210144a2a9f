import { expect, test } from 'vitest';
import { Cookies } from '../../../src/core/cookie.ts';
import { SeededRng } from '../../../src/link/sim.ts';

const MINUTE = 60e6;
const NOW = 1e15;
const identity = (port: number): Int32Array =>
  Int32Array.of((80 << 16) | port, 0, 0, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a000002);
const baker = (seed = 1): Cookies => new Cookies(new SeededRng(seed));

test('a cookie brings back the MSS, rounded down, and whether timestamps are agreed [RFC 4987 §3.6]', () => {
  const cookies = baker();
  const found = [10, 48, 535, 536, 1299, 1400, 1452, 1460, 9000, 65_535].map((mss) => {
    const cookie = cookies.make(identity(1), 7, mss, mss % 2 === 0, NOW);
    expect(cookies.check(identity(1), 7, cookie, NOW)).toBe(true);
    expect(cookies.timestamps).toBe(mss % 2 === 0);
    return cookies.mss;
  });
  expect(found).toEqual([48, 48, 48, 536, 1220, 1360, 1440, 1460, 8960, 8960]);
});

test('it is for its own four-tuple, ISN, secret and time [RFC 4987 §3.6]', () => {
  const cookies = baker();
  const cookie = cookies.make(identity(1), 7, 1460, true, NOW);
  const at = (now: number): boolean => cookies.check(identity(1), 7, cookie, now);
  expect(cookies.check(identity(2), 7, cookie, NOW)).toBe(false);
  expect(cookies.check(identity(1), 8, cookie, NOW)).toBe(false);
  expect(baker(2).check(identity(1), 7, cookie, NOW)).toBe(false);
  expect([0, 1, 2, 15, 16, 17, -1].map((n) => at(NOW + n * MINUTE))).toEqual([
    true,
    true,
    false,
    false,
    false, // the counter of four bits has gone round, the hash has not
    false,
    false,
  ]);
});

test('no part of it can be foretold: all bits vary over peers, and guesses fail [RFC 4987 §3.6]', () => {
  const cookies = baker();
  let ones = 0;
  let zeros = 0;
  let taken = 0;
  const rng = new SeededRng(3);
  for (let port = 1; port <= 200; port++) {
    const cookie = cookies.make(identity(port), 7, 1460, true, NOW);
    ones |= cookie;
    zeros |= ~cookie;
    for (let n = 0; n < 500; n++) if (cookies.check(identity(port), 7, rng.u32() | 0, NOW)) taken++;
  }
  expect([ones, zeros, taken]).toEqual([-1, -1, 0]);
});

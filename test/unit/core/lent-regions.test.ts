import { expect, test } from 'vitest';
import { LentRegions } from '../../../src/core/lent-regions.ts';
import type { Link } from '../../../src/ports.ts';
import { fakeLink, OUR_MAC } from './ip/harness.ts';

const LAST = 1023;

function make(): { regions: LentRegions; told: Map<number, Uint8Array | null>; calls: number[]; links: Link[] } {
  const told = new Map<number, Uint8Array | null>();
  const calls: number[] = [];
  const lend = (region: number, bytes: Uint8Array | null): void => {
    calls.push(region);
    told.set(region, bytes);
  };
  const links: Link[] = [
    { ...fakeLink('ether', OUR_MAC), rxMemory: new Uint8Array(64), lend },
    fakeLink('loop', OUR_MAC),
  ];
  return { regions: new LentRegions(links, new ArrayBuffer(0)), told, calls, links };
}

test('links are told of a buffer once, however often it is sent and acknowledged', () => {
  const { regions, told, calls } = make();
  const buffer = new ArrayBuffer(100);
  const region = regions.take(0, buffer);
  expect(region).toBeGreaterThan(0); // 0 is the arena
  expect([told.get(region)!.buffer === buffer, told.get(region)!.length]).toEqual([true, 100]);
  regions.release(region);
  expect([regions.take(0, buffer), regions.take(0, new ArrayBuffer(100)) !== region, calls.length]).toEqual([
    region,
    true,
    2,
  ]);
});

test('a link that cannot, and memory that is lent to us, are refused', () => {
  const { regions, calls, links } = make();
  expect([regions.take(1, new ArrayBuffer(8)), regions.take(0, links[0]!.rxMemory.buffer), calls]).toEqual([
    -1,
    -1,
    [],
  ]);
});

test('when all numbers are given out an unused one makes room; one in use never does', () => {
  const { regions, told, calls } = make();
  const buffers = Array.from({ length: LAST }, () => new ArrayBuffer(1));
  for (const [n, buffer] of buffers.entries()) expect(regions.take(0, buffer)).toBe(n + 1);
  expect(regions.take(0, new ArrayBuffer(1))).toBe(-1);
  regions.release(500);
  const next = new ArrayBuffer(2);
  expect(regions.take(0, next)).toBe(500);
  expect(calls.slice(-2)).toEqual([500, 500]); // forgotten, then told anew
  expect(told.get(500)!.buffer).toBe(next);
  regions.release(7);
  expect(regions.take(0, buffers[499]!)).toBe(7); // the one that had to go is a stranger again
});

test('a buffer with two chunks on it stays until both are acknowledged', () => {
  const { regions } = make();
  const first = new ArrayBuffer(1);
  regions.take(0, first);
  regions.take(0, first);
  for (let n = 1; n < LAST; n++) regions.take(0, new ArrayBuffer(1));
  regions.release(1);
  expect(regions.take(0, new ArrayBuffer(1))).toBe(-1);
  regions.release(1);
  expect(regions.take(0, new ArrayBuffer(1))).toBe(1);
});

test('a detached buffer is noticed; the arena is never gone', () => {
  const { regions } = make();
  const buffer = new ArrayBuffer(10);
  const region = regions.take(0, buffer);
  expect(regions.isGone(region)).toBe(false);
  structuredClone(buffer, { transfer: [buffer] });
  expect([regions.isGone(region), regions.isGone(0)]).toEqual([true, false]);
});

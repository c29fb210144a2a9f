// When long frames are copied late, and that they do not change to and fro (ADR 55).
import { expect, test } from 'vitest';
import { LongFrames } from '../../../src/shell/long-frames.ts';

const MB = 1024 * 1024;

function policy(): { told: boolean[]; comes: (bytes: number, burst: number, keeps?: boolean) => void } {
  const told: boolean[] = [];
  const driver = { counts: { bursts: 0 } };
  const link = { readLong: (on: boolean) => told.push(on) > 0 };
  const frames = new LongFrames({ links: [link, {}] as never, driver });
  const comes = (bytes: number, burst: number, keeps?: boolean): void => {
    for (let at = 0; at < bytes; at += 32 * 1024) {
      if (at % burst === 0) driver.counts.bursts++;
      frames.saw(32 * 1024, keeps);
    }
  };
  return { told, comes };
}

test('short bursts of bytes that are looked at where they lie', () => {
  const { told, comes } = policy();
  comes(32 * MB, 64 * 1024);
  expect(told).toEqual([]);
  comes(64 * MB, 64 * 1024);
  expect(told).toEqual([true]);
});

test('not when our core is what all wait for, and not when the bytes are copied anyway', () => {
  const { told, comes } = policy();
  comes(128 * MB, 512 * 1024);
  comes(128 * MB, 64 * 1024, true);
  expect(told).toEqual([]);
});

test('back again', () => {
  const { told, comes } = policy();
  comes(96 * MB, 64 * 1024);
  comes(96 * MB, 64 * 1024, true);
  comes(96 * MB, 64 * 1024);
  comes(96 * MB, 512 * 1024);
  expect(told).toEqual([true, false, true, false]);
});

test('a burst in between changes nothing', () => {
  const { told, comes } = policy();
  comes(96 * MB, 64 * 1024);
  for (let i = 0; i < 20; i++) {
    comes(16 * MB, 512 * 1024);
    comes(16 * MB, 64 * 1024);
  }
  expect(told).toEqual([true]);
});

test("short text is nobody's business", () => {
  const told: boolean[] = [];
  const links = [{ readLong: (on: boolean) => told.push(on) > 0 }] as never;
  const frames = new LongFrames({ links, driver: { counts: { bursts: 0 } } });
  for (let i = 0; i < 100_000; i++) frames.saw(1448, false);
  expect(told).toEqual([]);
});

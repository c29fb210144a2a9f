import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WHEEL_AT } from '../../../src/core/tcp/tcb.ts';
import { TimerWheel } from '../../../src/core/timers.ts';
import { ROW_WORDS } from '../../../src/wire/abi.ts';

const ROWS = 32;

class Log {
  readonly seen: number[] = [];
  expire(row: number): void {
    this.seen.push(row);
  }
}

const wheelAt = (
  start: number,
  rows = new Int32Array(ROWS * ROW_WORDS),
): { wheel: TimerWheel; rows: Int32Array; log: Log } => {
  const wheel = new TimerWheel(rows);
  const log = new Log();
  wheel.advance(start | 0, log);
  return { wheel, rows, log };
};

describe('TimerWheel', () => {
  test('an empty wheel never asks to wake', () => {
    const { wheel, log } = wheelAt(5);
    expect(wheel.next(5)).toBe(0);
    wheel.file(3, 9);
    wheel.remove(3);
    expect(wheel.next(5)).toBe(0);
    expect(wheel.count).toBe(0);
    wheel.advance(1000, log);
    expect(log.seen).toEqual([]);
  });

  test('expires at the tick and not before; the row is unfiled by then', () => {
    const { wheel, rows, log } = wheelAt(100);
    wheel.file(1, 107);
    expect(rows[ROW_WORDS + WHEEL_AT]).toBe(107);
    expect(wheel.next(100)).toBe(107);
    wheel.advance(106, log);
    expect(log.seen).toEqual([]);
    wheel.advance(107, log);
    expect(log.seen).toEqual([1]);
    expect(rows[ROW_WORDS + WHEEL_AT]).toBe(0);
  });

  test('only an earlier tick refiles', () => {
    const { wheel, rows } = wheelAt(0);
    wheel.file(1, 500);
    wheel.file(1, 600);
    wheel.file(1, 500);
    expect(wheel.count).toBe(1);
    expect(rows[ROW_WORDS + WHEEL_AT]).toBe(500);
    wheel.file(1, 400);
    expect(rows[ROW_WORDS + WHEEL_AT]).toBe(400);
    expect(wheel.count).toBe(1);
  });

  test('what is already due expires at the next advance, even to the same tick', () => {
    const { wheel, log } = wheelAt(100);
    wheel.file(1, 100);
    wheel.file(2, 50);
    expect(wheel.next(100)).toBe(100);
    wheel.advance(100, log);
    expect(log.seen.sort()).toEqual([1, 2]);
  });

  test('an expiry that files itself again for now ends the advance and wakes at once', () => {
    const { wheel } = wheelAt(100);
    let calls = 0;
    const again = {
      expire: (row: number): void => {
        calls++;
        wheel.file(row, 200);
      },
    };
    wheel.file(1, 150);
    wheel.advance(200, again);
    expect(calls).toBe(1);
    expect(wheel.next(200)).toBe(200);
    wheel.advance(200, again);
    expect(calls).toBe(2);
  });

  test('tick 0 is taken as 1, a due row at tick 0 wakes at once', () => {
    const { wheel, rows, log } = wheelAt(-10);
    wheel.file(1, 0);
    expect(rows[ROW_WORDS + WHEEL_AT]).toBe(1);
    wheel.advance(0, log);
    expect(log.seen).toEqual([]);
    expect(wheel.next(0)).toBe(1);
    wheel.file(2, -5);
    expect(wheel.next(0)).not.toBe(0);
    wheel.advance(1, log);
    expect(log.seen.sort()).toEqual([1, 2]);
  });

  test.each([0x7ffffff0, -0x80000000, -16, 0x3fffffff, -0x40000001])('wraps around from base %i', (base) => {
    const delays = [1, 15, 16, 17, 63, 64, 65, 4095, 4096, 7_200_000, 0x3fffffff, 0x40000000, 0x7ffffffe];
    for (const delay of delays) {
      const { wheel, log } = wheelAt(base);
      const at = (base + delay) | 0 || 1;
      wheel.file(1, at);
      let wakes = 0;
      let now = base | 0;
      while (log.seen.length === 0) {
        const next = wheel.next(now);
        expect((next - now) | 0).toBeGreaterThan(0);
        expect((at - next) | 0).toBeGreaterThanOrEqual(0);
        wheel.advance(next, log);
        now = next;
        wakes++;
      }
      expect(now).toBe(at);
      expect(wakes).toBeLessThanOrEqual(6);
    }
  });

  test('a burst of rows in one far slot goes off in order of ticks', () => {
    const { wheel, rows } = wheelAt(0);
    for (let row = 0; row < ROWS; row++) wheel.file(row, 5000 + ((row * 7) % ROWS));
    const order: number[] = [];
    wheel.advance(10_000, {
      expire: (row) => {
        order.push((row * 7) % ROWS);
      },
    });
    expect(order).toEqual(Array.from({ length: ROWS }, (_, i) => i));
    expect(rows.some((w, i) => i % ROW_WORDS === WHEEL_AT && w !== 0)).toBe(false);
  });

  test('behaves as a list of deadlines, whatever the expiries do', () => {
    const delay = fc.oneof(
      fc.integer({ min: -50, max: 200 }),
      fc.integer({ min: 0, max: 300_000 }),
      fc.integer({ min: 0, max: 0x7ffffff0 }),
    );
    const step = fc.oneof(
      fc.record({ op: fc.constant('file' as const), row: fc.nat(ROWS - 1), delay }),
      fc.record({ op: fc.constant('remove' as const), row: fc.nat(ROWS - 1), delay: fc.constant(0) }),
      fc.record({
        op: fc.constant('advance' as const),
        row: fc.nat(ROWS - 1),
        delay: fc.oneof(fc.nat(100), fc.nat(100_000), fc.nat(0x30000000)),
      }),
      fc.record({ op: fc.constant('wake' as const), row: fc.nat(ROWS - 1), delay }),
    );
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 120 }), (start, steps) => {
        const first = start | 0 || 1; // no tick is 0: it stands for "not filed"
        const { wheel, rows } = wheelAt(first);
        let now = first;
        const model = new Map<number, number>();
        const file = (row: number, tick: number): void => {
          const at = tick | 0 || 1;
          const old = model.get(row);
          if (old === undefined || ((at - old) | 0) < 0) model.set(row, at);
          wheel.file(row, at);
        };
        for (const s of steps) {
          // A deadline is never further away than half the circle: overdue ones would look far.
          if (s.op === 'file') file(s.row, now + s.delay);
          else if (s.op === 'remove') {
            model.delete(s.row);
            wheel.remove(s.row);
          } else {
            const next = wheel.next(now);
            expect(next === 0).toBe(model.size === 0);
            for (const at of model.values())
              expect((at - next) | 0).toBeGreaterThanOrEqual(Math.min(0, (at - now) | 0));
            let to = s.op === 'wake' ? next : (now + s.delay) | 0;
            if (to === 0) to = 1;
            const due = [...model].filter(([, at]) => ((at - to) | 0) <= 0).map(([row]) => row);
            for (const row of due) model.delete(row);
            const seen: number[] = [];
            wheel.advance(to, {
              expire: (row) => {
                seen.push(row);
                expect(rows[row * ROW_WORDS + WHEEL_AT]).toBe(0);
                if (row % 3 === 0) file(row, to + s.delay);
                // Another row that has not expired and is not about to.
                const other = (row + 11) % ROWS;
                if (row % 3 === 1 && model.has(other)) {
                  model.delete(other);
                  wheel.remove(other);
                }
              },
            });
            expect(seen.sort((a, b) => a - b)).toEqual(due.sort((a, b) => a - b));
            now = to;
          }
          expect(wheel.count).toBe(model.size);
          for (const [row, at] of model) expect(rows[row * ROW_WORDS + WHEEL_AT]).toBe(at);
        }
      }),
      { numRuns: 400 },
    );
  });
});

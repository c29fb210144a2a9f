import { expect, test } from 'vitest';
import { SeededRng, VirtualClock } from '../../../src/link/sim.ts';

test('time jumps to the next event; events of one time run in the order they were scheduled', () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const note = (name: string) => () => log.push(`${name}@${clock.now()}`);
  clock.schedule(50, note('c'));
  clock.schedule(10, note('a'));
  clock.schedule(50, note('d'));
  clock.schedule(20, () => {
    clock.schedule(20, note('b2'));
    note('b')();
  });
  clock.run(40);
  expect(log).toEqual(['a@10', 'b@20', 'b2@20']);
  expect(clock.now()).toBe(40);
  clock.run();
  expect(log.slice(3)).toEqual(['c@50', 'd@50']);
});

test('many events come out sorted', () => {
  const clock = new VirtualClock();
  const rng = new SeededRng(3);
  const times: number[] = [];
  for (let i = 0; i < 5000; i++) clock.schedule(rng.below(1000), () => times.push(clock.now()));
  clock.run();
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.length).toBe(5000);
});

test('an alarm: a later call replaces it, Infinity cancels, two clocks do not disturb each other', () => {
  const clock = new VirtualClock();
  const other = clock.alarm();
  const log: string[] = [];
  const wake = (name: string) => () => log.push(`${name}@${clock.now()}`);
  clock.setAlarm(100, wake('never'));
  clock.setAlarm(200, wake('moved later'));
  other.setAlarm(30, wake('other'));
  clock.run(150);
  clock.setAlarm(170, wake('moved earlier'));
  clock.run(1000);
  clock.setAlarm(1500, wake('cancelled'));
  clock.setAlarm(Number.POSITIVE_INFINITY, wake('nothing'));
  clock.run();
  clock.setAlarm(5, wake('in the past'));
  clock.run();
  expect(log).toEqual(['other@30', 'moved earlier@170', `in the past@${clock.now()}`]);
});

test('a wake-up that sets the alarm again and again', () => {
  const clock = new VirtualClock();
  let rings = 0;
  const again = (): void => {
    if (++rings < 1000) clock.setAlarm(clock.now() + 10, again);
  };
  clock.setAlarm(10, again);
  clock.run();
  expect([rings, clock.now(), clock.pending]).toEqual([1000, 10_000, 0]);
});

test('drive lets promises settle between events', async () => {
  const clock = new VirtualClock();
  const log: number[] = [];
  const task = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await new Promise<void>((resolve) => clock.schedule(clock.now() + 100, resolve));
      log.push(clock.now());
    }
  };
  const done = task();
  await clock.drive(1000, () => new Promise((resolve) => setImmediate(resolve)));
  await done;
  expect(log).toEqual([100, 200, 300]);
  expect(clock.now()).toBe(1000);
});

test('seeded numbers: reproducible, different by seed, without an obvious bias', () => {
  const draw = (seed: number): number[] => {
    const rng = new SeededRng(seed);
    return Array.from({ length: 5 }, () => rng.u32());
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(1)).not.toEqual(draw(1 + 2 ** 32));
  const rng = new SeededRng(9);
  let sum = 0;
  let bits = 0;
  for (let i = 0; i < 20000; i++) {
    sum += rng.float();
    bits |= rng.u32();
  }
  expect(Math.abs(sum / 20000 - 0.5)).toBeLessThan(0.01);
  expect(bits).toBe(-1);
});

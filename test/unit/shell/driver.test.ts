// The order of a turn, with a core and links that only write down what is asked of them.
import { expect, test } from 'vitest';
import type { Core } from '../../../src/core/api.ts';
import { EventQueue } from '../../../src/core/events.ts';
import type { Clock, Link } from '../../../src/ports.ts';
import { Driver } from '../../../src/shell/driver.ts';
import { fakeLink, OUR_MAC } from '../core/ip/harness.ts';

class World implements Clock {
  readonly log: string[] = [];
  readonly events = new EventQueue();
  /** What pollTransmit of each link answers, call by call; then 0. */
  readonly due: number[][] = [[], []];
  readonly bursts: ((n: number) => void)[] = [];
  readonly downs: ((error: Error) => void)[] = [];
  time = 100;
  alarmAt = 7;
  wake: () => void = () => {};
  onEvent: (type: number) => unknown = () => {};
  onFlush: (link: number) => void = () => {};
  readonly core: Partial<Core>;
  readonly driver: Driver;

  constructor() {
    const { log } = this;
    this.core = {
      events: this.events,
      handleBurst: (link, n, now) => void log.push(`burst ${link} ${n} @${now}`),
      handleTimers: (now) => void log.push(`timers @${now}`),
      handleLinkDown: (link) => void log.push(`down ${link}`),
      pollTransmit: (link) => this.due[link]!.shift() ?? 0,
      pollEnd: () => void log.push('end'),
      pollAlarm: () => this.alarmAt,
    };
    const links = [0, 1].map(
      (i): Link => ({
        ...fakeLink('ether', OUR_MAC),
        start: (onBurst, onDown) => {
          this.bursts[i] = onBurst;
          this.downs[i] = onDown;
        },
        flush: (n) => {
          log.push(`flush ${i} ${n}`);
          this.onFlush(i);
        },
      }),
    );
    this.driver = new Driver(
      this.core as Core,
      links,
      this,
      (words, at) => {
        log.push(`event ${words[at]}`);
        this.onEvent(words[at]!);
      },
      (link, error) => void log.push(`told ${link} ${error.message}`),
    );
    this.driver.start();
  }
  now(): number {
    return this.time;
  }
  setAlarm(at: number, wake: () => void): void {
    this.log.push(`alarm ${at}`);
    this.wake = wake;
  }
  take(): string[] {
    return this.log.splice(0);
  }
}

test('start runs one turn in a microtask; calls outside a turn share the next one', async () => {
  const w = new World();
  expect(w.take()).toEqual([]);
  w.driver.touch();
  await Promise.resolve();
  expect(w.take()).toEqual(['end', 'alarm 7']);
  await Promise.resolve();
  expect([w.take(), w.driver.counts.turns]).toEqual([[], 1]);
});

test('a burst: its events, then what is due over all links until none has more, then the alarm', () => {
  const w = new World();
  w.events.push(1, 0, 0);
  w.events.push(2, 0, 0);
  w.due[0]!.push(0, 4, 3); // held back by the full buffer of link 1
  w.due[1]!.push(2);
  w.bursts[1]!(5);
  expect(w.take()).toEqual([
    'burst 1 5 @100',
    'event 1',
    'event 2',
    'flush 1 2',
    'flush 0 4',
    'flush 0 3',
    'end',
    'alarm 7',
  ]);
  expect(w.driver.counts).toMatchObject({ turns: 1, bursts: 1, descriptors: 5, events: 2, flushes: 3, alarms: 0 });
});

test('the turn has one time, whatever the clock says meanwhile', () => {
  const w = new World();
  const seen: number[] = [];
  w.onEvent = () => {
    w.time++;
    seen.push(w.driver.now());
  };
  for (let n = 0; n < 3; n++) w.events.push(1, 0, 0);
  w.bursts[0]!(1);
  expect([seen, w.driver.now()]).toEqual([[100, 100, 100], 103]);
});

test('a handler that makes events and calls is served in the same turn', () => {
  const w = new World();
  w.onEvent = (type) => {
    if (type < 3) w.events.push(type + 1, 0, 0);
    w.driver.touch();
  };
  w.events.push(1, 0, 0);
  w.bursts[0]!(1);
  expect(w.take()).toEqual(['burst 0 1 @100', 'event 1', 'event 2', 'event 3', 'end', 'alarm 7']);
});

test('a link that delivers while it is flushed: one turn, events in order, one end', () => {
  const w = new World();
  w.due[0]!.push(1);
  w.onFlush = () => {
    w.events.push(9, 0, 0);
    w.bursts[1]!(1);
  };
  w.driver.flush();
  expect(w.take()).toEqual(['flush 0 1', 'burst 1 1 @100', 'event 9', 'end', 'alarm 7']);
  expect([w.driver.counts.turns, w.events.count]).toEqual([1, 0]);
});

test('events that a flush makes are dispatched before the turn ends', () => {
  const w = new World();
  w.due[0]!.push(1);
  w.onFlush = () => w.events.push(9, 0, 0);
  w.driver.flush();
  expect(w.take()).toEqual(['flush 0 1', 'event 9', 'end', 'alarm 7']);
});

test('a burst inside an event handler goes on behind the event being handled', () => {
  const w = new World();
  w.onEvent = (type) => {
    if (type === 1) w.bursts[1]!(1);
  };
  w.events.push(1, 0, 0);
  w.events.push(2, 0, 0);
  w.bursts[0]!(1);
  expect(w.take()).toEqual(['burst 0 1 @100', 'event 1', 'burst 1 1 @100', 'event 2', 'end', 'alarm 7']);
});

test('a link that goes down: the core first, then whoever is told, then what that made due', () => {
  const w = new World();
  w.events.push(6, 0, 0);
  w.downs[1]!(new Error('gone'));
  expect(w.take()).toEqual(['down 1', 'told 1 gone', 'event 6', 'end', 'alarm 7']);
});

test('after stop nothing runs, whoever calls', async () => {
  const w = new World();
  w.driver.stop();
  expect(w.take()).toEqual(['alarm Infinity']);
  w.bursts[0]!(1);
  w.downs[0]!(new Error());
  w.wake();
  w.driver.touch();
  w.driver.flush();
  await Promise.resolve();
  await Promise.resolve();
  expect(w.take()).toEqual([]);
});

test('the watcher sees packets while they are lent', () => {
  const w = new World();
  w.driver.watcher = {
    afterBurst: (link) => void w.log.push(`after ${link}`),
    beforeFlush: (link, n) => void w.log.push(`before ${link} ${n}`),
    endTurn: () => void w.log.push('over'),
  };
  w.events.push(1, 0, 0);
  w.due[0]!.push(2);
  w.bursts[1]!(1);
  expect(w.take()).toEqual([
    'burst 1 1 @100',
    'event 1',
    'after 1',
    'before 0 2',
    'flush 0 2',
    'end',
    'over',
    'alarm 7',
  ]);
});

const broken = (): never => {
  throw new Error('broken');
};

test.each<[string, (w: World) => void]>([
  ['a burst', (w) => w.bursts[0]!(1)],
  ['the alarm', (w) => w.wake()],
  ['a link that goes down', (w) => w.downs[0]!(new Error('gone'))],
])('%s that the core fails on surfaces; its events are told, the alarm is set, the next turn runs', (_what, happen) => {
  const w = new World();
  w.wake = () => {};
  w.driver.flush();
  w.take();
  const { handleBurst, handleTimers, handleLinkDown } = w.core;
  Object.assign(w.core, { handleBurst: broken, handleTimers: broken, handleLinkDown: broken });
  w.events.push(1, 0, 0);
  w.due[1]!.push(3);
  expect(() => happen(w)).toThrow('broken');
  expect(w.take()).toEqual(['event 1', 'flush 1 3', 'end', 'alarm 7']);
  Object.assign(w.core, { handleBurst, handleTimers, handleLinkDown });
  w.time = 200;
  w.bursts[1]!(2);
  expect(w.take()).toEqual(['burst 1 2 @200', 'end', 'alarm 7']);
});

test('an event that cannot be dispatched does not keep the others', () => {
  const w = new World();
  w.onEvent = (type) => type === 1 && broken();
  w.events.push(1, 0, 0);
  w.events.push(2, 0, 0);
  w.due[0]!.push(1);
  expect(() => w.bursts[0]!(1)).toThrow('broken');
  expect(w.take()).toEqual(['burst 0 1 @100', 'event 1', 'event 2', 'flush 0 1', 'end', 'alarm 7']);
  w.driver.flush();
  expect([w.take(), w.events.count]).toEqual([['end', 'alarm 7'], 0]);
});

test('a flush that fails leaves nothing of its turn behind; one inside it does not count twice', () => {
  const w = new World();
  w.due[0]!.push(1);
  w.onFlush = () => {
    w.onFlush = () => {};
    w.events.push(9, 0, 0);
    w.core.handleBurst = broken;
    w.bursts[1]!(1);
  };
  expect(() => w.driver.flush()).toThrow('broken');
  expect([w.take(), w.events.count]).toEqual([['flush 0 1', 'alarm 7'], 0]);
  w.driver.flush();
  expect([w.take(), w.driver.counts.turns]).toEqual([['end', 'alarm 7'], 2]);
});

test('between two events of a burst promises may run; not between the halves of one', () => {
  const w = new World();
  w.driver.between = () => void w.log.push('breath');
  let last = 0;
  w.onEvent = (type) => {
    last = type;
  };
  w.driver.halfway = () => last === 2;
  for (const type of [1, 2, 3, 2]) w.events.push(type, 0, 0);
  w.bursts[0]!(1);
  const events = ['event 1', 'breath', 'event 2', 'event 3', 'breath', 'event 2', 'breath'];
  expect(w.take()).toEqual(['burst 0 1 @100', ...events, 'end', 'alarm 7']);
});

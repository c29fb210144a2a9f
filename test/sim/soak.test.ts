// Many connections: every table back to zero, and an idle stack that wakes for nothing. USERTCP_SLOW=1 makes it 100,000.
import { expect, test } from 'vitest';
import {
  ECONNABORTED,
  ECONNRESET,
  ETIMEDOUT,
  EV_ACCEPT,
  EV_CLOSED,
  EV_CONNECT,
  EV_END,
} from '../../src/core/events.ts';
import { ESTABLISHED, FIN_WAIT_2 } from '../../src/core/tcp/figure5.ts';
import { SCRATCH_ROWS } from '../../src/core/tcp/rows.ts';
import { SeededRng } from '../../src/link/sim.ts';
import type { Host, Listener } from '../property/pair/host.ts';
import { CASE, Pair } from '../property/pair/run.ts';

const S = 1_000_000;
const MANY = process.env.USERTCP_SLOW === '1' ? 100_000 : 10_000;
const hello = new Uint8Array(100).fill(7);

/** Says hello, then closes first, second, or aborts. */
class Short implements Listener {
  readonly host: Host;
  readonly row: number;
  readonly how: 'first' | 'second' | 'abort';
  readonly over: (reason: number) => void;

  constructor(host: Host, row: number, how: 'first' | 'second' | 'abort', over: (reason: number) => void) {
    this.host = host;
    this.row = row;
    this.how = how;
    this.over = over;
  }

  event(type: number, a: number): void {
    const { core } = this.host;
    if (type === EV_ACCEPT) core.callAccepted(this.row);
    if (type === EV_ACCEPT || type === EV_CONNECT) {
      core.callSend(this.row, hello, 0, hello.length, this.host.now);
      if (this.how === 'first') core.callClose(this.row, this.host.now);
      if (this.how === 'abort') core.callAbort(this.row, this.host.now);
    }
    if (type === EV_END) core.callClose(this.row, this.host.now);
    if (type === EV_CLOSED) this.over(a);
  }
}

test(`${MANY} connections with 1 % loss, closed by either side, aborted or both at once: nothing is left`, {
  timeout: 600_000,
}, () => {
  const pair = new Pair(
    { ...CASE, tcp: [{ msl: 1000, ephemeralPorts: [1024, 65535] }, { msl: 1000 }] },
    { record: false, maxConnections: 4096, checkEvery: 0 },
  );
  const [a, b] = pair.hosts;
  pair.warm();
  pair.wire.impair({ loss: 0.01, delay: 5000 });
  b.listen(80, 1024);
  const rng = new SeededRng(31);
  const reasons = new Map<number, number>();
  const count = (reason: number): void => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const ways = ['first', 'second', 'first', 'second', 'abort'] as const;
  b.accept = (row) => new Short(b, row, ways[rng.below(5)]!, () => {});
  let opened = 0;
  for (let burst = 0; burst < MANY / 100; burst++) {
    pair.clock.schedule(pair.clock.now() + burst * 0.1 * S, () => {
      a.turn(() => {
        for (let n = 0; n < 100; n++) {
          const row = a.core.callConnect(new Int32Array(4), 0, PEER, 80, {}, a.now);
          if (row < 0) continue;
          opened++;
          // Who waits for the other's FIN may meet one who waits as well: the client closes then.
          a.listeners.set(row, new Short(a, row, ways[rng.below(5)]! === 'abort' ? 'abort' : 'first', count));
        }
      });
      if (burst % 20 === 0) for (const host of pair.hosts) host.invariants.check();
    });
  }
  pair.clock.run(pair.clock.now() + (MANY / 1000 + 2000) * S);
  expect(opened).toBe(MANY);
  expect([...reasons.values()].reduce((x, y) => x + y, 0)).toBe(MANY);
  expect([...reasons.keys()].filter((r) => ![0, ECONNABORTED, ECONNRESET, ETIMEDOUT].includes(r))).toEqual([]);
  for (const host of pair.hosts) host.invariants.check();
  expect([a.leftovers(), b.leftovers(1)]).toEqual(['', '']);
  console.log(
    'soak',
    MANY,
    'ends by reason',
    Object.fromEntries(reasons),
    'frames',
    pair.wire.stats(a.link).frames + pair.wire.stats(b.link).frames,
  );
});
const PEER = Int32Array.of(0, 0, 0xffff, 0x0a000002);

test('half-open peers: the other end is gone in the middle of everything, and all rows come back', {
  timeout: 60_000,
}, () => {
  const pair = new Pair(CASE, { record: false, maxConnections: 512, checkEvery: 50 });
  const [a, b] = pair.hosts;
  pair.warm();
  b.listen(80, 400);
  b.accept = (row) => ({ event: (type) => void (type === EV_ACCEPT && b.core.callSend(row, hello, 0, 100, b.now)) });
  for (let n = 0; n < 200; n++) {
    const row = a.connect('10.0.0.2', 80);
    a.listeners.set(row, {
      event: (type) => {
        if (type !== EV_CONNECT) return;
        a.core.callSend(row, hello, 0, 100, a.now);
        if (n % 3 === 0) a.core.callClose(row, a.now);
      },
    });
    if (n === 150) pair.wire.blackhole(true);
  }
  pair.clock.advance(S);
  b.stop();
  for (let row = SCRATCH_ROWS; row < a.t.rows.top; row++) {
    // Those that neither close nor have text in flight would, rightly, stay for ever: they write once more.
    if (a.tcb(row).state === ESTABLISHED) a.turn(() => a.core.callSend(row, hello, 0, 100, a.now));
    else if (a.tcb(row).state === FIN_WAIT_2) a.turn(() => a.core.callGiveUpReading(row, a.now));
  }
  pair.clock.advance(3600 * S);
  expect(a.leftovers()).toBe('');
});

test('with 10,000 idle connections nothing wakes either stack', { timeout: 120_000 }, () => {
  const pair = new Pair(
    { ...CASE, tcp: [{ ephemeralPorts: [1024, 65535] }, {}] },
    { record: false, maxConnections: 10_100, checkEvery: 0 },
  );
  const [a, b] = pair.hosts;
  pair.warm();
  b.listen(80, 10_000);
  b.accept = (row) => {
    b.core.callAccepted(row);
    return { event: () => {} };
  };
  for (let n = 0; n < 100; n++) {
    a.turn(() => {
      for (let m = 0; m < 100; m++) {
        const row = a.core.callConnect(new Int32Array(4), 0, PEER, 80, {}, a.now);
        if (row >= 0)
          a.listeners.set(row, {
            event: (type) => void (type === EV_CONNECT && a.core.callSend(row, hello, 0, 100, a.now)),
          });
      }
    });
    pair.clock.advance(10_000);
  }
  pair.clock.advance(100 * S);
  expect([a.core.connections, b.core.connections]).toEqual([10_000, 10_000]);
  for (const host of pair.hosts) host.invariants.check();
  expect([a.core.pollAlarm(), b.core.pollAlarm()]).toEqual([Infinity, Infinity]);
  const wakes = a.wakes + b.wakes;
  pair.clock.advance(24 * 3600 * S);
  expect(a.wakes + b.wakes).toBe(wakes);
});

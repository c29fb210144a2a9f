// When bytes that were lent are the stack's again: with the next burst, also of the same callback of the event loop, and with its end.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Burst } from '../../../src/shell/burst.ts';
import type { Conn } from '../../../src/shell/conn.ts';
import { Loans } from '../../../src/shell/loans.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World({ impair: { delay: 1000 } });
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
});
afterEach(() => w.close());

/** What happens until `done`, as in one callback of the loop: promises run in between, and no timer or immediate does. */
async function withinOneCallback(done: () => boolean): Promise<void> {
  while (!done()) {
    w.clock.step();
    for (let n = 0; n < 10; n++) await Promise.resolve();
  }
}

test('a burst that is read when a later one of the same callback came is over', async () => {
  const peers: Conn[] = [];
  b.serve(80, { open: (conn) => void peers.push(conn) });
  const [one, other] = [
    await w.settle(a.open({ host: '10.0.0.2', port: 80 })),
    await w.settle(a.open({ host: '10.0.0.2', port: 80 })),
  ];
  let burst: Burst | undefined;
  const late = (async () => {
    burst = (await one.bursts().next()).value as Burst;
    const inTime = String(burst.bytes);
    await other.read();
    return [inTime, () => burst!.bytes] as const;
  })();
  await w.run(10);
  peers[0]!.write('mine');
  await withinOneCallback(() => burst !== undefined);
  let seen: Awaited<typeof late> | undefined;
  late.then((what) => {
    seen = what;
  });
  peers[1]!.write('another connection’s');
  await withinOneCallback(() => seen !== undefined);
  expect(seen![0]).toBe('mine');
  expect(seen![1]).toThrow(expect.objectContaining({ code: 'ERR_USERTCP_BURST_OVER' }));
});

test('bursts in a row, without promises in between, are lent together', async () => {
  const loans = new Loans();
  const over: string[] = [];
  const lend = (what: string): void => loans.add(() => void over.push(what));
  loans.burst();
  lend('one');
  loans.burst();
  lend('two');
  expect(over).toEqual([]);
  await Promise.resolve();
  loans.burst();
  lend('three');
  expect(over).toEqual(['one', 'two']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toEqual(['one', 'two', 'three']);
});

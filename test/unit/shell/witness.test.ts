// What is told on request: states, acknowledgments, the diagnostics channels. And that nothing is told when nobody asks.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import { measureConnects } from '../../../src/shell/observe.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

const host = '10.0.0.2';
let w: World;
let a: Stack;
let b: Stack;
let over: (() => void)[] = [];
beforeEach(() => {
  w = new World({ impair: { delay: 5000 } });
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
});
afterEach(async () => {
  for (const end of over) end();
  over = [];
  await w.close();
});

/** Messages of a channel from now on. */
function hear(name: string): Record<string, unknown>[] {
  const heard: Record<string, unknown>[] = [];
  const listener = (message: unknown): void => void heard.push(message as Record<string, unknown>);
  subscribe(name, listener);
  over.push(() => unsubscribe(name, listener));
  return heard;
}

test('a state handler hears every arrow in its order, before what it means', async () => {
  const seen: string[] = [];
  const served: string[] = [];
  b.serve(80, {
    open: () => served.push('open'),
    state: (_c, from, to) => served.push(`${from} ${to}`),
    end: (c) => {
      served.push('end');
      c.end();
    },
    close: () => served.push('close'),
  });
  a.dial(
    { host, port: 80 },
    {
      open: (c) => {
        seen.push('open');
        c.end();
      },
      state: (_c, from, to) => seen.push(`${from} ${to}`),
      end: () => seen.push('end'),
      close: () => seen.push('close'),
    },
  );
  await w.run(1000);
  expect(seen).toEqual([
    'CLOSED SYN_SENT',
    'SYN_SENT ESTABLISHED',
    'open',
    'ESTABLISHED FIN_WAIT_1',
    'FIN_WAIT_1 FIN_WAIT_2',
    'FIN_WAIT_2 TIME_WAIT',
    'end',
    'close',
  ]);
  expect(served).toEqual(['open', 'ESTABLISHED CLOSE_WAIT', 'end', 'CLOSE_WAIT LAST_ACK', 'LAST_ACK CLOSED', 'close']);
});

test('a connection tells its states to onState from when it is set', async () => {
  b.serve(80, {});
  const conn = await w.settle(a.open({ host, port: 80 }));
  const seen: string[] = [];
  conn.onState = (from, to) => seen.push(`${from} ${to}`);
  await w.settle(conn.end());
  expect(seen).toEqual(['ESTABLISHED FIN_WAIT_1', 'FIN_WAIT_1 FIN_WAIT_2', 'FIN_WAIT_2 TIME_WAIT']);
});

test('without a handler and without a subscriber the core tells nothing', async () => {
  b.serve(80, { data: (c, chunk) => void c.write(chunk) });
  const conn = await w.settle(a.open({ host, port: 80 }));
  const before = a.metrics().driver.events!;
  await w.settle(conn.write('x'));
  expect(String(await w.settle(conn.read()))).toBe('x');
  expect(a.metrics().driver.events! - before).toBe(1); // the text, and no acknowledgments
  await w.settle(conn.end());
});

test('writeAcked resolves with the acknowledgment of its last octet, not with the write', async () => {
  let server: Conn | undefined;
  b.serve(80, { open: (c) => void (server = c) });
  const conn = await w.settle(a.open({ host, port: 80 }));
  await w.run(10);
  const done: string[] = [];
  const began = w.now;
  void conn.write('1').then(() => done.push('write'));
  const acked = [conn.writeAcked('23'), conn.writeAcked('4')];
  void acked[0]!.then(() => done.push('first'));
  void acked[1]!.then(() => done.push('second'));
  await w.run(1);
  expect(done).toEqual(['write']);
  await w.settle(Promise.all(acked));
  expect(done).toEqual(['write', 'first', 'second']);
  expect(w.now - began).toBeGreaterThanOrEqual(10);
  expect(server!.info()).toMatchObject({ bytesIn: 4 });
  await w.settle(conn.writeAcked('')); // nothing is outstanding
  const events = a.metrics().driver.events;
  await w.settle(conn.write('5'));
  await w.run(100);
  expect(a.metrics().driver.events).toBe(events); // nobody waits any more: ACKs are told no longer
});

test('writeAcked of more than the send buffer takes waits for all of it', async () => {
  let got = 0;
  b.serve(80, { data: (_c, chunk) => void (got += chunk.length) });
  const conn = await w.settle(a.open({ host, port: 80, sendBuffer: 10_000 }));
  await w.settle(conn.writeAcked(Buffer.alloc(200_000)));
  expect([got, a.metrics().memory.unsent]).toEqual([200_000, 0]);
});

test('writeAcked rejects when the connection ends before, and when its text is thrown away', async () => {
  b.serve(80, { open: (c) => c.pause() });
  const conn = await w.settle(a.open({ host, port: 80 }));
  w.impair(a, { loss: 1 });
  conn.conn.cork(true);
  const lost = conn.writeAcked('never sent');
  expect(conn.discardUnsent()).toBe(10);
  await expect(lost).rejects.toMatchObject({ code: 'ERR_USERTCP_DISCARDED' });
  const cut = conn.writeAcked('never acknowledged');
  conn.abort();
  await expect(cut).rejects.toMatchObject({ code: 'ECONNRESET', syscall: 'write' });
  await expect(conn.writeAcked('x')).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test('acknowledged() of the serve level', async () => {
  const seen: string[] = [];
  b.serve(80, {});
  a.dial(
    { host, port: 80 },
    {
      open: (c) => {
        c.write('abc');
        void c.acknowledged().then(() => seen.push(`acked ${c.info()!.bytesOut}`));
      },
    },
  );
  await w.run(100);
  expect(seen).toEqual(['acked 3']);
});

test('usertcp:conn:* tell a whole life, with one id and both ends', async () => {
  const names = ['connect', 'open', 'state', 'close'];
  const heard = names.map((name) => hear(`usertcp:conn:${name}`));
  b.serve(80, { data: (c, chunk) => void c.write(chunk) });
  const conn = await w.settle(a.open({ host, port: 80 }));
  await w.settle(conn.write('abc'));
  await w.settle(conn.read());
  await w.settle(conn.end());
  await w.run(1000);
  const [connects, opens, states, closes] = heard;
  expect(connects).toMatchObject([{ remote: { address: host, family: 'IPv4', port: 80 } }]);
  const out = opens!.find((m) => m.direction === 'out')!;
  const id = out.id;
  expect(opens).toHaveLength(2);
  expect(opens!.find((m) => m.direction === 'in')).toMatchObject({ local: out.remote, remote: out.local });
  const mine = (m: Record<string, unknown>): boolean =>
    JSON.stringify(m.local) === JSON.stringify(out.local) && m.id === id;
  expect(states!.filter(mine).map((m) => `${m.from} ${m.to} ${m.event}`)).toEqual([
    'CLOSED SYN_SENT activeOpen',
    'SYN_SENT ESTABLISHED rcvSynAck',
    'ESTABLISHED FIN_WAIT_1 close',
    'FIN_WAIT_1 FIN_WAIT_2 rcvAckOfFin',
    'FIN_WAIT_2 TIME_WAIT rcvFin',
  ]);
  expect(closes!.filter(mine)).toMatchObject([{ code: null, state: 'TIME_WAIT', bytesIn: 3, bytesOut: 3 }]);
  expect((out.at as number) - (connects![0]!.at as number)).toBeGreaterThanOrEqual(10_000);
});

test('usertcp:retransmit says what left again and why; usertcp:drop says what was thrown away', async () => {
  const resent = hear('usertcp:retransmit');
  const drops = hear('usertcp:drop');
  b.serve(80, { syn: (syn) => (syn.localPort === 80 && w.now < 500 ? 'drop' : 'accept') });
  const conn = await w.settle(a.open({ host, port: 80 }));
  expect(resent).toMatchObject([{ sequence: 0, length: 1, reason: 'timeout', remote: { address: host } }]);
  expect(drops).toMatchObject([{ where: 'core', reason: 'synsRefused', count: 1, addresses: ['10.0.0.2'] }]);
  w.impair(a, { loss: 1 });
  void conn.write('lost');
  await w.run(9000);
  w.impair(a, { loss: 0 });
  await w.settle(conn.writeAcked('.'));
  expect(resent.slice(1, 3)).toMatchObject([
    { sequence: 1, length: 4, reason: 'probe', timeouts: 0 },
    { sequence: 1, length: 4, reason: 'timeout', timeouts: 1 },
  ]);
});

test('nobody subscribes any more: the core falls silent', async () => {
  const heard = hear('usertcp:conn:state');
  b.serve(80, {});
  await w.settle((await w.settle(a.open({ host, port: 80 }))).end());
  const before = heard.length;
  expect(before).toBeGreaterThan(0);
  for (const end of over.splice(0)) end();
  const conn = await w.settle(a.open({ host, port: 80 }));
  const events = a.metrics().driver.events!;
  await w.settle(conn.end());
  expect(heard.length).toBe(before);
  expect(a.metrics().driver.events! - events).toBeLessThanOrEqual(4);
});

test('measureConnects: an observer gets an entry for each connect, the timeline keeps none', async () => {
  const entries: { name: string; duration: number }[] = [];
  const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
  observer.observe({ type: 'measure' });
  const end = measureConnects();
  b.serve(80, {});
  const conn = await w.settle(a.open({ host, port: 80 }));
  end();
  await w.settle(a.open({ host, port: 80 }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  observer.disconnect();
  const ours = entries.filter((e) => e.name === 'usertcp.connect');
  expect(ours).toMatchObject([{ entryType: 'measure', detail: { remote: { address: host, port: 80 } } }]);
  expect(ours[0]!.duration).toBeGreaterThan(0);
  expect(performance.getEntriesByName('usertcp.connect')).toEqual([]);
  conn.abort();
});

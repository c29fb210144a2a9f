// An error says what happened on the wire: state, cause, the segment or timer that mattered, what was tried, and the rule.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { SystemError } from '../../../src/shell/errors.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

const host = '10.0.0.2';
let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World();
  a = w.host('10.0.0.1/24', { tcp: { synRetries: 2, dataRetries: 3 } });
  b = w.host('10.0.0.2/24');
});
afterEach(() => w.close());

async function broken(promise: Promise<unknown>): Promise<SystemError> {
  return (await w.settle(promise.catch((error: unknown) => error))) as SystemError;
}

test('a reset: the RST, its place, the state it met [MUST-12]', async () => {
  let server: Conn | undefined;
  b.serve(80, { open: (c) => void (server = c), data: () => {} });
  const conn = await w.settle(a.open({ host, port: 80 }));
  await w.settle(conn.writeAcked('hello'));
  server!.write('four');
  await w.run(10);
  server!.abort();
  expect(String(await w.settle(conn.read()))).toBe('four');
  const error = await broken(conn.read());
  expect(error).toMatchObject({
    code: 'ECONNRESET',
    message: 'read ECONNRESET',
    syscall: 'read',
    state: 'ESTABLISHED',
  });
  expect(error.wire).toMatchObject({ state: 'ESTABLISHED', cause: 'reset', segment: { flags: 'RST ACK', seq: 5 } });
  expect(error.wire!.why).toContain('RFC 9293 §3.10.7.4');
  expect(error.wire!.silentMs).toBeLessThan(2);
});

test('a port where nobody listens: the RST that acknowledged our SYN', async () => {
  const error = await broken(a.open({ host, port: 81 }));
  expect(error).toMatchObject({ code: 'ECONNREFUSED', address: host, port: 81 });
  expect(error.wire).toMatchObject({ state: 'SYN_SENT', cause: 'reset', segment: { flags: 'RST ACK', seq: 0 } });
  expect(error.wire!.why).toContain('§3.10.7.3');
});

test('SYNs and text that nobody answers: how often, and since when [MUST-20] [MUST-23]', async () => {
  b.serve(80, {});
  const conn = await w.settle(a.open({ host, port: 80 }));
  w.impair(a, { loss: 1 });
  const opening = await broken(a.open({ host, port: 80 }));
  expect(opening.wire).toMatchObject({ state: 'SYN_SENT', cause: 'syn-retransmissions', timeouts: 3 });
  expect(opening.wire!.why).toMatch(/our SYN of 7\d{3} ms ago was never answered, sent again 2 times/);
  const error = await broken(conn.writeAcked('x'));
  expect(error).toMatchObject({ code: 'ETIMEDOUT' });
  expect(error.wire).toMatchObject({ state: 'ESTABLISHED', cause: 'retransmissions', timeouts: 4 });
  expect(error.wire!.retransmissions).toBeGreaterThanOrEqual(3);
  expect(error.wire!.silentMs).toBeGreaterThan(7000);
  expect(error.wire!.why).toContain('[MUST-20]');
});

test('the user timeout and keep-alive are told apart from retransmissions [MUST-21] [MUST-29]', async () => {
  b.serve(80, {});
  const [one, two] = [await w.settle(a.open({ host, port: 80 })), await w.settle(a.open({ host, port: 80 }))];
  one!.conn.setUserTimeout(700);
  two!.setKeepAlive(true, 1000, 100, 3);
  w.impair(a, { loss: 1 });
  expect((await broken(one!.writeAcked('x'))).wire).toMatchObject({ cause: 'user-timeout' });
  const silent = await broken(two!.closed());
  expect(silent.wire).toMatchObject({ cause: 'keep-alive', state: 'ESTABLISHED' });
  expect(silent.wire!.why).toMatch(/said nothing for 1[23]\d\d ms and 3 keep-alive probes/);
});

test('nobody at that address, and a link that fails: the host itself', async () => {
  const error = await broken(a.open({ host: '10.0.0.9', port: 80 }));
  expect(error).toMatchObject({ code: 'EHOSTUNREACH', wire: { cause: 'no-neighbour', state: 'SYN_SENT' } });
  b.serve(80, {});
  const conn = await w.settle(a.open({ host, port: 80 }));
  const closed = conn.closed();
  w.card(a).fail(new Error('unplugged'));
  expect(await broken(closed)).toMatchObject({ code: 'ENETDOWN', wire: { cause: 'local' } });
});

test('an orderly end has nothing to say', async () => {
  const seen: unknown[] = [];
  b.serve(80, { close: (_c, error) => seen.push(error) });
  await w.settle((await w.settle(a.open({ host, port: 80 }))).end());
  await w.run(10);
  expect(seen).toEqual([null]);
});

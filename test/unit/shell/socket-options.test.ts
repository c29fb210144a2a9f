// Options of one connection are checked before anything happens.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TcpSocketOptions } from '../../../src/shell/connect.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { createStack } from '../../../src/stack.ts';

let stack: Stack;
beforeEach(async () => {
  stack = await createStack();
});
afterEach(() => stack.close({ timeout: 0 }));

test.each<[keyof TcpSocketOptions, number, string]>([
  ['receiveBuffer', -1, '2048 to 1073741824 bytes'],
  ['sendBuffer', 0, '2048 to 1073741824 bytes'],
  ['userTimeout', Number.NaN, '0 to 2147483647 ms'],
  ['ttl', 256, '1 to 255'],
  ['typeOfService', 0x100, '0 to 255'],
  ['keepAliveInitialDelay', 2 ** 31, '0 to 2147483647 ms'],
  ['keepAliveInterval', 0.5, '1 to 2147483647 ms'],
  ['keepAliveCount', 0, '1 to 127'],
])('%s: %s is refused at every level', (option, value, allowed) => {
  const wrong = { [option]: value };
  const error = expect.objectContaining({
    code: 'ERR_USERTCP_OPTION',
    option,
    message: expect.stringContaining(allowed) as string,
  }) as Error;
  // The name would be looked up, were it not for the option.
  const to = { host: 'no-such-name.invalid', port: 80, ...wrong };
  expect(() => stack.open(to)).toThrow(error);
  expect(() => stack.connect(to)).toThrow(error);
  expect(() => stack.createServer(wrong)).toThrow(error);
  expect(() => stack.listen(80, wrong)).toThrow(error);
  expect(() => stack.serve(80, {}, wrong)).toThrow(error);
  expect(stack.metrics()).toMatchObject({ connections: 0, listeners: 0, rows: 0 });
});

const refused = (option: string, allowed: string) =>
  expect.objectContaining({
    code: 'ERR_USERTCP_OPTION',
    option,
    message: expect.stringContaining(allowed) as string,
  }) as Error;

test.each([
  ['noDelay', 1],
  ['keepAlive', { idle: 1000 }],
])('%s: neither true nor false', (option, value) => {
  const error = refused(option, 'true or false');
  const wrong = { [option]: value };
  const to = { host: 'no-such-name.invalid', port: 80, ...wrong };
  for (const call of [
    () => stack.open(to),
    () => stack.connect(to),
    () => stack.dial({ ...to, host: '127.0.0.1' }, {}),
    () => stack.createServer(wrong),
    () => stack.listen(80, wrong),
    () => stack.serve(80, {}, wrong),
  ])
    expect(call).toThrow(error);
});

test.each([
  ['host', 7, 'an IP address or a name'],
  ['family', 5, 'one of 0, 4, 6'],
  ['family', 'IPv4', 'one of 0, 4, 6'],
  ['lookup', true, 'a function'],
  ['localAddress', 7, 'an IP address'],
  ['fastOpen', 1, 'true or false'],
  ['attemptDelay', 9, '10 to 10000 ms'],
])('connect, %s %j: refused at the call', (option, value, allowed) => {
  const to = { host: '127.0.0.1', port: 80, [option]: value };
  expect(() => stack.open(to)).toThrow(refused(option, allowed));
  expect(() => stack.connect(to)).toThrow(refused(option, allowed));
  // Of a stream Node says it first.
  expect(() => stack.open({ host: '127.0.0.1', port: 80, signal: {} as AbortSignal })).toThrow(
    refused('signal', 'an AbortSignal'),
  );
});

test.each([
  ['host', 7, 'an IP address'],
  ['backlog', -1, '0 to 2147483647'],
  ['backlog', Number.NaN, '0 to 2147483647'],
  ['reusePort', 1, 'true or false'],
  ['keepObjects', 'no', 'true or false'],
  ['syn', {}, 'a function'],
])('listen, %s %j: refused at the call', (option, value, allowed) => {
  const wrong = { [option]: value } as object;
  const server = stack.createServer();
  let listening = false;
  expect(() => server.listen({ port: 80, ...wrong }, () => (listening = true))).toThrow(refused(option, allowed));
  expect(() => stack.listen(80, wrong)).toThrow(refused(option, allowed));
  expect(() => stack.serve(80, {}, wrong)).toThrow(refused(option, allowed));
  // The server is as before, and who waited for the wrong call does not hear of the right one.
  server.listen(80);
  expect([server.listening, server.listenerCount('listening'), listening]).toEqual([true, 0, false]);
});

test.each([
  [null, 'options', 'an object'],
  [{ address: 7 }, 'address', 'an IP address'],
  [{ ttl: 0 }, 'ttl', '1 to 255'],
  [{ typeOfService: 256 }, 'typeOfService', '0 to 255'],
  [{ reuseAddress: 1 }, 'reuseAddress', 'true or false'],
  [{ broadcast: 'yes' }, 'broadcast', 'true or false'],
  [{ signal: 7 }, 'signal', 'an AbortSignal'],
])('a UDP socket with %j is refused at the call', (options, option, allowed) => {
  expect(() => stack.udp.bind(options as object)).toThrow(refused(option, allowed));
  expect(() => stack.open(null as never)).toThrow(refused('options', 'an object'));
});

test('localAddress is checked before the name is looked up', () => {
  const to = { host: 'no-such-name.invalid', port: 80, localAddress: 'here' };
  expect(() => stack.connect(to)).toThrow(expect.objectContaining({ option: 'localAddress' }) as Error);
});

test('the ends of the ranges are taken', async () => {
  stack.serve(80, {}, { receiveBuffer: 2048, sendBuffer: 2048, ttl: 255, typeOfService: 0, userTimeout: 0 });
  const conn = await stack.open({
    ...{ host: '127.0.0.1', port: 80, ttl: 1, typeOfService: 255, userTimeout: 2 ** 31 - 1 },
    ...{ keepAlive: true, keepAliveInitialDelay: 0, keepAliveInterval: 1, keepAliveCount: 127 },
  });
  expect(conn.state).toBe('ESTABLISHED');
  await conn.end();
});

test('what is set on a live connection, or on one that is being opened, has the same ranges', async () => {
  stack.serve(80, {});
  const conn = await stack.open({ host: '127.0.0.1', port: 80 });
  const early = stack.connect({ host: '127.0.0.1', port: 80 });
  const error = (option: string) => expect.objectContaining({ code: 'ERR_USERTCP_OPTION', option }) as Error;
  for (const it of [conn, early]) {
    expect(() => it.setTypeOfService(256)).toThrow(error('typeOfService'));
    expect(() => it.setKeepAlive(true, -1)).toThrow(error('keepAliveInitialDelay'));
    expect(() => it.setKeepAlive(true, 1000, 0)).toThrow(error('keepAliveInterval'));
    expect(() => it.setKeepAlive(true, 1000, 1000, 128)).toThrow(error('keepAliveCount'));
    expect(it.setKeepAlive(true, 0).setKeepAlive(false).setTypeOfService(252)).toBe(it);
  }
  expect(() => early.setUserTimeout(Number.NaN)).toThrow(error('userTimeout'));
  expect(() => early.setUserTimeout(2 ** 31)).toThrow(error('userTimeout'));
  expect(early.setUserTimeout(0)).toBe(early);
  await new Promise((resolve) => early.once('connect', resolve));
  early.destroy();
});

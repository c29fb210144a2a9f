// Who connects to no address in particular connects to itself: where the kernel's sockets go, ours go, too.
import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { createStack } from '../../../src/stack.ts';

/** Where from, where to. */
type Ends = [from: string | undefined, to: string | undefined];
const CASES: [host: string, localAddress?: string][] = [
  ['0.0.0.0'],
  ['::'],
  ['0.0.0.0', '127.0.0.5'],
  ['0.0.0.0', '0.0.0.0'],
  ['::', '::1'],
];

async function kernels(port: number, host: string, localAddress?: string): Promise<Ends> {
  const socket = net.connect({ port, host, ...(localAddress && { localAddress }) });
  await once(socket, 'connect');
  const ends: Ends = [socket.localAddress, socket.remoteAddress];
  socket.destroy();
  return ends;
}

test.each(CASES)('to %s from %s: dial, open and connect, as the kernel', async (host, localAddress) => {
  const server = net.createServer((socket) => socket.resume()).listen(0);
  await once(server, 'listening');
  const expected = await kernels((server.address() as net.AddressInfo).port, host, localAddress);
  server.close();
  const stack = await createStack();
  const to = { port: 80, host, ...(localAddress && { localAddress }) };
  stack.serve(80, {});
  const opened = await stack.open(to);
  expect([opened.localAddress, opened.remoteAddress]).toEqual(expected);
  const dialled = stack.dial(to, {});
  expect([dialled.localAddress, dialled.remoteAddress]).toEqual(expected);
  const socket = stack.connect(to);
  await once(socket, 'connect');
  expect([socket.localAddress, socket.remoteAddress]).toEqual(expected);
  await stack.close({ timeout: 0 });
});

test('nobody listens: the refusal is that of loopback', async () => {
  const stack = await createStack();
  await expect(stack.open({ host: '::', port: 80 })).rejects.toMatchObject({ code: 'ECONNREFUSED', address: '::1' });
  await stack.close();
});

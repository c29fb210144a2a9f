/** node:http, node:https and node:tls over our sockets. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Stack } from '../../../src/shell/stack.ts';
import { createStack } from '../../../src/stack.ts';

const key = readFileSync(new URL('./tls/key.pem', import.meta.url));
const cert = readFileSync(new URL('./tls/cert.pem', import.meta.url));
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function body(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const host = '127.0.0.1';
let stack: Stack;
beforeEach(async () => {
  stack = await createStack();
});
afterEach(async () => {
  await stack.close({ timeout: 0 });
  expect(stack.metrics().connections).toBe(0);
});

function serveHttp(app: http.RequestListener): { port: number; http: http.Server } {
  const server = http.createServer(app);
  const port = 8080;
  stack.createServer((socket) => server.emit('connection', socket)).listen(port);
  return { port, http: server };
}

function request(port: number, options: http.RequestOptions, payload?: Uint8Array): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = http.request(
      { ...options, createConnection: () => stack.connect({ host, port }) as unknown as import('node:net').Socket },
      resolve,
    );
    req.on('error', reject);
    req.end(payload);
  });
}

test('http: 8 MiB up and down, hashes equal', async () => {
  const blob = Buffer.alloc(8 << 20, 'the quick brown fox ');
  const { port } = serveHttp(async (req, res) => {
    const got = await body(req);
    res.setHeader('x-hash', hash(got));
    res.end(blob);
  });
  const res = await request(port, { method: 'POST' }, blob);
  expect(res.headers['x-hash']).toBe(hash(blob));
  expect(hash(await body(res))).toBe(hash(blob));
});

test('http: keep-alive agent sends several requests over one connection', async () => {
  const ports = new Set<unknown>();
  const { port } = serveHttp((req, res) => {
    ports.add(req.socket.remotePort);
    res.end(`${req.url} ${req.socket.remoteAddress}`);
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const create = (): import('node:net').Socket => stack.connect({ host, port }) as unknown as import('node:net').Socket;
  Object.assign(agent, { createConnection: create });
  for (const path of ['/a', '/b', '/c']) {
    const res = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get({ agent, path, host, port }, resolve).on('error', reject);
    });
    expect(String(await body(res))).toBe(`${path} ${host}`);
  }
  expect(ports.size).toBe(1);
  agent.destroy();
});

test('tls: handshake and echo of 1 MiB', async () => {
  // Half-open: node:tls over a Duplex cannot send what it has left once the Duplex ended by itself.
  const server = stack.createServer({ allowHalfOpen: true }, (socket) => {
    const secure = new tls.TLSSocket(socket as unknown as import('node:net').Socket, { isServer: true, key, cert });
    secure.pipe(secure);
  });
  server.listen(443);
  const socket = tls.connect({
    socket: stack.connect({ host, port: 443 }) as unknown as Duplex,
    ca: cert,
    servername: 'usertcp.test',
  });
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  expect(socket.authorized).toBe(true);
  const blob = Buffer.alloc(1 << 20, 'secret');
  socket.end(blob);
  expect(hash(await body(socket))).toBe(hash(blob));
});

/** Servers of Node's own for the rehearsal of a stack (ADR 39), so that our handles below them are compiled as well. */
import diagnostics from 'node:diagnostics_channel';
import type net from 'node:net';
import { rehearsed } from '../rehearsed.ts';
import type { Stack } from '../stack.ts';
import type { TcpHandle } from './handle.ts';
import { netOf } from './net.ts';
import { Router } from './router.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';
const BODY = Buffer.alloc(100, 'x');
const LARGE = Buffer.alloc(64 * 1024);

function pump(socket: net.Socket): void {
  while (!socket.destroyed && socket.write(LARGE));
}

/** By port, from the first on. */
const LISTENERS: readonly ((socket: net.Socket) => void)[] = [
  (socket) => socket.on('data', (bytes) => socket.write(bytes)),
  // As HTTP: bytes go to the native stream, answers are a head and a body at once.
  (socket) => {
    void (socket as unknown as { _handle: TcpHandle })._handle.isStreamBase;
    socket.on('data', () => {
      socket.cork();
      socket.write(HEAD, 'latin1');
      socket.write(BODY);
      socket.uncork();
    });
  },
  (socket) => socket.resume(),
  (socket) => pump(socket.on('drain', () => pump(socket)).resume()),
];

/** From now on, whoever asks for `warmUp` has this part, too. */
export function rehearseSockets(): void {
  rehearsed.sockets = (stack: Stack, first: number): boolean => {
    // Nobody shall hear of sockets that are none of his.
    if (diagnostics.hasSubscribers('net.server.socket')) return false;
    const policy = { loopback: 'own', fallback: 'error', ports: undefined, prefixes: undefined } as const;
    const { createServer } = netOf(() => router);
    const router = new Router(stack, policy);
    stack.between(() => {}); // ticks are the program's own: they run in their time
    LISTENERS.forEach((listener, i) => {
      const server = createServer({ noDelay: true }, (socket) => {
        socket.on('error', () => {});
        listener(socket);
      });
      server.on('error', () => {}).listen(first + i);
    });
    return true;
  };
}

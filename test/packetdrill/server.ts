/** The Unix socket that bridge.c talks to: a desk for each process, a line to it for each of its threads. */
import { createServer, type Socket } from 'node:net';
import { Desk, type DeskOptions } from './desk.ts';
import type { Reply } from './linux.ts';

const HEAD = 24;
const HELLO = 0;

interface Session {
  readonly desk: Desk;
  lines: number;
}

export interface Server {
  readonly path: string;
  close(): Promise<void>;
}

/** Listens on `path` until it is closed. */
export async function serve(path: string, options: DeskOptions): Promise<Server> {
  const sessions = new Map<number, Session>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    attend(socket, options, sessions);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function attend(socket: Socket, options: DeskOptions, sessions: Map<number, Session>): void {
  let pending = Buffer.alloc(0);
  let session: Session | undefined;
  let line = 0;
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32LE(0)) {
      const length = 4 + pending.readUInt32LE(0);
      const request = pending.subarray(0, length);
      pending = pending.subarray(length);
      const operation = request.readUInt32LE(4);
      const words = Int32Array.from([8, 12, 16, 20], (at) => request.readInt32LE(at));
      if (operation === HELLO) {
        const process = words[0]!;
        session = sessions.get(process) ?? { desk: new Desk(options), lines: 0 };
        sessions.set(process, session);
        line = session.lines++;
        // The main thread is the first to come and the last to go.
        if (line === 0) socket.on('close', () => over(sessions, process));
      }
      session?.desk.request(line, { operation, words, bytes: request.subarray(HEAD) }, (reply) => send(socket, reply));
    }
  });
}

function over(sessions: Map<number, Session>, process: number): void {
  sessions.get(process)?.desk.close();
  sessions.delete(process);
}

function send(socket: Socket, { result, errno = 0, bytes = new Uint8Array(0) }: Reply): void {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(8 + bytes.length, 0);
  head.writeInt32LE(result, 4);
  head.writeInt32LE(errno, 8);
  if (!socket.destroyed) socket.write(Buffer.concat([head, bytes]));
}

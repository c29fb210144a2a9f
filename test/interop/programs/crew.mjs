// A program that knows nothing of usertcp, with worker threads that serve and connect. Takes JSON lines {id, thread, call, ...}: `start` and
// `terminate` are about a thread, everything else is done by it; 'main' is the main one. A thread may start others: {within}.
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const name = isMainThread ? 'main' : workerData.name;
const workers = new Map();
const servers = new Map();
const answer = isMainThread
  ? (message) => console.log(JSON.stringify(message))
  : (message) => parentPort.postMessage(message);

const get = (url) =>
  new Promise((resolve) => {
    http
      .get(url, { agent: false }, async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve(text);
      })
      .on('error', (error) => resolve(error.code));
  });

const calls = {
  start: ({ worker }) =>
    new Promise((resolve) => {
      const started = new Worker(new URL(import.meta.url), { workerData: { name: worker } });
      workers.set(worker, started);
      started.on('message', (message) => (message.ready ? resolve(true) : answer(message)));
    }),
  terminate: ({ worker }) => workers.get(worker).terminate(),
  listen: ({ port, host }) =>
    new Promise((resolve, reject) => {
      const server = http.createServer((_request, response) => response.end(name));
      server.keepAliveTimeout = 60_000;
      server.on('error', reject).listen(port, host, () => resolve(server.address().port));
      servers.set(port, server);
    }),
  close: ({ port }) => new Promise((resolve) => void servers.get(port).close(() => resolve(true))),
  /** What so many requests bring, each on a connection of its own. */
  async get({ url, many }) {
    const tally = {};
    for (const text of await Promise.all(Array.from({ length: many }, () => get(url))))
      tally[text] = (tally[text] ?? 0) + 1;
    return tally;
  },
  /** Bytes in a stream that does not end, to a port that swallows them. */
  pour: ({ host, port }) =>
    new Promise((resolve) => {
      const socket = net.connect(port, host, () => resolve(true)).on('error', () => {});
      const more = () => {
        while (socket.write(Buffer.alloc(65_536)));
      };
      socket.on('connect', more).on('drain', more);
    }),
  exit: () => process.exit(5),
};

async function take({ id, thread, call, within, ...args }) {
  const next = workers.get(within === name ? thread : (within ?? thread));
  if (next !== undefined) return next.postMessage({ id, thread, call, within, ...args });
  try {
    answer({ id, value: (await calls[call](args)) ?? null });
  } catch (error) {
    answer({ id, error: error?.stack ?? String(error) });
  }
}

if (isMainThread) {
  createInterface({ input: process.stdin }).on('line', (line) => take(JSON.parse(line)));
} else parentPort.on('message', take);
answer({ ready: true });

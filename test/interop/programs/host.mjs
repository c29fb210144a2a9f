// One host of a test: node host.mjs '{"device": …, "addresses": […]}' is our stack on that interface, node host.mjs is
// node:net. Takes calls as JSON lines {id, call, …} and answers {id, value} or {id, error}.
import { createServer as createHttpServer } from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { behaviours, history } from './behaviours.mjs';
import { levels } from './levels.mjs';
import { openStack } from './open.mjs';
import { digest, source } from './stream.mjs';

const config = JSON.parse(process.argv[2] ?? 'null');
const stack = config === null ? undefined : await openStack(config);
const createServer = stack ? stack.createServer.bind(stack) : net.createServer;
const connect = stack ? stack.connect.bind(stack) : net.connect;
/** name → { close, address, results } */
const servers = new Map();

function keep(name, server, results = []) {
  servers.set(name, { server, results });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => resolve(server.address().port));
  });
}

async function run(socket, { behaviour, noDelay, ...args }) {
  if (noDelay) socket.setNoDelay(true);
  return behaviours[behaviour](socket, args);
}

/** Resolves to the socket, or to the code of the error. */
function dial(options) {
  return new Promise((resolve) => {
    const socket = connect({ allowHalfOpen: true, ...options });
    const failed = (error) => resolve(error.code ?? String(error));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

const calls = {
  /** A server that does the same with every connection; what came of them: `results`. */
  async listen({ name = 'main', port = 0, host, backlog, options = {}, ...what }) {
    const results = [];
    const server = createServer({ allowHalfOpen: true, ...options }, async (socket) => {
      results.push(await run(socket, what));
    });
    const ready = keep(name, server, results);
    server.listen({ port, ...(host && { host }), ...(backlog && { backlog }) });
    return ready;
  },
  /** The same at another level of our API. */
  async serve({ name = 'main', port = 0, level, options = {}, ...args }) {
    const results = [];
    const server = levels[level](stack, port, options, (result) => results.push(result), args);
    servers.set(name, { server, results });
    return server.port;
  },
  async http({ port = 80 }) {
    const http = createHttpServer(answer);
    const server = createServer((socket) => http.emit('connection', socket));
    const ready = keep('http', server);
    server.listen(port);
    return ready;
  },
  /** What came of the first `count` connections of a server, in the order in which they ended. */
  async results({ name = 'main', count = 1, timeout = 20_000 }) {
    const { results } = servers.get(name);
    for (const end = Date.now() + timeout; results.length < count && Date.now() < end; ) await sleep(5);
    return results;
  },
  accepted: ({ name = 'main' }) =>
    new Promise((resolve, reject) =>
      servers.get(name).server.getConnections((error, n) => (error ? reject(error) : resolve(n))),
    ),
  async close({ name = 'main' }) {
    servers.get(name).server.close();
  },
  /** One connection: what its behaviour tells, or {error}. */
  async connect({ to, ...what }) {
    const started = Date.now();
    const socket = await dial(to);
    return typeof socket === 'string' ? { error: socket, ms: Date.now() - started } : run(socket, what);
  },
  /** `count` connections, `parallel` at a time: how many did what. */
  async storm({ to, count, parallel, ...what }) {
    const tally = {};
    const note = (key) => {
      tally[key] = (tally[key] ?? 0) + 1;
    };
    const values = [];
    let left = count;
    const started = performance.now();
    const worker = async () => {
      while (left-- > 0) {
        const socket = await dial(to);
        if (typeof socket === 'string') {
          note(socket);
          continue;
        }
        const value = await run(socket, what);
        note(value.events.join(' '));
        values.push(value);
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    const received = values.reduce((n, v) => n + (v.received ?? 0), 0);
    const shas = [...new Set(values.map((v) => v.sha))];
    return { tally, received, shas, ms: Math.round(performance.now() - started) };
  },
  /** Opens and holds `count` sockets that wait; `held` tells about them. */
  async hold({ to, count, name = 'held' }) {
    const all = [];
    for (let i = 0; i < count; i++) {
      const socket = connect({ allowHalfOpen: true, ...to });
      socket.setNoDelay(true);
      const past = history(socket);
      socket.on('connect', () => past.events.unshift('connect'));
      socket.on('data', () => {});
      all.push({ socket, past });
    }
    servers.set(name, { all });
  },
  held: ({ name = 'held' }) => servers.get(name).all.map(({ past }) => past.events),
  endHeld: ({ name = 'held' }) => {
    for (const { socket } of servers.get(name).all) socket.end();
  },
  /** One byte each, `count` times, from every held socket. */
  drizzleHeld: ({ name = 'held', count }) => {
    const { all } = servers.get(name);
    for (let i = 0; i < count; i++) for (const { socket } of all) socket.write(Buffer.of(i));
  },
  /** `count` datagrams of `size` bytes as fast as they go. */
  async datagrams({ host, count, size }) {
    const { createSocket } = await import('node:dgram');
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const bytes = Buffer.alloc(size);
    let refused = 0;
    socket.on('error', () => refused++);
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => socket.send(bytes, 5353, host, resolve));
    }
    socket.close();
    return { refused };
  },
  async relay({ port, to }) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const onward = connect({ allowHalfOpen: true, ...to });
      for (const [a, b] of [
        [socket, onward],
        [onward, socket],
      ]) {
        a.on('error', () => b.destroy());
        a.pipe(b);
      }
    });
    const ready = keep('relay', server);
    server.listen(port);
    return ready;
  },
  /** Does nothing at all for `ms`: the event loop stands still. */
  block({ ms }) {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
  sleep: ({ ms }) => sleep(ms),
  metrics: () => stack.metrics(),
  facts: () => ({ warnings: stack.warnings, addresses: stack.addresses }),
  connections: () => stack.connections().map(({ state, info }) => ({ state, info })),
  async closeStack({ timeout }) {
    await stack.close({ timeout });
    return stack.metrics();
  },
};

/** GET /N: N bytes; PUT: the size and hash of what came. */
async function answer(request, response) {
  if (request.method === 'GET') {
    const total = Number(request.url.slice(1));
    response.setHeader('content-length', total);
    const next = source(1, total);
    const pump = () => {
      for (let bytes = next(); bytes !== null; bytes = next()) {
        if (!response.write(bytes)) return void response.once('drain', pump);
      }
      response.end();
    };
    return pump();
  }
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    hash.update(chunk);
  }
  response.end(JSON.stringify({ size, sha: hash.digest('hex') }));
}

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, call, ...args } = JSON.parse(line);
    const say = (reply) => console.log(JSON.stringify({ id, ...reply }));
    try {
      say({ value: (await calls[call](args)) ?? null });
    } catch (error) {
      say({ error: error?.stack ?? String(error) });
    }
  })
  .on('close', () => process.exit(0));
process.on('uncaughtException', (error) => {
  console.error(error);
  process.exit(70);
});
console.log(JSON.stringify({ ready: true, sha: digest(0, 1) }));

// One end of a connection under pressure: node bench/pressure-end.mjs '{"kind": …}'. Ours at the serve level (`ours`), by the sockets of
// `stack.createServer` (`ours-sockets`) or by `usertcp/net` (`ours-net`), or node:net (`net`); the same handlers for all. Takes lines on standard input (pressure on, pressure off, stop), and tells
// at the end in one line of JSON what came of it.
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStack } from '../dist/index.js';
import { connection, use } from '../dist/net.js';

const ask = JSON.parse(process.argv[2]);
const {
  kind,
  port,
  host,
  connect,
  count = 1,
  send,
  slow = 0,
  block = 0,
  pause = false,
  ignore = 0,
  limits,
  stack: options,
} = ask;

/** A stream that both ends know: a block of odd length, again and again, so that a lost or doubled byte is seen. */
const BLOCK = Buffer.alloc(1_000_003);
for (let i = 0, x = 1; i < BLOCK.length; i++) {
  x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
  BLOCK[i] = x >>> 24;
}
const DOUBLE = Buffer.concat([BLOCK, BLOCK]);

const total = { received: 0, sent: 0, wrong: 0, closed: 0, refused: 0, errors: [], most: 0 };
const marks = [];
/** [ms, bytes received] each 10 ms or so. */
const samples = [];
const ends = new Set();
let pressed = false;
let stopping = false;
let rss = 0;
const started = performance.now();
const since = () => performance.now() - started;

/** What is done with a connection; `c` is a Conn of ours or a socket: both have write, end, pause, resume. */
const handlers = {
  open(c) {
    const end = { c, at: 0, out: 0, stopped: false };
    ends.add(end);
    pump(end);
    return end;
  },
  data(end, bytes) {
    const at = end.at % BLOCK.length;
    end.at += bytes.length;
    total.received += bytes.length;
    for (let i = 0; i < bytes.length; i += BLOCK.length) {
      const part = bytes.subarray(i, i + BLOCK.length);
      const from = (at + i) % BLOCK.length;
      if (part.compare(DOUBLE, from, from + part.length) !== 0) total.wrong++;
    }
    if (!pressed) return;
    if (pause) end.c.pause();
    else if (slow > 0) {
      end.c.pause();
      setTimeout(() => end.c.resume(), (bytes.length / slow) * 1000);
    }
  },
  drain: (end) => pump(end),
  end: (end) => {
    if (!end.stopped) end.c.end();
  },
  close(end, error) {
    ends.delete(end);
    total.closed++;
    if (error) total.errors.push([error.code, error.message].filter(Boolean).join(': '));
    if (total.closed === count) finish();
  },
};

/** `own`: bytes that nobody else has, so that whoever keeps them is seen to keep them. */
function write(end, size, own = false) {
  const from = end.out % BLOCK.length;
  const bytes = DOUBLE.subarray(from, from + size);
  let room = false;
  try {
    room = end.c.write(own ? Buffer.from(bytes) : bytes);
  } catch (error) {
    if (total.refused++ === 0) total.errors.push(`${error.code}: ${error.message}`);
    return false;
  }
  end.out += size;
  total.sent += size;
  return room;
}

function pump(end) {
  if (send === undefined || end.stopped) return;
  if (stopping) {
    end.stopped = true;
    return void end.c.end();
  }
  if (send.every) return; // small writes have a clock of their own
  while (write(end, send.size ?? 65536) && !stopping);
}

/** Does nothing at all: the event loop stands still. */
function stand(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const calls = {
  async on() {
    pressed = true;
    while (pressed && block > 0) {
      stand(block);
      await sleep(block);
    }
  },
  /** Writes that nobody waits for: what `write` answers is not looked at, only that it refuses. */
  flood() {
    for (const end of ends) {
      for (let left = ignore; left > 0 && !end.c.destroyed && total.refused === 0; left -= 65536)
        write(end, 65536, true);
    }
  },
  off() {
    pressed = false;
    for (const end of ends) end.c.resume();
  },
  stop() {
    stopping = true;
    for (const end of ends) pump(end);
  },
};

const watch = setInterval(() => {
  samples.push([since(), total.received]);
  rss = Math.max(rss, process.memoryUsage.rss());
  let waits = 0;
  for (const { c } of ends) waits += c.pendingBytes ?? c.writableLength ?? 0;
  total.most = Math.max(total.most, waits);
}, 10);
if (send?.every) {
  setInterval(() => {
    if (!stopping) for (const end of ends) for (let i = 0; i < send.times; i++) write(end, send.size);
  }, send.every).unref();
}

function finish() {
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  const counters = stack && counted(stack.metrics());
  const told = { ...total, marks, samples, cpu: (user + system) / 1e6, rss: rss - rssBefore, counters };
  // A socket is closed when it has nothing to say any more; its FIN may still be on the way, and with us it would be lost.
  const gone = stack?.close({ timeout: 2000 }).catch(() => {});
  process.stdout.write(`${JSON.stringify(told)}\n`, async () => {
    await gone;
    process.exit(0);
  });
}

/** All that is not zero. */
function counted({ core, udp, driver, net: carried, links }) {
  const [link] = Object.values(links);
  const moved = (counts) => Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0));
  return { core: moved(core), link: moved(link), udp: moved(udp), driver: moved(driver), net: moved(carried) };
}

/** The events of a socket, for the handlers above. */
function attach(socket) {
  let end;
  // At that level `net` has no name for it.
  if (limits && kind === 'ours-net') connection(socket).set(limits);
  socket.on('data', (bytes) => handlers.data(end, bytes));
  socket.on('drain', () => handlers.drain(end));
  socket.on('end', () => handlers.end(end));
  let why = null;
  socket.on('error', (error) => {
    why = error;
  });
  socket.on('close', () => handlers.close(end, why));
  end = handlers.open(socket);
}

const stack = kind === 'net' ? undefined : await createStack({ ...options, tcp: { noDelay: true } });
if (connect) {
  for (let i = 0; i < count; i++) {
    const socket = net.connect({ ...connect, noDelay: true, allowHalfOpen: true });
    socket.once('connect', () => attach(socket));
    await sleep(1);
  }
} else if (kind === 'ours') {
  const shared = {
    open: (conn) => {
      conn.data = handlers.open(conn);
    },
    data: (conn, bytes) => handlers.data(conn.data, bytes),
    drain: (conn) => conn.data && handlers.drain(conn.data),
    end: (conn) => handlers.end(conn.data),
    close: (conn, error) => handlers.close(conn.data, error),
  };
  await stack.serve(port, shared, limits);
} else {
  const createServer = { net: net.createServer, 'ours-net': stack && use(stack).createServer }[kind];
  const options = { noDelay: true, allowHalfOpen: true };
  const server = createServer ? createServer(options, attach) : stack.createServer({ ...options, ...limits }, attach);
  await new Promise((resolve) => server.listen({ port, ...(!stack && { host }), backlog: 1024 }, resolve));
}

const cpu = process.cpuUsage();
const rssBefore = process.memoryUsage.rss();
createInterface({ input: process.stdin }).on('line', (call) => {
  marks.push({ call, ms: since(), received: total.received, sent: total.sent });
  calls[call]?.();
});
console.log('ready');

// What a program can do with an open socket. The same code runs over node:net and over our sockets, at either end.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { source } from './stream.mjs';

/** What became of a socket: its events in their order, errors by their code, each word once. */
export function history(socket) {
  const events = [];
  const note = (event) => void events.push(event);
  socket.on('end', () => note('end'));
  socket.on('error', (error) => note(error.code ?? String(error)));
  const closed = new Promise((resolve) => {
    socket.on('close', () => {
      note('close');
      resolve();
    });
  });
  return { events, closed };
}

/**
 * Sends `send` bytes of a seeded stream and hashes what comes, at the same time.
 * `finish`: our FIN goes out when all was 'sent', or not before the peer has 'ended'. `pause`: ms before the first read.
 */
async function exchange(socket, { send = 0, seed = 0, finish = 'sent', pause = 0, chunk = 65536 } = {}) {
  const past = history(socket);
  const hash = createHash('sha256');
  const started = performance.now();
  let received = 0;
  let sent = 0;
  let stalled = 0;
  const waitsFor = new Set(finish === 'ended' ? ['sent', 'ended'] : ['sent']);
  const done = (what) => {
    waitsFor.delete(what);
    if (waitsFor.size === 0 && !socket.destroyed && !socket.writableEnded) socket.end();
  };
  const next = source(seed, send);
  const pump = () => {
    while (!socket.destroyed) {
      const bytes = next(chunk);
      if (bytes === null) return done('sent');
      sent += bytes.length;
      if (socket.write(bytes)) continue;
      stalled++;
      socket.once('drain', pump);
      return;
    }
  };
  pump();
  if (pause > 0) await sleep(pause);
  socket.on('data', (bytes) => {
    received += bytes.length;
    hash.update(bytes);
  });
  socket.on('end', () => done('ended'));
  await past.closed;
  const ms = Math.round(performance.now() - started);
  return { sent, received, sha: hash.digest('hex'), events: past.events, stalled, ms };
}

/**
 * As exchange, but stands still after each `every` bytes received, for `ms`: `how` 'pause' does not read, 'block' lets the event
 * loop do nothing at all. `gaps`: ms from each time it went on to the next new bytes.
 */
async function interrupted(socket, { send = 0, seed = 0, every, ms, how }) {
  const past = history(socket);
  const hash = createHash('sha256');
  const gaps = [];
  let received = 0;
  let next = every;
  let resumed = 0;
  socket.on('data', (bytes) => {
    if (resumed > 0) gaps.push(Math.round(performance.now() - resumed));
    resumed = 0;
    received += bytes.length;
    hash.update(bytes);
    if (received < next) return;
    next += every;
    const on = () => {
      resumed = performance.now();
    };
    if (how === 'block') {
      block(ms);
      return on();
    }
    socket.pause();
    setTimeout(() => {
      on();
      socket.resume();
    }, ms);
  });
  const bytes = source(seed, send);
  const pump = () => {
    for (let part = bytes(); part !== null; part = bytes())
      if (!socket.write(part)) return void socket.once('drain', pump);
    socket.end();
  };
  pump();
  await past.closed;
  return { received, sent: send, sha: hash.digest('hex'), events: past.events, gaps };
}

function block(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Sends back what comes, with back-pressure, and ends when the peer has. */
async function echo(socket) {
  const past = history(socket);
  socket.pipe(socket);
  await past.closed;
  return { received: socket.bytesRead, events: past.events };
}

/** Writes `size` bytes and waits for as many, `count` times. */
async function pingpong(socket, { count = 100, size = 1 }) {
  const past = history(socket);
  socket.setNoDelay(true);
  const ball = Buffer.alloc(size, 'p');
  const started = performance.now();
  let rounds = 0;
  await new Promise((resolve) => {
    let waiting = size;
    socket.on('data', (bytes) => {
      waiting -= bytes.length;
      if (waiting > 0) return;
      waiting = size;
      if (++rounds === count) return resolve();
      socket.write(ball);
    });
    past.closed.then(resolve);
    socket.write(ball);
  });
  const ms = performance.now() - started;
  socket.end();
  await past.closed;
  return { rounds, ms: Math.round(ms), us: Math.round((ms * 1000) / count), events: past.events };
}

/** `count` small writes without waiting for anything, each in a segment of its own; then FIN. */
async function drizzle(socket, { count = 10 }) {
  const past = history(socket);
  socket.setNoDelay(true);
  socket.resume();
  for (let i = 0; i < count; i++) socket.write(Buffer.of(i));
  socket.end();
  await past.closed;
  return { sent: count, events: past.events };
}

/** Closes after `ms` without having read, or (`how: 'reset'`) resets. */
async function vanish(socket, { ms = 200, how = 'unread' }) {
  const past = history(socket);
  socket.pause();
  await sleep(ms);
  if (how === 'reset') socket.resetAndDestroy();
  else socket.destroy();
  await past.closed;
  return { events: past.events };
}

/** Reads and waits for what happens. `burst`: bytes written at once, then 4 more every 20 ms; `ms`: then it ends. */
async function linger(socket, { burst = 0, keepAlive = 0, ms = 0 }) {
  const past = history(socket);
  if (keepAlive > 0) socket.setKeepAlive(true, keepAlive);
  let received = 0;
  socket.on('data', (bytes) => {
    received += bytes.length;
  });
  socket.on('end', () => socket.end());
  if (burst > 0) socket.write(Buffer.alloc(burst));
  const timer = burst === 0 ? undefined : setInterval(() => socket.write('more'), 20);
  const end = ms === 0 ? undefined : setTimeout(() => socket.end(), ms);
  await past.closed;
  clearInterval(timer);
  clearTimeout(end);
  return { received, events: past.events };
}

export const behaviours = { exchange, interrupted, echo, pingpong, drizzle, vanish, linger };

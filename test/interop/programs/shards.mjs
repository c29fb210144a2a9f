// node shards.mjs '{"device": …, "addresses": […]}': stacks that share an address, each in a worker. Takes JSON lines
// {id, call, shard, …}: add, kill and forget concern workers, everything else is done by the worker of that index.
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { behaviours } from './behaviours.mjs';
import { built, openStack } from './open.mjs';

await (isMainThread ? main(JSON.parse(process.argv[2])) : serve(workerData));

async function main(config) {
  const { createShardGroup, forgetShard } = await built('index.js');
  const group = createShardGroup();
  const workers = new Map();
  const say = (message) => console.log(JSON.stringify(message));
  const calls = {
    add({ id, shard, besides }) {
      const data = { ...config, ...besides, shard: { index: shard, group } };
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: data });
      workers.set(shard, worker);
      worker.on('message', (message) => say(message.ready ? { id, value: true } : message));
      worker.on('error', (error) => say({ id, error: error.stack }));
    },
    async kill({ id, shard }) {
      await workers.get(shard).terminate();
      say({ id, value: true });
    },
    forget({ id, shard }) {
      forgetShard(group, shard);
      say({ id, value: true });
    },
  };
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const message = JSON.parse(line);
      if (calls[message.call]) calls[message.call](message);
      else workers.get(message.shard).postMessage(message);
    })
    .on('close', () => process.exit(0));
  say({ ready: true });
}

/** No stack can be put together with this source. */
function noRandom() {
  throw new Error('no randomness');
}

async function serve(config) {
  const { random = true, ...options } = config;
  const stack = await openStack(random ? options : { ...options, warmUp: false, rng: { u32: noRandom } });
  const count = { accepted: 0, errors: 0, datagrams: 0 };
  const held = [];
  const calls = {
    /** An echo that counts; its datagrams come back with who answered. */
    async listen({ port }) {
      stack.serve(port, {
        open: () => void count.accepted++,
        data: (conn, bytes) => void conn.write(bytes),
        close: (_conn, error) => void (error && count.errors++),
      });
      const socket = await stack.udp.bind({ port });
      socket.on('message', (bytes, from) => {
        count.datagrams++;
        socket.send(bytes, from.port, from.address);
      });
      return true;
    },
    count: () => count,
    metrics: () => stack.metrics(),
    /** So many connections at once, each an exchange of a few bytes. */
    async connect({ to, many, ...what }) {
      const one = () =>
        new Promise((resolve) => {
          const socket = stack.connect({ allowHalfOpen: true, ...to });
          socket.once('error', (error) => resolve({ error: error.code }));
          socket.once('connect', () => resolve(behaviours.exchange(socket, what)));
        });
      const results = await Promise.all(Array.from({ length: many }, one));
      const tally = {};
      for (const { error, events } of results) {
        const key = error ?? events.join(' ');
        tally[key] = (tally[key] ?? 0) + 1;
      }
      return tally;
    },
    /** What ICMP says of so many connections that are being opened. */
    softErrors({ to, many }) {
      const one = () =>
        new Promise((resolve) => {
          const socket = stack.connect(to);
          socket.once('error', (error) => resolve(`error ${error.code}`));
          socket.once('softError', (error) => {
            resolve(error.code);
            socket.destroy();
          });
        });
      return Promise.all(Array.from({ length: many }, one));
    },
    /** Connections that stay open; `useHeld` sends a byte over each and waits for it to come back. */
    async hold({ to, many }) {
      const opened = Array.from({ length: many }, () => stack.open(to));
      held.push(...(await Promise.all(opened)));
      return held.length;
    },
    async useHeld() {
      let ok = 0;
      for (const conn of held) {
        await conn.write(Buffer.of(7));
        const bytes = await conn.read();
        if (bytes?.[0] === 7) ok++;
      }
      return ok;
    },
    close: async ({ timeout }) => {
      await stack.close({ timeout });
      return true;
    },
  };
  parentPort.on('message', async ({ id, call, ...args }) => {
    try {
      parentPort.postMessage({ id, value: (await calls[call](args)) ?? null });
    } catch (error) {
      parentPort.postMessage({ id, error: error?.stack ?? String(error) });
    }
  });
  parentPort.postMessage({ ready: true });
}

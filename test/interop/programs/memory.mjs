// What a process holds when thousands of connections have text to send and text out of order: its own figures beside those of
// metrics().memory, as one JSON line. node --expose-gc memory.mjs CONNECTIONS
import { World } from '../../../dist/sim.js';

const count = Number(process.argv[2]);
const SIZES = [3000, 20_000, 100_000];
const TEXT = new Uint8Array(100_000).fill(7);
const SECOND = 1_000_000;
const card = { poison: false };

const world = new World();
const options = { card, loopback: false, maxConnections: count + 64, arenaBytes: 2 ** 29 };
const sender = world.host('10.0.0.1/24', options);
const receiver = world.host('10.0.0.2/24', options);
const conns = [];
sender.serve(80, { open: (conn) => void conns.push(conn), end() {}, close() {} }, { backlog: count + 64 });

async function open(n) {
  for (let done = 0; done < n; done++) await world.settle(receiver.open({ host: '10.0.0.1', port: 80 }));
}

/** What malloc gets for frames on the wire it keeps: as many as there will be, once before it counts. */
function churn(frames) {
  return Array.from({ length: frames }, () => new Uint8Array(1600).fill(1)).length;
}

/** Bytes: what the process holds, and what of that JavaScript's heap and buffers that are not ours account for. */
function held() {
  for (let n = 0; n < 3; n++) global.gc();
  const { rss, heapTotal, arrayBuffers } = process.memoryUsage();
  const both = [sender, receiver].map((stack) => stack.metrics().memory);
  const sum = (of) => both.reduce((total, memory) => total + of(memory), 0);
  return {
    rss,
    others: heapTotal + arrayBuffers,
    touched: sum((m) => m.touched),
    untouched: sum((m) => m.arena.untouched),
    send: sum((m) => m.arena.send),
    outOfOrder: sum((m) => m.arena.outOfOrder),
    unread: sum((m) => m.unread),
  };
}

// Compiled code, the first pages of everything and the cards' memory are there before it counts.
for (const stack of [sender, receiver]) world.card(stack).rxMemory.fill(0);
await open(32);
for (const conn of conns) conn.write(new Uint8Array(3000));
world.clock.advance(5 * SECOND);
await open(count);
churn(12 * count);
const before = held();
// Half of the first flights is lost, and nothing is acknowledged before we look.
world.impair(sender, { loss: 0.5, delay: SECOND / 10 });
world.impair(receiver, { delay: SECOND });
for (const [n, conn] of conns.entries()) conn.write(TEXT.subarray(0, SIZES[n % SIZES.length]));
world.clock.advance(SECOND / 5);
const after = held();
const grown = Object.fromEntries(Object.keys(after).map((key) => [key, after[key] - before[key]]));
console.log(JSON.stringify({ connections: conns.length, ...grown }));
process.exit(0);

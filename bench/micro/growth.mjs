// node bench/micro/growth.mjs [--steps 1,100,10000,1000000] [--name growth] [--dry]
// What a segment and a connection cost beside 1, 100, 10,000 and a million others: two cores on links of memory, every
// segment through the reference encoder and parser, both ends counted. Rows {case, connections, ns} in bench/results/.
import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseAddress, parseCidr } from '../../dist/wire/address-text.js';
import { say } from '../../scripts/prepare.mjs';
import { meta } from '../meta.mjs';
import { beside, resultFile } from '../result-file.mjs';
import { median } from '../rows.mjs';
import { World } from './wire-pair.mjs';

const { values: ask } = parseArgs({
  options: {
    steps: { type: 'string', default: '1,100,10000,1000000' },
    name: { type: 'string', default: 'growth' },
    dry: { type: 'boolean', default: false },
  },
});
/** Connections that one client address opens. */
const PER_ADDRESS = 60_000;
/** Opened in one turn. */
const BATCH = 64;
const ROUNDS = 5;
const SEGMENTS = 20_000;
const LIVES = 4000;
const text = new Uint8Array(100);

/** Nanoseconds of processor time: what others do on the machine counts less. */
function spent(work) {
  const { user, system } = process.cpuUsage();
  work();
  const after = process.cpuUsage();
  return (after.user + after.system - user - system) * 1000;
}

function fill(world, count) {
  const rows = new Int32Array(count);
  for (let n = 0; n < count; ) {
    for (let b = 0; b < BATCH && n < count; b++, n++) rows[n] = world.open(world.locals[Math.floor(n / PER_ADDRESS)]);
    world.client.finish();
    world.settle();
  }
  return rows;
}

/** A segment of 100 bytes on a connection chosen at random, and in its time the ACK. */
function segments(world, rows) {
  const { client } = world;
  let x = 12345;
  for (let n = 0; n < SEGMENTS; n++) {
    x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
    client.core.callSend(rows[(x >>> 4) % rows.length], text, 0, text.length, world.now);
    client.finish();
    world.settle();
    world.tick(50);
  }
}

/** From SYN to CLOSED and through TIME_WAIT. */
function lives(world) {
  const { client, server } = world;
  client.closeOnOpen = server.closeOnEnd = true;
  for (let n = 0; n < LIVES; n++) {
    world.connect();
    world.tick(500);
  }
  client.closeOnOpen = server.closeOnEnd = false;
}

/** Time passes, and both do what is due. */
function tick(us) {
  this.now += us;
  for (const host of [this.client, this.server]) {
    if (host.alarm > this.now) continue;
    host.core.handleTimers(this.now);
    host.finish();
  }
  this.settle();
}

const rows = [];
const row = (name, connections, ns) => {
  rows.push({ case: name, connections, ns: Math.round(ns) });
  console.log(JSON.stringify(rows.at(-1)));
};
for (const count of ask.steps.split(',').map(Number)) {
  const world = new World({ timeWaits: 65_536, delayedAck: 0 }, count + 1024);
  world.tick = tick;
  const clients = Math.ceil(count / PER_ADDRESS);
  world.locals = Array.from({ length: clients }, (_, n) => parseAddress(`10.0.1.${n + 1}`));
  for (let n = 0; n < clients; n++) {
    const { address, bits } = parseCidr(`10.0.1.${n + 1}/16`);
    world.client.core.ip.addAddress(address, bits, 0);
  }
  world.server.core.ip.addAddress(parseAddress('10.0.9.9'), 112, 0);
  // Everything is compiled before it is timed.
  lives(world);
  let opened;
  const filling = spent(() => {
    opened = fill(world, count);
  });
  if (world.server.core.connections < count) throw new Error(`${world.server.core.connections} of ${count} are open`);
  segments(world, opened);
  const each = Array.from({ length: ROUNDS }, () => [
    spent(() => segments(world, opened)) / SEGMENTS,
    spent(() => lives(world)) / LIVES,
  ]);
  if (count >= 10_000) row('core: open', count, filling / count);
  row('core: segment', count, median(each.map(([s]) => s)));
  row('core: life', count, median(each.map(([, l]) => l)));
}
if (!ask.dry) {
  const file = resultFile(ask.name);
  for (const r of rows) appendFileSync(file, `${JSON.stringify(r)}\n`);
  writeFileSync(beside(file, '.meta.json'), `${JSON.stringify({ ...meta(), asked: ask }, null, 2)}\n`);
  say(file);
}

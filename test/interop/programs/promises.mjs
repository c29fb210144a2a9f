// Does what it is told at the promise level, one thing after the other, and says what came of it.
import { createHash } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { createInterface } from 'node:readline';
import { openStack } from './open.mjs';

const stack = await openStack(JSON.parse(process.argv[2]));
const say = (m) => console.log(JSON.stringify(m));
const heard = [];
for (const name of ['connect', 'open', 'close']) {
  subscribe(`usertcp:conn:${name}`, ({ remote, code }) => heard.push([name, remote.port, code ?? null]));
}

/** Everything that comes, read as bursts: how much of it was lent, and what it hashes to. */
async function bursts({ host, port }) {
  const conn = await stack.open({ host, port });
  const hash = createHash('sha256');
  let bytes = 0;
  let lent = 0;
  for await (const burst of conn.bursts()) {
    for (const view of burst.views) hash.update(view);
    bytes += burst.length;
    if (burst.lent) lent += burst.length;
  }
  await conn.end();
  return { bytes, lent, sha: hash.digest('hex') };
}

/** ms until the kernel acknowledged; its application may not have read. */
async function acked({ host, port, length }) {
  const conn = await stack.open({ host, port });
  await conn.writeAcked(Buffer.alloc(length, 7));
  const { bytesOut, sndQueued } = conn.info();
  conn.abort();
  return { bytesOut, sndQueued };
}

/** A name with both families, and how long it took. */
async function race({ addresses, port }) {
  const began = performance.now();
  const lookup = (_host, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  const conn = await stack.open({ host: 'both.test', port, lookup });
  const won = { address: conn.remoteAddress, ms: performance.now() - began };
  await conn.end();
  return won;
}

/** The error that ends it. */
async function failure({ host, port, userTimeout }) {
  let seen;
  try {
    const conn = await stack.open({ host, port, ...(userTimeout && { userTimeout }) });
    await conn.write('anything');
    for await (const _chunk of conn) void 0;
  } catch (error) {
    seen = { code: error.code, wire: error.wire };
  }
  return seen;
}

/** A server that answers in the middle of an upload and closes. */
function early({ port, linger }) {
  stack.serve(port, {
    data(conn) {
      conn.write('413 too large');
      if (linger !== undefined) conn.set({ linger });
      conn.close();
    },
  });
  return {};
}

/** What the kernel gets at a rate. */
async function paced({ host, port, rate, length }) {
  const conn = await stack.open({ host, port });
  conn.set({ pacingRate: rate, ttl: 9, typeOfService: 0x20, maxSegment: 500 });
  const began = performance.now();
  await conn.writeAcked(Buffer.alloc(length));
  const { limitedUs, mss } = conn.info();
  conn.abort();
  return { ms: performance.now() - began, pacing: limitedUs.pacing, mss };
}

const acts = {
  early,
  paced,
  bursts,
  acked,
  race,
  failure,
  heard: () => ({ heard }),
};
createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, act, ...how } = JSON.parse(line);
  const result = await Promise.resolve(acts[act](how)).catch((error) => ({ failed: String(error.stack) }));
  say({ id, ...result });
});
say({ ready: true });

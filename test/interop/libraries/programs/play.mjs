// What the programs of this folder have in common: scenarios are played one after another, and each result is a line.
import { createHash } from 'node:crypto';
import { source } from '../../programs/stream.mjs';

export { digest } from '../../programs/stream.mjs';

const [role, text = '{}'] = process.argv.slice(2);

/** 'server' or 'client', and what the test says. */
export { role };
export const options = JSON.parse(text);
export const MIB = 1 << 20;
const LATE = 20_000;

/** A late scenario fails; the next one is played. */
export async function play(scenarios) {
  for (const [scenario, run] of Object.entries(scenarios)) {
    const from = performance.now();
    let outcome = 'ok';
    const late = new Promise((_, reject) => {
      setTimeout(reject, LATE, new Error(`not finished after ${LATE} ms`)).unref();
    });
    await Promise.race([run(), late]).catch((error) => {
      outcome = error?.stack ?? String(error);
    });
    console.log(JSON.stringify({ scenario, outcome, ms: Math.round(performance.now() - from) }));
  }
  // Whoever leaves something open keeps the process alive, and the test finds that.
  console.log(JSON.stringify({ played: true }));
}

/** A server tells that it listens, and ends when it is told to. */
export function ready(more = {}) {
  console.log(JSON.stringify({ ready: true, ...more }));
  process.stdin.on('end', () => process.exit(0)).resume();
}

export const listening = (server, port) => new Promise((resolve) => server.listen(port, resolve));

/** All of the stream with this seed. */
export function bytes(seed, total) {
  const next = source(seed, total);
  const chunks = [];
  for (let chunk = next(); chunk !== null; chunk = next()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export const sha = (data) => createHash('sha256').update(data).digest('hex');

/** Size and SHA-256 of what a stream carries. */
export async function drink(stream) {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    hash.update(chunk);
  }
  return { size, sha: hash.digest('hex') };
}

/** The error that a promise ends with. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was to fail');
}

/** As soon as `find` finds something. */
export async function until(find, ms = 15_000) {
  for (const from = performance.now(); performance.now() - from < ms; ) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not so after ${ms} ms: ${find}`);
}

export const times = (n, make) => Promise.all(Array.from({ length: n }, (_, i) => make(i)));

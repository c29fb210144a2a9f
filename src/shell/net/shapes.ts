/** What V8 is to know of Node's socket class before it meets the first connection (ADR 51). */
import net from 'node:net';

/** More than V8 tells apart in one place: from then on it has one way for all of them. */
const SHAPES: readonly object[] = [{}, { host: '' }, { port: 0 }, { path: '' }, { noDelay: true }, { family: 4 }];
/** V8 begins to remember what a function meets after some calls. */
const TIMES = 8;
/** V8 of Node 22 does not need it. */
const NEEDED = Number.parseInt(process.versions.node, 10) < 22;
let met = !NEEDED;

/**
 * `net.Socket` copies its options with `{ ...options }`. V8 of Node 20 remembers the shape of the copy, and where all options had one shape, as those of
 * a server's connections have, each new socket takes 10 µs more than it must: 12 for 1 or 2. Where it has met many, it does not.
 */
export function meetShapes(): void {
  if (met) return;
  met = true;
  for (let i = 0; i < TIMES; i++) for (const shape of SHAPES) new net.Socket(shape);
}

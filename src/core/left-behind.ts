/** What is still here of buckets that were given to another stack: connections in any state, and UDP sockets. */
import { ROW_WORDS } from '../wire/abi.ts';
import type { Tcp } from './tcp/context.ts';
import { CLOSED, LISTEN } from './tcp/figure5.ts';
import { SCRATCH_ROWS } from './tcp/rows.ts';
import { STATE } from './tcp/tcb.ts';
import type { Tuples } from './tcp/tuples.ts';
import type { Udp } from './udp/udp.ts';

/** Adds to both sets: the buckets, and the local ports. A look at every connection. */
export function leftBehind(t: Tcp, udp: Udp, buckets: Int32Array, ports: Int32Array): void {
  const { words, top } = t.rows;
  for (let row = SCRATCH_ROWS; row < top; row++) {
    const state = words[row * ROW_WORDS + STATE]!;
    if (state === 0 || state & (CLOSED | LISTEN)) continue;
    t.share.note(words, row * ROW_WORDS, buckets, ports);
  }
  notedOf(t, t.timeWaits, buckets, ports);
  notedOf(t, t.halfOpens, buckets, ports);
  udp.eachPort((port) => t.share.notePort(port, buckets, ports));
}

function notedOf(t: Tcp, tuples: Tuples, buckets: Int32Array, ports: Int32Array): void {
  for (let list = 0; list < tuples.lists; list++) {
    for (let rec = tuples.first(list); rec >= 0; rec = tuples.after(rec)) {
      t.share.note(tuples.words, rec * tuples.stride, buckets, ports);
    }
  }
}

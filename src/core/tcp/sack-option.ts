/**
 * The SACK option we send: what is held out of order, the block that changed last first, then those that led earlier
 * options, then the others (RFC 2018 §4). One walk over the held records makes it for all segments of a turn.
 */
import { MAX_SACK_BLOCKS, writeSack } from '../../wire/tcp-options.ts';
import { add, geq, gt } from '../seq.ts';
import type { Tcp } from './context.ts';
import { F_RCV_FIN, F_SACK, F_TS } from './row.ts';
import type { Tcb } from './tcb.ts';

/** What fits beside Timestamps (RFC 2018 §3). */
const BLOCKS_BESIDE_TS = 3;

/** The option written last. */
export class SackOption {
  /** Whose it is, and when it was written; -1 = nobody's. */
  row = -1;
  now = 0;
  /** Offset of its bytes in the arena, and how many. */
  at = 0;
  length = 0;
  /** It begins with a duplicate and is for one segment only. */
  duplicate = false;
  readonly edges = new Int32Array(2 * MAX_SACK_BLOCKS);
}

/** Bytes of SACK option on the segments that leave now. Written at the first call of a turn. */
export function sackLength(t: Tcp, tcb: Tcb): number {
  const s = t.sack;
  if (s.duplicate) return s.length;
  if (tcb.oooHead < 0 || (tcb.flags & F_SACK) === 0) return 0;
  if (s.row !== tcb.row || s.now !== t.now) write(t, tcb, 0);
  return s.length;
}

/** RFC 2883 §4: the next segment reports the duplicate, in front of the block that holds it, if any. */
export function beginDuplicate(t: Tcp, tcb: Tcb): void {
  t.sack.edges[0] = tcb.dsackStart;
  t.sack.edges[1] = tcb.dsackEnd;
  write(t, tcb, 1);
  t.sack.duplicate = true;
}

export function endDuplicate(t: Tcp): void {
  t.sack.duplicate = false;
  t.sack.row = -1;
}

/** `first` blocks are in `edges` already. */
function write(t: Tcp, tcb: Tcb, first: number): void {
  const s = t.sack;
  const count = sackBlocks(t, tcb, s.edges, first, tcb.flags & F_TS ? BLOCKS_BESIDE_TS : MAX_SACK_BLOCKS);
  if (count > first) remember(tcb, s.edges[2 * first]!, s.edges[2 * first + 1]!);
  s.row = tcb.row;
  s.now = t.now;
  s.at = count === 0 ? -1 : t.arena.scratch(36);
  s.length = s.at < 0 ? 0 : writeSack(t.arena.bytes, s.at, s.edges, 0, count);
}

/** Blocks that changed last or led before, by how recent they are; then those that did neither. */
const recent = new Int32Array(8);
const others = new Int32Array(2 * MAX_SACK_BLOCKS);

/** The edges of the blocks held, from slot `first` on; returns the slots in use, at most `limit`. */
export function sackBlocks(t: Tcp, tcb: Tcb, edges: Int32Array, first: number, limit: number): number {
  let known = 0;
  let rest = 0;
  let rec = tcb.oooHead;
  while (rec >= 0) {
    const left = t.records.seq(rec);
    let right = add(left, t.records.len(rec));
    rec = t.records.next(rec);
    while (rec >= 0 && t.records.seq(rec) === right) {
      right = add(right, t.records.len(rec));
      rec = t.records.next(rec);
    }
    if (tcb.flags & F_RCV_FIN && right === tcb.rcvFin) right = add(right, 1); // a FIN is held as text is
    const rank = rankOf(tcb, left, right);
    if (rank < 4) {
      recent[2 * rank] = left;
      recent[2 * rank + 1] = right;
      known |= 1 << rank;
    } else if (rest < limit) {
      others[2 * rest] = left;
      others[2 * rest++ + 1] = right;
    }
  }
  let count = first;
  for (let rank = 0; rank < 4 && count < limit; rank++) {
    if (known & (1 << rank)) put(edges, count++, recent, rank);
  }
  for (let n = 0; n < rest && count < limit; n++) put(edges, count++, others, n);
  return count;
}

function put(edges: Int32Array, slot: number, from: Int32Array, n: number): void {
  edges[2 * slot] = from[2 * n]!;
  edges[2 * slot + 1] = from[2 * n + 1]!;
}

/** 0 = it changed last, 1 to 3 = it led one of the last options, 4 = neither. */
function rankOf(tcb: Tcb, left: number, right: number): number {
  if (holds(left, right, tcb.oooLast)) return 0;
  if (holds(left, right, tcb.sackLed1)) return 1;
  if (holds(left, right, tcb.sackLed2)) return 2;
  return holds(left, right, tcb.sackLed3) ? 3 : 4;
}

function holds(left: number, right: number, seq: number): boolean {
  return geq(seq, left) && gt(right, seq);
}

/** The block [left, right) leads: those that led before it move back one place, up to its own. */
function remember(tcb: Tcb, left: number, right: number): void {
  if (tcb.flight === 0 || holds(left, right, tcb.sackLed1)) return;
  if (!holds(left, right, tcb.sackLed2)) tcb.sackLed3 = tcb.sackLed2;
  tcb.sackLed2 = tcb.sackLed1;
  tcb.sackLed1 = left;
}

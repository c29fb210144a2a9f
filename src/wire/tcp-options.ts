/** TCP options (RFC 9293 §3.1 and 3.2, RFC 7323, RFC 2018): one reader into a reused record, and the writers. */
import { OPT_BAD, OPT_MSS, OPT_OTHER, OPT_SACK, OPT_SACK_OK, OPT_TS, OPT_WS } from './abi.ts';
import { get16, get32, put16, put32 } from './bytes.ts';

export const KIND_EOL = 0;
export const KIND_NOP = 1;
export const KIND_MSS = 2;
export const KIND_WS = 3;
export const KIND_SACK_OK = 4;
export const KIND_SACK = 5;
export const KIND_TS = 8;
/** RFC 5482. */
export const KIND_UTO = 28;
/** RFC 7413. */
export const KIND_FAST_OPEN = 34;
/** RFC 9768: the order of the counters is in the kind. */
export const KIND_ACC_ECN_0 = 172;
export const KIND_ACC_ECN_1 = 174;

/** RFC 9293 §3.1: the data offset counts 15 words at most, 5 of them fixed. */
export const MAX_OPTION_BYTES = 40;
/** NOP NOP Timestamps (RFC 7323 appendix A). */
export const TS_BYTES = 12;
/** RFC 2018 §3: 40 bytes hold four blocks. */
export const MAX_SACK_BLOCKS = 4;

// Kinds and lengths: RFC 7323 §3.2-i.
const NOP_NOP_TS = 0x0101080a;
const NOP_NOP_SACK = 0x01010500;
const NOP_NOP_SACK_OK = 0x01010402;
const NOP_WS = 0x01030300;

export class TcpOptions {
  /** OPT_* bits; the other fields count only when their bit is set. */
  seen = 0;
  mss = 0;
  /** Shift as sent; RFC 7323 §2.3 caps the use of it at 14, which is the core's decision. */
  ws = 0;
  tsVal = 0;
  tsEcr = 0;
  sackBlocks = 0;
  /** Left and right edges, in the order received. */
  readonly sack = new Int32Array(2 * MAX_SACK_BLOCKS);
  /** RFC 5482: granularity bit and value as sent; -1 = not there. */
  userTimeout = -1;
  /** RFC 7413: offset and length of the cookie; -1 = not there, length 0 = asks for one. */
  fastOpenAt = -1;
  fastOpenLength = 0;
  /** RFC 9768: how many counters there are (0 to 3), and their 24 bits. */
  accEcnFields = 0;
  ect0Bytes = 0;
  ceBytes = 0;
  ect1Bytes = 0;
  /** Kind of the last option that has no bit of its own. */
  otherKind = 0;
}

/**
 * Reads the option bytes [from, end): EOL, NOP, MSS and the others that we know [MUST-4], at any alignment [MUST-64]. Kinds that are
 * not known are skipped by their length [MUST-6].
 */
export function readTcpOptions(b: Uint8Array, from: number, end: number, into: TcpOptions): void {
  into.seen = 0;
  into.sackBlocks = into.accEcnFields = 0;
  into.userTimeout = into.fastOpenAt = -1;
  if (end - from === TS_BYTES && get32(b, from) === NOP_NOP_TS) {
    takeTimestamps(b, from + 2, into);
    return;
  }
  let o = from;
  while (o < end) {
    const kind = b[o]!;
    if (kind === KIND_EOL) return;
    if (kind === KIND_NOP) {
      o++;
      continue;
    }
    const length = o + 1 < end ? b[o + 1]! : 0;
    if (length < 2 || o + length > end || !take(b, o, kind, length, into)) {
      into.seen |= OPT_BAD; // [MUST-7]: prepared for an illegal length; nothing behind it can be trusted
      return;
    }
    o += length;
  }
}

/** False when the length is wrong for the kind. */
function take(b: Uint8Array, o: number, kind: number, length: number, into: TcpOptions): boolean {
  switch (kind) {
    case KIND_MSS:
      if (length !== 4) return false;
      into.seen |= OPT_MSS;
      into.mss = get16(b, o + 2);
      return true;
    case KIND_WS:
      if (length !== 3) return false;
      into.seen |= OPT_WS;
      into.ws = b[o + 2]!;
      return true;
    case KIND_SACK_OK:
      if (length !== 2) return false;
      into.seen |= OPT_SACK_OK;
      return true;
    case KIND_SACK:
      return takeSack(b, o, length, into);
    case KIND_TS:
      if (length !== 10) return false;
      takeTimestamps(b, o, into);
      return true;
    default:
      into.seen |= OPT_OTHER;
      into.otherKind = kind;
      takeOther(b, o, kind, length, into);
      return true;
  }
}

/** Options of which only the core reads the content; one of a wrong length counts as unknown [MUST-6]. */
function takeOther(b: Uint8Array, o: number, kind: number, length: number, into: TcpOptions): void {
  if (kind === KIND_UTO && length === 4) into.userTimeout = get16(b, o + 2);
  else if (kind === KIND_FAST_OPEN) {
    into.fastOpenAt = o + 2;
    into.fastOpenLength = length - 2;
  } else if ((kind === KIND_ACC_ECN_0 || kind === KIND_ACC_ECN_1) && length <= 11 && (length - 2) % 3 === 0) {
    takeAccEcn(b, o + 2, (length - 2) / 3, kind === KIND_ACC_ECN_0, into);
  }
}

/** RFC 9768 §3.2.3: as many of the three as the sender thought worth while. */
function takeAccEcn(b: Uint8Array, o: number, fields: number, ect0First: boolean, into: TcpOptions): void {
  into.accEcnFields = fields;
  const first = fields > 0 ? get24(b, o) : 0;
  const last = fields > 2 ? get24(b, o + 6) : 0;
  into.ceBytes = fields > 1 ? get24(b, o + 3) : 0;
  into.ect0Bytes = ect0First ? first : last;
  into.ect1Bytes = ect0First ? last : first;
}

function get24(b: Uint8Array, o: number): number {
  return (b[o]! << 16) | get16(b, o + 1);
}

function takeTimestamps(b: Uint8Array, o: number, into: TcpOptions): void {
  into.seen |= OPT_TS;
  into.tsVal = get32(b, o + 2);
  into.tsEcr = get32(b, o + 6);
}

function takeSack(b: Uint8Array, o: number, length: number, into: TcpOptions): boolean {
  if (length < 10 || (length - 2) % 8 !== 0) return false;
  into.seen |= OPT_SACK;
  into.sackBlocks = (length - 2) / 8;
  for (let i = 0; i < 2 * into.sackBlocks; i++) into.sack[i] = get32(b, o + 2 + 4 * i);
  return true;
}

/** NOP NOP Timestamps. Returns the bytes written. */
export function writeTimestamps(out: Uint8Array, o: number, tsVal: number, tsEcr: number): number {
  put32(out, o, NOP_NOP_TS);
  put32(out, o + 4, tsVal);
  put32(out, o + 8, tsEcr);
  return TS_BYTES;
}

/**
 * The options that only a SYN may carry [MUST-65], each with its length [MUST-68] and aligned to 4 by NOPs in front: no EOL is ever
 * written, and nothing is left to pad behind one [MUST-69]. Timestamps are not among them: every segment has them, so the transmit descriptor does. `mss` 0, `ws` -1 and `sackOk` false leave an option out.
 */
export function writeSynOptions(out: Uint8Array, o: number, mss: number, ws: number, sackOk: boolean): number {
  let at = o;
  if (mss > 0) {
    put16(out, at, (KIND_MSS << 8) | 4);
    put16(out, at + 2, mss);
    at += 4;
  }
  if (sackOk) {
    put32(out, at, NOP_NOP_SACK_OK);
    at += 4;
  }
  if (ws >= 0) {
    put32(out, at, NOP_WS | ws);
    at += 4;
  }
  return at - o;
}

/** NOP NOP SACK with `count` blocks from `edges` (left, right, left, …). The caller minds the room (3 beside TS). */
export function writeSack(out: Uint8Array, o: number, edges: Int32Array, at: number, count: number): number {
  if (count === 0) return 0;
  put32(out, o, NOP_NOP_SACK | (2 + 8 * count));
  for (let i = 0; i < 2 * count; i++) put32(out, o + 4 + 4 * i, edges[at + i]!);
  return 4 + 8 * count;
}

/** RFC 5482 §2. */
export const UTO_BYTES = 4;

export function writeUserTimeout(out: Uint8Array, o: number, field: number): void {
  put16(out, o, (KIND_UTO << 8) | UTO_BYTES);
  put16(out, o + 2, field);
}

/** RFC 7413 §2; no cookie = the question for one. NOPs in front make it a multiple of four. Returns the bytes written. */
export function writeFastOpen(out: Uint8Array, o: number, cookie?: Uint8Array): number {
  const length = 2 + (cookie?.length ?? 0);
  const padding = -length & 3;
  out.fill(KIND_NOP, o, o + padding);
  put16(out, o + padding, (KIND_FAST_OPEN << 8) | length);
  if (cookie !== undefined) out.set(cookie, o + padding + 2);
  return padding + length;
}

/** NOP, kind, length and three counters. */
export const ACC_ECN_BYTES = 12;

/** RFC 9768 §3.2.3, order 0, with a NOP in front. Returns the bytes written. */
export function writeAccEcn(out: Uint8Array, o: number, ect0: number, ce: number, ect1: number): number {
  out[o] = KIND_NOP;
  out[o + 1] = KIND_ACC_ECN_0;
  out[o + 2] = 11;
  put24(out, o + 3, ect0);
  put24(out, o + 6, ce);
  put24(out, o + 9, ect1);
  return ACC_ECN_BYTES;
}

function put24(out: Uint8Array, o: number, value: number): void {
  out[o] = value >>> 16;
  put16(out, o + 1, value & 0xffff);
}

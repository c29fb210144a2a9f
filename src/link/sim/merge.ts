/**
 * Receive merging in software: segments of one flow that follow each other in a burst become one descriptor with
 * pieces, under the rules of native/core/gro.cc. Payload stays where it is.
 */
import {
  ACK,
  CWR,
  FIN,
  OPT_TS,
  PSH,
  RST,
  RX_ACK,
  RX_FLAGS,
  RX_GSO,
  RX_IP,
  RX_KIND,
  RX_LEN,
  RX_OFF,
  RX_OPTS,
  RX_ROUTED,
  RX_ROW,
  RX_SEQ,
  RX_TOTAL,
  RX_TSECR,
  RX_TSVAL,
  SYN,
  URG,
} from '../../wire/abi.ts';
import { addPiece } from '../../wire/pieces.ts';

/** As the kernel: a merged packet still has a 16-bit length. */
const MAX_MERGED = 65535;
/** The first piece and four PIECE descriptors of seven. */
const MAX_PIECES = 29;
/** With the reserved bits, AE among them; the rest of the word is the window. */
const FLAG_BITS = 0xfff;
const NEVER_MERGED = FIN | SYN | RST | PSH | URG | CWR;
/** Options seen and header length; not the urgent pointer. */
const SAME_OPTIONS = 0xffff;
/** Version, TTL and DSCP; ECN may differ, as marks are counted apart. */
const SAME_IP = 0xff00fffc | 0;

/** Whether the single segment at `next` continues the descriptor at `head`. */
export function continues(rx: Int32Array, head: number, next: number): boolean {
  if (rx[head + RX_ROW]! < 0 || rx[head + RX_ROW] !== rx[next + RX_ROW]) return false;
  if (((rx[head + RX_KIND]! | rx[next + RX_KIND]!) >> 16) & RX_ROUTED) return false;
  // PSH and FIN end a run; the window may change.
  const flags = rx[head + RX_FLAGS]! & FLAG_BITS;
  if ((flags & NEVER_MERGED) !== 0 || (flags & ACK) === 0) return false;
  if ((rx[next + RX_FLAGS]! & FLAG_BITS & ~(PSH | FIN)) !== flags || rx[head + RX_ACK] !== rx[next + RX_ACK])
    return false;
  const options = rx[head + RX_OPTS]! & SAME_OPTIONS;
  if (options !== (rx[next + RX_OPTS]! & SAME_OPTIONS) || (options & 0xff & ~OPT_TS) !== 0) return false;
  if (((rx[next + RX_TSVAL]! - rx[head + RX_TSVAL]!) | 0) < 0) return false;
  return ((rx[head + RX_IP]! ^ rx[next + RX_IP]!) & SAME_IP) === 0 && fits(rx, head, next);
}

/** In sequence, all but the last of one size, and not too much in all. */
function fits(rx: Int32Array, head: number, next: number): boolean {
  const size = rx[head + RX_LEN]!;
  const total = rx[head + RX_TOTAL]!;
  const more = rx[next + RX_TOTAL]!;
  const segments = rx[head + RX_GSO]! >>> 16;
  if (size === 0 || total !== size * segments || rx[next + RX_GSO]! >>> 16 !== 1) return false;
  if (more === 0 || more > size || total + more > MAX_MERGED || segments === MAX_PIECES) return false;
  return ((rx[head + RX_SEQ]! + total) | 0) === rx[next + RX_SEQ];
}

/**
 * Takes the segment at `next` into `head`: flags, window and TSecr of the newest; TSval of the oldest, which is the one
 * to echo (RFC 7323 §4.3). Returns the descriptors head now takes; `next` may be overwritten by them.
 */
export function absorb(rx: Int32Array, head: number, next: number): number {
  const offset = rx[next + RX_OFF]!;
  const length = rx[next + RX_TOTAL]!;
  const marks = Math.min(255, ((rx[head + RX_IP]! >>> 16) & 0xff) + ((rx[next + RX_IP]! >>> 16) & 0xff));
  const segments = (rx[head + RX_GSO]! >>> 16) + 1;
  rx[head + RX_FLAGS] = rx[next + RX_FLAGS]!;
  rx[head + RX_TSECR] = rx[next + RX_TSECR]!;
  rx[head + RX_IP] = (rx[head + RX_IP]! & 0xff00ffff) | (marks << 16);
  rx[head + RX_GSO] = rx[head + RX_LEN]! | (segments << 16);
  rx[head + RX_TOTAL]! += length;
  return addPiece(rx, head, offset, length);
}

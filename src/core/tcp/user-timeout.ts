/** The user timeout option, RFC 5482: each end says how long it will wait, and may wait as long as the other. Off by default. */
import { OPT_OTHER } from '../../wire/abi.ts';
import { UTO_BYTES, writeUserTimeout } from '../../wire/tcp-options.ts';
import { markDirty, type Tcp } from './context.ts';
import { F_KEEPALIVE, F2_UTO, F2_UTO_DUE, F2_UTO_FIXED } from './row.ts';
import type { Segment } from './segment.ts';
import { readOptions } from './syn-options.ts';
import type { Tcb } from './tcb.ts';

/** RFC 9293 §3.9.1.1: what holds while the application has said nothing. ms */
const DEFAULT_TIMEOUT = 300_000;
/** L_LIMIT: RFC 5482 §3.1 recommends 100 s, and never less than the RTO. */
const LEAST = 100_000;
/** U_LIMIT: a peer must not keep our memory for longer. */
const MOST = 3_600_000;
const GRANULARITY = 0x8000;
const VALUE = 0x7fff;
const SECOND = 1000;
const MINUTE = 60_000;

/** ADV_UTO in ms. */
function advertised(tcb: Tcb): number {
  return tcb.userTimeout > 0 ? tcb.userTimeout : DEFAULT_TIMEOUT;
}

/** RFC 5482 §3: granularity bit and 15 bits, rounded up. */
export function encodeTimeout(ms: number): number {
  const seconds = Math.ceil(ms / SECOND);
  return seconds <= VALUE ? seconds : GRANULARITY | Math.min(VALUE, Math.ceil(ms / MINUTE));
}

/** ms; 0 = the value means nothing (§3: zero is not to be used). */
export function decodeTimeout(field: number): number {
  return (field & VALUE) * (field & GRANULARITY ? MINUTE : SECOND);
}

/** The option on a segment of ours; returns its length. */
export function userTimeoutOption(tcb: Tcb, out: Uint8Array, at: number): number {
  tcb.flags2 &= ~F2_UTO_DUE;
  writeUserTimeout(out, at, encodeTimeout(advertised(tcb)));
  return UTO_BYTES;
}

/** The application changed its timeout: the peer hears of it, and the peer's wish counts no more (§3.1). */
export function userTimeoutSet(t: Tcp, tcb: Tcb): void {
  tcb.flags2 |= F2_UTO_FIXED;
  if ((tcb.flags2 & F2_UTO) === 0) return;
  tcb.flags2 |= F2_UTO_DUE;
  markDirty(t, tcb);
}

/** A segment arrived that may carry the option; `read`: `t.options` holds its options already. */
export function takeUserTimeout(t: Tcp, tcb: Tcb, seg: Segment, read: boolean): void {
  if ((tcb.flags2 & F2_UTO) === 0) return;
  if (!read) {
    if ((seg.opts & OPT_OTHER) === 0) return;
    readOptions(t, seg);
  }
  const remote = t.options.userTimeout < 0 ? 0 : decodeTimeout(t.options.userTimeout);
  if (remote > 0 && (tcb.flags2 & F2_UTO_FIXED) === 0) adoptTimeout(tcb, remote);
}

/** The peer wishes `remote` ms. */
export function adoptTimeout(tcb: Tcb, remote: number): void {
  tcb.uto = remote;
  // §3.1: USER_TIMEOUT = min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT))
  tcb.userTimeout = Math.min(MOST, Math.max(advertised(tcb), remote, LEAST, tcb.rto));
  if (tcb.flags & F_KEEPALIVE) outlast(tcb);
}

/** RFC 5482 §4.2: keep-alive must not end the connection before the timeout does that we took over from the peer. */
export function outlast(tcb: Tcb): void {
  if ((tcb.flags2 & (F2_UTO | F2_UTO_FIXED)) !== F2_UTO || tcb.userTimeout === 0) return;
  const probes = Math.ceil((tcb.userTimeout - tcb.keepIdle) / Math.max(1, tcb.keepInterval)) + 1;
  const allowed = tcb.keepCount & 0xffff;
  if (probes > allowed) tcb.keepCount = Math.min(0xffff, probes);
}

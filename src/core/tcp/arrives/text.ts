/** §3.10.7.4, seventh: text. In order it goes to the user as borrowed pieces of the burst; ahead of a hole it is held. */
import { FIN, PSH } from '../../../wire/abi.ts';
import { ECONNABORTED, EV_DATA } from '../../events.ts';
import { add } from '../../seq.ts';
import { report, type Tcp } from '../context.ts';
import { emitAck, emitRst } from '../emit.ts';
import { EV, RECEIVING } from '../figure5.ts';
import { beginRest } from '../flights.ts';
import { end } from '../lifecycle.ts';
import { takesOctet, tellAround } from '../out-of-band.ts';
import { deliverHeld, hold } from '../reassembly.ts';
import { ackNow, oweAck, releaseLess, sentOwnAck, timeEcho, wantsOwnAck } from '../receive-window.ts';
import { F_NO_READER, F_TS, F_URG_MODE } from '../row.ts';
import type { Segment } from '../segment.ts';
import type { Tcb } from '../tcb.ts';
import { leaveUrgentMode } from './urg.ts';

export function text(t: Tcp, tcb: Tcb, seg: Segment): void {
  if (seg.len === 0 && (seg.flags & FIN) === 0) return;
  if ((tcb.state & RECEIVING) === 0) {
    if (seg.len > 0) t.counters.textAfterFin++; // T211 …: past the peer's FIN; ignored
    return;
  }
  if (seg.len > 0 && tcb.flags & F_NO_READER) {
    refuseText(t, tcb);
    return;
  }
  if (seg.seq !== tcb.rcvNxt) {
    t.counters.outOfOrder++;
    hold(t, tcb, seg);
    releaseLess(tcb);
    ackNow(t, tcb); // RFC 5681 §4.2: a duplicate ACK at once [MAY-13]
    return;
  }
  if (seg.len === 0) return;
  if (tcb.flags & F_TS) timeEcho(t, tcb, seg);
  deliver(t, tcb, seg);
}

/** Nobody will ever read this: tell the peer, so that it stops (T218, T219, T329) [SHLD-3]. */
function refuseText(t: Tcp, tcb: Tcb): void {
  t.counters.orphansReset++;
  emitRst(t, tcb, t.ip.linkOf(tcb.hop));
  end(t, tcb, EV.abort, ECONNABORTED);
}

/** Text that begins at RCV.NXT. */
export function deliver(t: Tcp, tcb: Tcb, seg: Segment): void {
  const length = seg.len;
  tcb.rcvNxt = add(tcb.rcvNxt, length);
  reportPieces(t, tcb, seg);
  let bytes = length;
  const filled = tcb.oooHead >= 0;
  if (filled) bytes += deliverHeld(t, tcb);
  tcb.rcvUser += bytes;
  tcb.bytesIn += bytes;
  if (tcb.flags & F_URG_MODE) leaveUrgentMode(t, tcb);
  // RFC 5681 §4.2: a segment that fills (part of) a gap is acknowledged at once.
  if (filled) {
    ackNow(t, tcb);
    beginRest(t, tcb);
  } else {
    oweAck(t, tcb, bytes);
    // The FIN's acknowledgment is this one, too (RFC 5681 §4.2: one for a segment at most).
    if ((seg.flags & FIN) === 0 && wantsOwnAck(tcb)) ackSoFar(t, tcb);
  }
}

/** It leaves with the rest, after the burst [MUST-59], and the peer sees two smaller steps (ADR 57). Without a neighbour, or room, it is one. */
function ackSoFar(t: Tcp, tcb: Tcb): void {
  if (!t.ip.ready(tcb.hop)) return;
  const link = t.ip.linkOf(tcb.hop);
  if (t.out.hasRoom(link) && emitAck(t, tcb, link)) sentOwnAck(tcb);
}

function reportPieces(t: Tcp, tcb: Tcb, seg: Segment): void {
  let skip = seg.skip;
  let left = seg.len;
  const push = seg.flags & PSH ? 1 : 0;
  const apart = takesOctet(tcb);
  for (let n = 0; left > 0; n++) {
    const held = seg.pieceLength(n);
    if (skip >= held) {
      skip -= held;
      continue;
    }
    const take = Math.min(held - skip, left);
    const at = seg.pieceOffset(n) + skip;
    if (apart) tellAround(t, tcb, seg.memory, seg.region, at, take, push, add(tcb.rcvNxt, -left));
    else report(t, tcb, EV_DATA, seg.region, at, take, push);
    left -= take;
    skip = 0;
  }
}

/** Text that was held and has become contiguous without a segment of its own (after the handshake). */
export function deliverWaiting(t: Tcp, tcb: Tcb): void {
  const bytes = deliverHeld(t, tcb);
  if (bytes === 0) return;
  tcb.rcvUser += bytes;
  tcb.bytesIn += bytes;
  if (tcb.flags & F_URG_MODE) leaveUrgentMode(t, tcb);
  oweAck(t, tcb, bytes);
}

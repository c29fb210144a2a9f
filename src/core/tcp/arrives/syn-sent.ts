/** §3.10.7.3: SYN_SENT. ACK is judged before RST, RST before SYN (T003). */
import { ACK, FIN, RST, SYN } from '../../../wire/abi.ts';
import { ECONNREFUSED } from '../../events.ts';
import { add, geq, gt, leq } from '../../seq.ts';
import { markDirty, step, type Tcp } from '../context.ts';
import { ecnOfSyn, ecnOfSynAck } from '../ecn.ts';
import { announce, ourSynAcked, takeWindow } from '../established.ts';
import { synAnswered } from '../fast-open.ts';
import { EV } from '../figure5.ts';
import { end } from '../lifecycle.ts';
import { hold } from '../reassembly.ts';
import { ackNow } from '../receive-window.ts';
import { F_RESEND, F2_TFO_ASKED, F2_TFO_DATA } from '../row.ts';
import { beginNews } from '../scoreboard.ts';
import type { Segment } from '../segment.ts';
import { takeSynOptions } from '../syn-options.ts';
import type { Tcb } from '../tcb.ts';
import { takeUserTimeout } from '../user-timeout.ts';
import { advance } from './ack.ts';
import { replyReset } from './closed.ts';
import { fin } from './fin.ts';
import { text } from './text.ts';
import { urg } from './urg.ts';

export function synSent(t: Tcp, tcb: Tcb, seg: Segment): void {
  const hasAck = (seg.flags & ACK) !== 0;
  // first: [UNTAGGED-28] any part of what we sent may be acknowledged
  const ackGood = hasAck && gt(seg.ack, tcb.iss) && leq(seg.ack, tcb.sndNxt);
  if (hasAck && !ackGood) {
    if ((seg.flags & RST) === 0) replyReset(t, seg); // T089, T090: an old duplicate, or a peer that forgot
    return;
  }
  if (seg.flags & RST) {
    // second: without ACK nothing ties it to our SYN (T092); RFC 5961's RCV.NXT does not exist yet (T292)
    if (ackGood) {
      t.counters.attemptFails++;
      end(t, tcb, EV.rcvRst, ECONNREFUSED);
    }
    return;
  }
  if ((seg.flags & SYN) === 0) return; // fifth: T096
  if (ackGood) ecnOfSynAck(t, tcb, seg);
  else ecnOfSyn(t, tcb, seg);
  takeSyn(t, tcb, seg);
  if (ackGood) connect(t, tcb, seg);
  else simultaneousOpen(t, tcb, seg);
}

function takeSyn(t: Tcp, tcb: Tcb, seg: Segment): void {
  tcb.irs = seg.seq;
  tcb.rcvNxt = tcb.lastAckSent = add(seg.seq, 1);
  tcb.rcvUp = tcb.rcvNxt;
  tcb.rcvAdv = add(tcb.rcvNxt, Math.min(tcb.rcvBuf, 0xffff));
  tcb.lastRcvAt = t.tick;
  takeSynOptions(t, tcb, seg);
  takeUserTimeout(t, tcb, seg, true);
  seg.seq = tcb.rcvNxt;
  seg.flags &= ~SYN;
}

/** T093, T094: our SYN is acknowledged; other controls and text in the segment are processed as in ESTABLISHED. */
function connect(t: Tcp, tcb: Tcb, seg: Segment): void {
  ourSynAcked(t, tcb);
  takeWindow(tcb, seg.rawWnd, tcb.irs, seg.ack);
  step(t, tcb, EV.rcvSynAck);
  announce(t, tcb);
  beginNews(t, tcb, seg);
  if (gt(seg.ack, tcb.sndUna)) advance(t, tcb, seg);
  if (tcb.flags2 & (F2_TFO_ASKED | F2_TFO_DATA)) synAnswered(t, tcb, seg);
  ackNow(t, tcb);
  if (seg.len > 0 || seg.flags & FIN) {
    urg(t, tcb, seg);
    text(t, tcb, seg);
    fin(t, tcb, seg);
  }
}

/** T095 [MUST-10]: both ends opened. Our SYN,ACK repeats our SYN; it stays an active open [MUST-11]. */
function simultaneousOpen(t: Tcp, tcb: Tcb, seg: Segment): void {
  // SEG.ACK means nothing here, so SND.WL2 is seeded with ISS.
  takeWindow(tcb, seg.rawWnd, tcb.irs, tcb.iss);
  step(t, tcb, EV.rcvSyn);
  if (seg.len > 0 || seg.flags & FIN) hold(t, tcb, seg);
  if (geq(tcb.sndNxt, add(tcb.iss, 1))) tcb.flags |= F_RESEND;
  markDirty(t, tcb);
}

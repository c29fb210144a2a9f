/** §3.10.7.2: LISTEN. The listener stays; a SYN makes a child in SYN_RECEIVED (T002, T084 to T088). */
import { ACK, FIN, ROW_WORDS, RST, SYN } from '../../../wire/abi.ts';
import { add } from '../../seq.ts';
import { markDirty, step, type Tcp } from '../context.ts';
import { ecnOfSyn } from '../ecn.ts';
import { takeWindow } from '../established.ts';
import { EV, LISTEN } from '../figure5.ts';
import { chooseNumbers, enterFlows, inherit, setIdentity, takeRow } from '../lifecycle.ts';
import { hold } from '../reassembly.ts';
import { F_COUNTED, F_PASSIVE } from '../row.ts';
import type { Segment } from '../segment.ts';
import { takeSynOptions } from '../syn-options.ts';
import { BACKLOG, type Tcb } from '../tcb.ts';
import { takeUserTimeout } from '../user-timeout.ts';
import { replyReset } from './closed.ts';

/** `identity`: the nine identity words of the connection this segment would belong to. */
export function listen(t: Tcp, listener: number, seg: Segment, identity: Int32Array): void {
  if (seg.flags & RST) return; // first; T296: a listener never consumes a RST
  if (seg.flags & ACK) {
    replyReset(t, seg); // second: an old duplicate, or the end of a connection we forgot (T273)
    return;
  }
  if ((seg.flags & SYN) === 0) return; // fourth
  if (listenQueueFull(t, listener)) {
    t.counters.listenOverflows++; // dropped, never reset: the peer tries again
    return;
  }
  const hop = t.ip.routeTo(identity, 5);
  if (hop < 0) return; // no way back: a child would wait for ever
  const child = t.child;
  if (takeRow(t, child, {}) < 0) {
    t.ip.release(hop);
    return;
  }
  t.rows.words[listener * ROW_WORDS + BACKLOG]! += 1 << 16;
  inherit(t, child, t.other.select(listener));
  child.flags |= F_PASSIVE | F_COUNTED;
  setIdentity(child, identity, 0);
  child.hop = hop;
  enterFlows(t, child);
  chooseNumbers(t, child);
  synReceived(t, child, seg);
}

/** Half-open and unaccepted children together fill the backlog. */
export function listenQueueFull(t: Tcp, listener: number): boolean {
  const backlog = t.rows.words[listener * ROW_WORDS + BACKLOG]!;
  return backlog >>> 16 >= (backlog & 0xffff);
}

/** T086: RCV.NXT, IRS and the options from the SYN; the SYN,ACK leaves when the turn ends. */
export function synReceived(t: Tcp, tcb: Tcb, seg: Segment): void {
  tcb.state = LISTEN; // a child begins where its listener stands
  step(t, tcb, EV.rcvSyn);
  tcb.irs = seg.seq;
  tcb.rcvNxt = tcb.lastAckSent = tcb.rcvUp = add(seg.seq, 1);
  takeSynOptions(t, tcb, seg);
  takeUserTimeout(t, tcb, seg, true);
  ecnOfSyn(t, tcb, seg);
  tcb.rcvAdv = add(tcb.rcvNxt, Math.min(tcb.rcvBuf, 0xffff));
  takeWindow(tcb, seg.rawWnd, seg.seq, tcb.iss);
  seg.seq = tcb.rcvNxt;
  seg.flags &= ~SYN;
  if (seg.len > 0 || seg.flags & FIN) hold(t, tcb, seg); // T087, [UNTAGGED-3]
  markDirty(t, tcb);
}

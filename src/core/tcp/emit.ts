/** Transmit descriptors: one for each (super-)segment, its headers to be made from the row by whoever sends it. */
import {
  ACK,
  ACK_MAY_LAG,
  FIN,
  KIND_TCP,
  OPT_TS,
  RST,
  SYN,
  TX_ACK,
  TX_FLAGS,
  TX_GSO,
  TX_HOP,
  TX_IP,
  TX_KIND,
  TX_OPT_LEN,
  TX_OPT_OFF,
  TX_OPTS,
  TX_ROW,
  TX_SEQ,
  TX_TSECR,
  TX_TSVAL,
  URG,
} from '../../wire/abi.ts';
import { ACC_ECN_BYTES, UTO_BYTES, writeSynOptions, writeTimestamps } from '../../wire/tcp-options.ts';
import { add, diff, gt } from '../seq.ts';
import { accEcnOption, optionIsDue } from './accurate-ecn.ts';
import { disarm, type Tcp } from './context.ts';
import { ECT_0, ecnFlags, ecnOnSyn, ecnOnSynAck } from './ecn.ts';
import { fastOpenOption } from './fast-open.ts';
import { advertisedMss } from './mss.ts';
import { isHeldBack, windowField } from './receive-window.ts';
import {
  F_ACK_LATER,
  F_ACK_NOW,
  F_PASSIVE,
  F_SACK,
  F_SND_URG,
  F_TS,
  F_WS,
  F2_ACCECN,
  F2_DSACK,
  F2_ECN,
  F2_NO_ECT,
  F2_ROUTED,
  F2_TFO_ASKED,
  F2_UTO,
  F2_UTO_DUE,
  TIMER_DELACK,
} from './row.ts';
import { beginDuplicate, endDuplicate, sackLength } from './sack-option.ts';
import { routedHop } from './source-routes.ts';
import type { Tcb } from './tcb.ts';
import { tsval } from './timestamp.ts';
import { userTimeoutOption } from './user-timeout.ts';

export { tsval };

/** What every segment has in common; from ESTABLISHED on `flags` has ACK [UNTAGGED-20]. Returns the descriptor's first word, or -1 when the buffer is full. */
function begin(t: Tcp, tcb: Tcb, link: number, seq: number, flags: number): number {
  const base = t.out.add(link);
  if (base < 0) {
    t.counters.txOverflow++;
    return -1;
  }
  const tx = t.out.buffer(link);
  tx[base + TX_KIND] = KIND_TCP;
  tx[base + TX_ROW] = tcb.row;
  tx[base + TX_SEQ] = seq;
  tx[base + TX_HOP] = tcb.flags2 & F2_ROUTED ? routedHop(t, tcb) : tcb.hop;
  tx[base + TX_IP] = tcb.ip; // [MUST-48] [MUST-49] [SHLD-22] as they were set
  if (flags & ACK) {
    tx[base + TX_ACK] = tcb.rcvNxt;
    tcb.lastAckSent = tcb.rcvNxt;
    tcb.ackBytes = 0;
    tcb.flags &= ~(F_ACK_NOW | F_ACK_LATER);
    disarm(tcb, TIMER_DELACK);
  }
  t.counters.outSegs++;
  return base;
}

/** Text (may be 0 bytes) with ACK, and FIN, PSH, URG as `flags` says. False when the buffer is full. */
export function emitText(
  t: Tcp,
  tcb: Tcb,
  link: number,
  seq: number,
  flags: number,
  chunk: number,
  offset: number,
  len: number,
  mss: number,
): boolean {
  const window = windowField(tcb);
  const base = begin(t, tcb, link, seq, flags);
  if (base < 0) return false;
  const tx = t.out.buffer(link);
  let bits = flags;
  if (tcb.flags & F_SND_URG && gt(tcb.sndUp, seq)) {
    // [MUST-62] the pointer is the octet after the urgent data; it reaches at most 65535 ahead.
    bits |= URG;
    tx[base + TX_OPTS]! |= Math.min(diff(tcb.sndUp, seq), 0xffff) << 16;
  }
  if (tcb.flags2 & (F2_ECN | F2_ACCECN)) {
    // RFC 3168 §6.1.4, §6.1.5, §6.1.6: no ECT on pure ACKs, on what is sent again, on window probes; nor CWR.
    const fresh = len > 0 && seq === tcb.sndNxt && tcb.sndWnd > 0;
    bits |= ecnFlags(t, tcb, fresh);
    if (fresh && (tcb.flags2 & F2_NO_ECT) === 0) tx[base + TX_IP]! |= ECT_0;
  }
  // The counters of AccECN are in the header of each ACK and want their order.
  if (bits === ACK && len === 0 && !isHeldBack(tcb) && (tcb.flags2 & F2_ACCECN) === 0) bits |= ACK_MAY_LAG;
  tx[base + TX_FLAGS] = bits | (window << 16);
  stamp(t, tcb, tx, base);
  addSack(t, tcb, tx, base);
  if (len === 0 && tx[base + TX_OPT_LEN] === 0) addOption(t, tcb, tx, base);
  if (len > mss) tx[base + TX_GSO] = mss;
  return addText(t, link, base, chunk, offset, len);
}

/** RFC 7323 §3.2-b, §3.2-c: once agreed, the option is on every segment, and on a RST as well. */
function stamp(t: Tcp, tcb: Tcb, tx: Int32Array, base: number): void {
  if ((tcb.flags & F_TS) === 0) return;
  tx[base + TX_OPTS]! |= OPT_TS;
  tx[base + TX_TSVAL] = tsval(t, tcb);
  tx[base + TX_TSECR] = tcb.tsRecent;
}

/**
 * What can wait for a pure ACK without SACK blocks: text would have to make room for it. One of them a time, and the user timeout first:
 * the counts are due again with each turn of text, and what never left would draw one more ACK out of each turn.
 */
function addOption(t: Tcp, tcb: Tcb, tx: Int32Array, base: number): void {
  const timeout = (tcb.flags2 & F2_UTO_DUE) !== 0;
  const counts = !timeout && (tcb.flags2 & F2_ACCECN) !== 0 && optionIsDue(tcb);
  if (!counts && !timeout) return;
  const at = t.arena.scratch(counts ? ACC_ECN_BYTES : UTO_BYTES);
  if (at < 0) return;
  tx[base + TX_OPT_OFF] = at;
  tx[base + TX_OPT_LEN] = (counts ? accEcnOption : userTimeoutOption)(tcb, t.arena.bytes, at);
}

/** Text whose memory is gone ends the connection; what is behind it would arrive in its place, so it stays, and FIN with it. */
function addText(t: Tcp, link: number, base: number, chunk: number, offset: number, len: number): boolean {
  let at = chunk;
  let from = offset;
  let left = len;
  while (left > 0) {
    const n = Math.min(t.arena.end(at) - from, left);
    if (t.arena.regions.isGone(t.arena.region(at))) {
      const tx = t.out.buffer(link);
      t.broken = tx[base + TX_ROW]!;
      tx[base + TX_FLAGS]! &= ~FIN;
      return true;
    }
    if (n > 0 && !t.out.addPiece(link, base, t.arena.region(at), t.arena.offset(at) + from, n)) return false;
    left -= n;
    at = t.arena.next(at);
    if (left > 0) from = t.arena.start(at);
  }
  return true;
}

function addSack(t: Tcp, tcb: Tcb, tx: Int32Array, base: number): void {
  const length = sackLength(t, tcb);
  if (length === 0) return;
  tx[base + TX_OPT_OFF] = t.sack.at;
  tx[base + TX_OPT_LEN] = length;
}

/** <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>. SND.NXT is never rewound here, so it is the highest ever sent (T287). */
export function emitAck(t: Tcp, tcb: Tcb, link: number): boolean {
  if ((tcb.flags2 & F2_DSACK) === 0) return emitText(t, tcb, link, acceptableSeq(tcb), ACK, -1, 0, 0, tcb.sndMss);
  // RFC 2883 §4: a duplicate is reported once, so never on a super-segment, whose every part would repeat it.
  beginDuplicate(t, tcb);
  const sent = emitText(t, tcb, link, acceptableSeq(tcb), ACK, -1, 0, 0, tcb.sndMss);
  endDuplicate(t);
  if (sent) tcb.flags2 &= ~F2_DSACK;
  return sent;
}

/**
 * A SEQ that the peer takes: beyond its window it would throw the segment away and the acknowledgment on it (§3.4; T288). A
 * window that shrank [MUST-34], or the octet of a probe, leaves SND.NXT there; then it is the window's edge. Less than one
 * step of the window field is no shrinking but rounding (RFC 7323 §2.4).
 */
function acceptableSeq(tcb: Tcb): number {
  const edge = add(tcb.sndUna, tcb.sndWnd);
  const beyond = diff(tcb.sndNxt, edge);
  const rounding = tcb.sndWnd === 0 ? 0 : (1 << (tcb.scales & 0xff)) - 1;
  return beyond > rounding ? edge : tcb.sndNxt;
}

/** A SYN, or SYN,ACK when `flags` has ACK, with the options that are decided here (RFC 9293 §3.7.1 [MUST-14]): MSS always [SHLD-5] [MAY-3]. `text`: bytes of the send queue that go along. */
export function emitSyn(t: Tcp, tcb: Tcb, link: number, flags: number, text = 0): boolean {
  const answering = (flags & ACK) !== 0;
  const at = t.arena.scratch(40);
  if (at < 0) {
    t.counters.txOverflow++; // more SYNs in one turn than it has room for: the timer sends this one
    return true;
  }
  const ecn = answering ? ecnOnSynAck(tcb) : ecnOnSyn(t, tcb);
  const base = begin(t, tcb, link, tcb.iss, flags | SYN);
  if (base < 0) return false;
  const tx = t.out.buffer(link);
  const d = t.defaults;
  // What the peer did not offer is not answered (RFC 7323 §1.3, §3.2-a; RFC 2018 §2: SACK-permitted is on a SYN or nowhere).
  const agreed = tcb.flags & F_PASSIVE || answering;
  const withTs = agreed ? (tcb.flags & F_TS) !== 0 : d.timestamps;
  const withSack = agreed ? (tcb.flags & F_SACK) !== 0 : d.sack;
  const withScale = agreed ? (tcb.flags & F_WS) !== 0 : d.windowScaling;
  let n = writeSynOptions(t.arena.bytes, at, advertisedMss(t, tcb, link), withScale ? tcb.scales >> 8 : -1, withSack);
  if (tcb.flags2 & F2_UTO) n += userTimeoutOption(tcb, t.arena.bytes, at + n);
  // RFC 7323 §3.2-g: TSecr means something beside ACK alone, else it is 0.
  if (withTs) n += writeTimestamps(t.arena.bytes, at + n, tsval(t, tcb), answering ? tcb.tsRecent : 0);
  if (tcb.flags2 & F2_TFO_ASKED) n += fastOpenOption(t, tcb, t.arena.bytes, at + n, n);
  tx[base + TX_OPT_OFF] = at;
  tx[base + TX_OPT_LEN] = n;
  // RFC 7323 §2.2: the window in a SYN is never scaled.
  const window = Math.min(tcb.rcvBuf, 0xffff);
  tx[base + TX_FLAGS] = flags | SYN | ecn | (window << 16);
  if (text > 0) addText(t, link, base, tcb.sndChunk, tcb.sndOffset, text); // what found no room is lost with the SYN
  return true;
}

/**
 * RST for a connection of ours: <SEQ=SND.NXT><CTL=RST>, with ACK so that a peer that lost track can place it.
 */
export function emitRst(t: Tcp, tcb: Tcb, link: number): void {
  const base = begin(t, tcb, link, acceptableSeq(tcb), RST | ACK);
  if (base < 0) return;
  const tx = t.out.buffer(link);
  tx[base + TX_FLAGS] = RST | ACK;
  stamp(t, tcb, tx, base);
  t.counters.outRsts++;
}

/** What is known of a failure when a connection ends by it: its cause, the segment or the timer that mattered, what was tried. */
import { ETIMEDOUT, EV_CLOSED, EVENT_WORDS } from '../events.ts';
import { diff, since } from '../seq.ts';
import { quietFor, report, type Tcp } from './context.ts';
import { EV, SYN_RECEIVED, SYN_SENT } from './figure5.ts';
import { F_APP_DONE } from './row.ts';
import type { Tcb } from './tcb.ts';

/** Nothing better is known than the reason itself. */
export const BY_REASON = 0;
/** A RST at RCV.NXT; word 6: its SEQ behind the IRS. */
export const BY_RST = 1;
/** R2: the same text was sent too often; word 6: ms since it was first sent. */
export const BY_RETRIES = 2;
/** R2 of a SYN; word 6 as above. */
export const BY_SYN_RETRIES = 3;
/** The user timeout; word 6 as above. */
export const BY_USER_TIMEOUT = 4;
/** Keep-alive probes without an answer; word 6: how many. */
export const BY_KEEP_ALIVE = 5;
/** A closed window whose probes went unanswered. */
export const BY_CLOSED_WINDOW = 6;
/** The next hop does not answer. */
export const BY_NEIGHBOUR = 7;
/** An ICMP error; word 6: type << 8 | code, where it is known. */
export const BY_ICMP = 8;

const MOST = 255;

/** EV_CLOSED, and after a failure what there is to say of it. */
export function reportEnd(t: Tcp, tcb: Tcb, reason: number, state: number, event: number): void {
  const known = t.cause;
  t.cause = BY_REASON;
  if (reason >= 0 || tcb.flags & F_APP_DONE) {
    report(t, tcb, EV_CLOSED, reason, state);
    return;
  }
  const cause = causeOf(tcb, reason, state, event, known);
  const flags = cause === BY_RST ? t.seg.flags & MOST : 0;
  const tried = Math.min(tcb.rexmits, MOST) << 16;
  const again = Math.min(tcb.retransmits, MOST) << 24;
  report(t, tcb, EV_CLOSED, reason, state, cause | (flags << 8) | tried | again, detail(t, tcb, cause, known));
  t.events.words[t.events.count * EVENT_WORDS - 1] = quietFor(t, tcb);
}

function causeOf(tcb: Tcb, reason: number, state: number, event: number, known: number): number {
  if (event === EV.rcvRst) return BY_RST;
  if (event === EV.hardError) return BY_ICMP;
  if (event !== EV.giveUp) return BY_REASON;
  if (reason !== ETIMEDOUT) return reason === tcb.softError ? BY_ICMP : BY_NEIGHBOUR;
  if (known !== BY_REASON) return known;
  return state & (SYN_SENT | SYN_RECEIVED) ? BY_SYN_RETRIES : BY_RETRIES;
}

function detail(t: Tcp, tcb: Tcb, cause: number, known: number): number {
  if (cause === BY_RST) return diff(t.seg.seq, tcb.irs);
  if (cause === BY_KEEP_ALIVE) return tcb.keepCount >>> 16;
  if (cause === BY_ICMP) return known > MOST ? known : 0;
  return tcb.firstSentAt === 0 ? 0 : since(t.tick, tcb.firstSentAt);
}

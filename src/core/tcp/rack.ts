/**
 * RACK (RFC 8985 §6): what was sent before something that arrived, by more than reordering explains, is lost. Needs SACK, and times
 * finer than the round trip (RFC 8985 §4).
 * Its time is that of the records, in microseconds; only its timer has the wheel's ticks of 1 ms.
 */
import { diff, gt, leq, lt, since } from '../seq.ts';
import { arm, disarm, type Tcp } from './context.ts';
import { R_LOST, R_RESENT, R_SACKED } from './records.ts';
import { markLost } from './retransmission.ts';
import { F_RECOVERY, F_RTO_RECOVERY, F2_FRTO, F2_PTO, F2_REORDERED, TIMER_LOSS, TIMER_REXMIT } from './row.ts';
import type { Tcb } from './tcb.ts';

export const DUP_THRESH = 3;
/** RFC 8985 §6.2 step 4: recoveries without D-SACK after which the window is small again. */
const PERSIST = 16;
const MOST_MULT = 255;
/** §6.2 step 1: min_RTT is that of the last minutes, or a path that became longer would look reordered for ever. */
const MIN_RTT_LIFE_US = 300_000_000;
/** One tick. Reordering is not told from loss more finely than our own clock and that of a busy process can see. */
const LEAST_WINDOW_US = 1000;

/**
 * Steps 1 to 3 for one record that is newly acknowledged: min_RTT, RACK.segment, and whether the path reorders. RACK.fack
 * moves when the whole ACK was read: its blocks need not rise.
 */
export function rackDelivered(t: Tcp, tcb: Tcb, sentAt: number, end: number, resent: boolean): void {
  const news = t.news;
  const known = tcb.rackRtt !== 0;
  if (!known || gt(end, news.fack)) news.fack = end;
  const rtt = Math.max(1, ((t.now | 0) - sentAt) | 0);
  if (resent) {
    // The ACK may be that of the first transmission: then its echo is older, or it came sooner than anything can. What arrived above a
    // hole is not echoed (RFC 7323 §4.3 (2)): of a block the echo says nothing, or no tail loss probe would ever repair a tail.
    if (news.stamped && leq(end, news.ack) && diff(news.tsecr, stampAt(t, tcb, sentAt)) < 0) return;
    if (rtt < tcb.minRtt) return;
  } else {
    news.rtt = rtt;
    if (known && lt(end, tcb.rackFack)) tcb.flags2 |= F2_REORDERED;
    if (tcb.flags2 & F2_FRTO && !gt(end, tcb.frtoSeq)) news.original = true;
    takeMinRtt(t, tcb, rtt);
  }
  tcb.rackRtt = rtt;
  if (!known || isAfter(sentAt, end, tcb.rackXmitTs, tcb.rackEndSeq)) {
    tcb.rackXmitTs = sentAt;
    tcb.rackEndSeq = end;
  }
}

/** Nothing is in flight, and the last text left long ago: in half an hour that moment would read as one to come. */
export function forgetSent(tcb: Tcb): void {
  tcb.rackRtt = 0;
}

function takeMinRtt(t: Tcp, tcb: Tcb, rtt: number): void {
  const age = since(t.now | 0, tcb.minRttAt);
  if (tcb.minRtt !== 0 && rtt > tcb.minRtt && age < MIN_RTT_LIFE_US) return;
  tcb.minRtt = rtt;
  tcb.minRttAt = t.now | 0;
}

/** RACK_sent_after: later, or in the same moment and behind it. */
function isAfter(time: number, end: number, otherTime: number, otherEnd: number): boolean {
  const apart = (time - otherTime) | 0;
  return apart > 0 || (apart === 0 && gt(end, otherEnd));
}

/** TSval of a segment that left at that moment. */
function stampAt(t: Tcp, tcb: Tcb, sentAt: number): number {
  const ago = since(t.now | 0, sentAt);
  return (Math.floor((t.now - ago) / 1000) + tcb.tsOffset) | 0;
}

/** Step 4: the peer got something twice, so we were too hasty: once per round trip the window grows by a quarter of min_RTT. */
export function growWindow(tcb: Tcb): void {
  if (tcb.dsackRound !== 0) return;
  tcb.dsackRound = tcb.sndNxt || 1;
  const more = tcb.reoWnd & 0xff;
  tcb.reoWnd = (more < MOST_MULT - 1 ? more + 1 : more) | (PERSIST << 8);
}

/** Step 4: a recovery ended. */
export function shrinkWindow(tcb: Tcb): void {
  const left = tcb.reoWnd >> 8;
  if (left > 0) tcb.reoWnd = left === 1 ? 0 : tcb.reoWnd - (1 << 8);
}

/** Step 4: microseconds a segment may be overtaken by. */
export function reorderingWindow(tcb: Tcb): number {
  if ((tcb.flags2 & F2_REORDERED) === 0) {
    if (tcb.flags & (F_RECOVERY | F_RTO_RECOVERY) || tcb.sackedOut >= DUP_THRESH * tcb.sndMss) return 0;
  }
  const window = (((tcb.reoWnd & 0xff) + 1) * tcb.minRtt) / 4;
  const bound = tcb.srtt > 0 && window > tcb.srtt ? tcb.srtt : window | 0;
  return bound < LEAST_WINDOW_US ? LEAST_WINDOW_US : bound;
}

/** Step 5: marks what is lost. Returns the microseconds until more may be, or 0. */
export function rackDetect(t: Tcp, tcb: Tcb): number {
  if (tcb.rackRtt === 0) return 0;
  const r = t.records;
  const patience = tcb.rackRtt + reorderingWindow(tcb);
  let wait = 0;
  for (let rec = tcb.rtxHead; rec >= 0; rec = r.next(rec)) {
    const flags = r.flags(rec);
    if (flags & (R_SACKED | R_LOST)) continue;
    const sentAt = r.sentAt(rec);
    if (!isAfter(tcb.rackXmitTs, tcb.rackEndSeq, sentAt, (r.seq(rec) + r.space(rec)) | 0)) {
      // Never sent again: whatever lies behind it was sent later still.
      if ((flags & R_RESENT) === 0) break;
      continue;
    }
    const left = (sentAt + patience - (t.now | 0)) | 0;
    if (left <= 0) markLost(t, tcb, rec);
    else if (left > wait) wait = left;
  }
  return wait;
}

/** §6.3: the timer expired. The first segment is lost, others only when their time has passed. */
export function rackTimeout(t: Tcp, tcb: Tcb): void {
  const r = t.records;
  const patience = tcb.rackRtt + reorderingWindow(tcb);
  for (let rec = tcb.rtxHead; rec >= 0; rec = r.next(rec)) {
    const left = (r.sentAt(rec) + patience - (t.now | 0)) | 0;
    if (rec === tcb.rtxHead || left <= 0) markLost(t, tcb, rec);
  }
}

/** §6.2 step 5, §8: the reordering timer, in place of a probe; the retransmission timer comes after it. 0 = none is needed. */
export function armReordering(t: Tcp, tcb: Tcb, wait: number): void {
  tcb.flags2 &= ~F2_PTO;
  if (wait === 0) {
    disarm(tcb, TIMER_LOSS);
    return;
  }
  // Rounded up to the tick in which the time has passed: never early.
  arm(t, tcb, TIMER_LOSS, Math.ceil(((t.now % 1000) + wait) / 1000));
  const rto = tcb.timer(TIMER_REXMIT);
  if (rto !== 0 && diff(rto, tcb.timer(TIMER_LOSS)) <= 0)
    tcb.setTimer(TIMER_REXMIT, (tcb.timer(TIMER_LOSS) + 1) | 0 || 1);
}

/**
 * Round-trip time and retransmission timeout, RFC 6298, as RFC 8961 §3 wants of any loss detector by time. SRTT and RTTVAR are microseconds, RTO milliseconds. Karn's rule
 * (§3: no sample from a segment sent twice, unless a timestamp tells which one was acknowledged) is the caller's.
 */
import type { Tcb } from './tcb.ts';

/** RFC 6298 (2.1): until the first sample; also when the estimate was thrown away. */
export const INITIAL_RTO_MS = 1000;
/** RFC 6298 (2.5): a ceiling is allowed if it is at least 60 s. */
export const MAX_RTO_MS = 60_000;
/** RFC 6298 (5.7): the least RTO for data after the timer of a SYN expired. */
export const RTO_AFTER_SYN_TIMEOUT_MS = 3000;

/** G of RFC 6298 §4: timers run on ticks of 1 ms. */
const GRANULARITY_US = 1000;
/** A longer sample changes nothing, the RTO is at its ceiling; and 7 * SRTT + R stays within int32. */
const LONGEST_SAMPLE_US = MAX_RTO_MS * 1000;

/**
 * Takes one measurement of `us` microseconds and computes RTO anew, which also ends any backing off. Its ACK acknowledged
 * `acked` bytes of the `flight`: the gains are divided among the samples of a round trip, however many ACKs the peer
 * makes of it, so that the memory is as long as RFC 6298 means it to be (RFC 7323 §4.2, appendix G).
 */
export function sampleRtt(tcb: Tcb, us: number, minRtoMs: number, acked = 1, flight = 1): void {
  // 0 in the row means "no sample yet": a faster path than 1 µs counts as 1 µs.
  const r = us < 1 ? 1 : us > LONGEST_SAMPLE_US ? LONGEST_SAMPLE_US : us | 0;
  const srtt = tcb.srtt;
  if (srtt === 0) {
    // RFC 6298 (2.2)
    tcb.srtt = r;
    tcb.rttvar = r >> 1;
  } else {
    // RFC 6298 (2.3): in this order: RTTVAR from the SRTT before this sample. Small shares add up in fractions of a microsecond.
    const parts = tcb.rttParts;
    const smooth = srtt + (parts & 0xffff) / 65536;
    const spread = tcb.rttvar + (parts >>> 16) / 65536;
    const off = smooth > r ? smooth - r : r - smooth;
    // Divided here and not by the caller: a fraction that is handed to a function that is not inlined is 16 bytes of heap.
    const share = acked < flight ? acked / flight : 1;
    const v = spread + ((off - spread) * share) / 4;
    const s = smooth + ((r - smooth) * share) / 8;
    tcb.srtt = s < 1 ? 1 : s | 0;
    tcb.rttvar = v | 0;
    tcb.rttParts = ((s - (s | 0)) * 65536) | 0 | ((((v - (v | 0)) * 65536) | 0) << 16);
  }
  tcb.rto = rtoFromEstimate(tcb, minRtoMs);
}

/**
 * RTO without any backing off. RFC 6298 (2.4) asks for a floor of 1 s; `minRtoMs` may be lower, as on every common stack, because
 * paths of today are shorter and delayed ACKs are bounded.
 */
export function rtoFromEstimate(tcb: Tcb, minRtoMs: number): number {
  const srtt = tcb.srtt;
  if (srtt === 0) return INITIAL_RTO_MS;
  const spread = tcb.rttvar * 4;
  const us = srtt + (spread > GRANULARITY_US ? spread : GRANULARITY_US);
  // Rounded up: a timer never fires before the RTO has passed.
  const ms = ((us + 999) / 1000) | 0;
  return ms < minRtoMs ? minRtoMs : ms > MAX_RTO_MS ? MAX_RTO_MS : ms;
}

/** RFC 4015 §3.3: a timeout was too early. One sample of the path as it is now starts the estimate anew, never lower than it was. */
export function afterSpuriousTimeout(tcb: Tcb, us: number): void {
  const r = us < 1 ? 1 : us > LONGEST_SAMPLE_US ? LONGEST_SAMPLE_US : us;
  if (r < tcb.srtt) return;
  tcb.srtt = r;
  if (tcb.rttvar < r >> 1) tcb.rttvar = r >> 1;
}

/** RFC 6298 (5.5): "back off the timer". */
export function backOff(tcb: Tcb): void {
  const twice = tcb.rto * 2;
  tcb.rto = twice > MAX_RTO_MS ? MAX_RTO_MS : twice;
}

/**
 * Round-trip time and retransmission timeout, RFC 6298. SRTT and RTTVAR are microseconds, RTO milliseconds. Karn's rule
 * (§3: no sample from a segment sent twice, unless a timestamp tells which one was acknowledged) is the caller's.
 */
import type { Tcb } from './tcb.ts';

/** (2.1) until the first sample; also when the estimate was thrown away. */
export const INITIAL_RTO_MS = 1000;
/** (2.5) a ceiling is allowed if it is at least 60 s. */
export const MAX_RTO_MS = 60_000;
/** (5.7) the least RTO for data after the timer of a SYN expired. */
export const RTO_AFTER_SYN_TIMEOUT_MS = 3000;

/** G of the RFC: timers run on ticks of 1 ms. */
const GRANULARITY_US = 1000;
/** A longer sample changes nothing, the RTO is at its ceiling; and 7 * SRTT + R stays within int32. */
const LONGEST_SAMPLE_US = MAX_RTO_MS * 1000;

/** Takes one measurement of `us` microseconds and computes RTO anew, which also ends any backing off. */
export function sampleRtt(tcb: Tcb, us: number, minRtoMs: number): void {
  // 0 in the row means "no sample yet": a faster path than 1 µs counts as 1 µs.
  const r = us < 1 ? 1 : us > LONGEST_SAMPLE_US ? LONGEST_SAMPLE_US : us | 0;
  const srtt = tcb.srtt;
  if (srtt === 0) {
    // (2.2)
    tcb.srtt = r;
    tcb.rttvar = r >> 1;
  } else {
    // (2.3) in this order: RTTVAR from the SRTT before this sample. Halves are rounded up so that SRTT never gets to 0.
    const off = srtt > r ? srtt - r : r - srtt;
    tcb.rttvar = (3 * tcb.rttvar + off + 2) >> 2;
    tcb.srtt = (7 * srtt + r + 4) >> 3;
  }
  tcb.rto = rtoFromEstimate(tcb, minRtoMs);
}

/**
 * RTO without any backing off. (2.4) asks for a floor of 1 s; `minRtoMs` may be lower, as on every common stack, because
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

/** (5.5) "back off the timer". */
export function backOff(tcb: Tcb): void {
  const twice = tcb.rto * 2;
  tcb.rto = twice > MAX_RTO_MS ? MAX_RTO_MS : twice;
}

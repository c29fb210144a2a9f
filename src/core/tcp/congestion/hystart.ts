/**
 * HyStart++ (RFC 9406): leaves slow start when round trips grow, before a queue overflows, by way of a few rounds of
 * slower growth that go back to slow start when the growth was noise. Only the first slow start is watched (§4.3): later
 * ones have an ssthresh that knows the path.
 */
import type { AckSample } from './ack-sample.ts';
import { MAX_CWND } from './controller.ts';
import type { CongestionView } from './view.ts';

// Words of the view from 24 on.
const LAST_MIN = 24;
const THIS_MIN = 25;
const SAMPLES = 26;
/** Rounds of Conservative Slow Start, the present one included; 0 = plain slow start. */
const CSS_ROUND = 27;
const BASELINE = 28;

// §4.3: MIN_RTT_THRESH, MAX_RTT_THRESH, MIN_RTT_DIVISOR, N_RTT_SAMPLE, CSS_GROWTH_DIVISOR, CSS_ROUNDS.
const MIN_THRESHOLD_US = 4000;
const MAX_THRESHOLD_US = 16_000;
const DIVISOR = 8;
const ENOUGH = 8;
const CSS_DIVISOR = 4;
const CSS_ROUNDS = 5;

/** The first slow start is not over. */
export function firstSlowStart(view: CongestionView): boolean {
  return view.ssthresh === MAX_CWND;
}

/**
 * cwnd after an ACK in the first slow start. Each byte counts (L of §4.2 is not applied: docs/adr/0006). When slow start ends,
 * ssthresh is cwnd.
 */
export function grow(view: CongestionView, ack: AckSample): void {
  if (ack.roundStart && nextRound(view)) return;
  takeSample(view, ack.rttUs);
  if (ack.limited) view.cwnd += view.int(CSS_ROUND) === 0 ? ack.ackedBytes : ack.ackedBytes / CSS_DIVISOR;
}

/** True: the last round of Conservative Slow Start is over. */
function nextRound(view: CongestionView): boolean {
  view.setInt(LAST_MIN, view.int(THIS_MIN));
  view.setInt(THIS_MIN, 0);
  view.setInt(SAMPLES, 0);
  const round = view.int(CSS_ROUND);
  if (round === 0) return false;
  view.setInt(CSS_ROUND, round + 1);
  if (round < CSS_ROUNDS) return false;
  view.ssthresh = view.cwnd;
  return true;
}

function takeSample(view: CongestionView, rttUs: number): void {
  if (rttUs === 0) return;
  const least = view.int(THIS_MIN);
  const now = least === 0 || rttUs < least ? rttUs : least;
  view.setInt(THIS_MIN, now);
  const samples = view.int(SAMPLES) + 1;
  view.setInt(SAMPLES, samples);
  if (samples < ENOUGH) return;
  if (view.int(CSS_ROUND) > 0) {
    // The round trips shrank again: it was jitter, not a queue.
    if (now < view.int(BASELINE)) view.setInt(CSS_ROUND, 0);
    return;
  }
  const last = view.int(LAST_MIN);
  if (last === 0) return;
  const eighth = last / DIVISOR;
  const threshold =
    eighth < MIN_THRESHOLD_US ? MIN_THRESHOLD_US : eighth > MAX_THRESHOLD_US ? MAX_THRESHOLD_US : eighth;
  if (now < last + threshold) return;
  view.setInt(BASELINE, now);
  view.setInt(CSS_ROUND, 1);
}

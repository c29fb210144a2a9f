/**
 * DCTCP (RFC 8257), for networks of one owner whose switches mark early: the window shrinks by as much as there are marks,
 * not by half. Grows as NewReno; without ECN it is NewReno.
 */
import type { AckSample } from './ack-sample.ts';
import type { CongestionController } from './controller.ts';
import { newReno } from './newreno.ts';
import type { CongestionView } from './view.ts';

// NewReno has the first words.
/** Floats: DCTCP.Alpha; bytes acknowledged and bytes of them marked, in this observation window. */
const ALPHA = 4;
const ACKED = 5;
const MARKED = 6;
/** §4.2, g: how much of a window's marks the average takes. */
const GAIN = 1 / 16;

export const dctcp: CongestionController = {
  name: 'dctcp',

  open(view): void {
    view.setFloat(ALPHA, 1); // §4.2: the first mark halves
  },

  onAck(view, ack, now): void {
    observe(view, ack);
    newReno.onAck(view, ack, now);
  },

  onLossEvent: newReno.onLossEvent, // §3.5
  onRto: newReno.onRto,
  onRecoveryEnd: newReno.onRecoveryEnd!,

  /** §3.3 (9): cwnd = cwnd * (1 - DCTCP.Alpha / 2), once per window. */
  onEce(view): void {
    view.cwnd *= 1 - view.float(ALPHA) / 2;
    view.ssthresh = view.cwnd > 2 * view.mss ? view.cwnd : 2 * view.mss;
    if (view.cwnd < 2 * view.mss) view.cwnd = 2 * view.mss;
  },
};

/** §3.3 (1) to (8): the share of marked bytes, window by window. */
function observe(view: CongestionView, ack: AckSample): void {
  const acked = view.float(ACKED) + ack.delivered;
  const marked = view.float(MARKED) + ack.ceBytes;
  if (!ack.roundStart) {
    view.setFloat(ACKED, acked);
    view.setFloat(MARKED, marked);
    return;
  }
  const share = acked > 0 ? (marked < acked ? marked / acked : 1) : 0;
  view.setFloat(ALPHA, view.float(ALPHA) * (1 - GAIN) + GAIN * share);
  view.setFloat(ACKED, 0);
  view.setFloat(MARKED, 0);
}

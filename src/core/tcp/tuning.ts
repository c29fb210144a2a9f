/** What a user may set of one connection, whatever the stack's defaults say: numbers that few connections ever have. */
import { EINVAL, ENOTCONN, OK } from '../events.ts';
import { RATE_UNIT } from './congestion/view.ts';
import { markDirty, type Tcp } from './context.ts';
import { CLOSED, LISTEN, SYNCHRONIZED } from './figure5.ts';
import { beginRest, stir } from './flights.ts';
import { setSendMss } from './mss.ts';
import { F2_NO_ECT, F2_TUNED } from './row.ts';
import { tellRoom } from './send-buffer.ts';
import type { Tcb } from './tcb.ts';

/** TTL or hop limit [MUST-49]. */
export const TUNE_TTL = 0;
/** 1 = our text is marked as ECN-capable where that was agreed, 0 = not (RFC 3168 §6.1.2 leaves it to the sender). */
export const TUNE_ECN = 1;
/** Bytes a second that leave at most; 0 = as many as may. */
export const TUNE_PACING = 2;
/** Bytes that may wait unsent; 0 = as many as the send buffer holds. */
export const TUNE_LOW_WATER = 3;
/** Bytes of text and options in a segment, at most; what was once lowered stays: the peer's own limit is forgotten. */
export const TUNE_MAX_SEGMENT = 4;

const MOST = 0x7fffffff;

export function tune(t: Tcp, tcb: Tcb, what: number, value: number): number {
  if (tcb.state & (CLOSED | LISTEN)) return ENOTCONN;
  switch (what) {
    case TUNE_TTL:
      tcb.ip = (tcb.ip & ~0xff00) | (value << 8);
      return OK;
    case TUNE_ECN:
      tcb.flags2 = value === 0 ? tcb.flags2 | F2_NO_ECT : tcb.flags2 & ~F2_NO_ECT;
      return OK;
    case TUNE_MAX_SEGMENT:
      if ((tcb.state & SYNCHRONIZED) === 0) return EINVAL;
      tcb.peerMss = Math.min(tcb.peerMss, value);
      setSendMss(t, tcb);
      return OK;
  }
  stir(t, tcb);
  if (what === TUNE_PACING) t.congestion.limit(tcb, value === 0 ? 0 : Math.min(MOST, Math.ceil(value / RATE_UNIT)));
  else tcb.lowWater = value === 0 ? -1 : value;
  tcb.flags2 = tcb.maxPacing !== 0 || tcb.lowWater !== 0 ? tcb.flags2 | F2_TUNED : tcb.flags2 & ~F2_TUNED;
  if ((tcb.flags2 & F2_TUNED) === 0) beginRest(t, tcb);
  tellRoom(t, tcb);
  if (tcb.sndQueued > 0) markDirty(t, tcb);
  return OK;
}

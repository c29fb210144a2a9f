/** <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> in answer to what is not believed (RFC 9293 §3.10.7.4 [UNTAGGED-8], RFC 5961). */
import { FIN, RST, SYN } from '../../../wire/abi.ts';
import { since } from '../../seq.ts';
import { note, type Tcp } from '../context.ts';
import { isDuplicate } from '../duplicate.ts';
import { ackNow } from '../receive-window.ts';
import type { Segment } from '../segment.ts';
import type { Tcb } from '../tcb.ts';

/** ms between answers to segments that hold nothing to deliver: two ends must not ACK each other for ever (T289) [UNTAGGED-34]. */
const PAUSE = 500;

export function challengeAck(t: Tcp, tcb: Tcb, seg: Segment): void {
  if (isDuplicate(tcb, seg)) {
    // The peer sent it again, or the network did: nobody need think of an attack.
    t.counters.duplicateText++;
    note(t, tcb, 'duplicate text');
    ackNow(t, tcb);
    return;
  }
  const carries = seg.len > 0 || (seg.flags & (FIN | SYN | RST)) === FIN;
  if (!carries) {
    if (tcb.oowAt !== 0 && since(t.tick, tcb.oowAt) < PAUSE) return;
    if (!t.challenges.take(t.now)) {
      t.counters.challengeAcksSuppressed++;
      return;
    }
    tcb.oowAt = t.tick;
  }
  t.counters.challengeAcks++;
  note(t, tcb, carries ? 'outside the window' : 'challenge ACK');
  ackNow(t, tcb);
}

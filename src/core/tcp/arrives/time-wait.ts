/** A SYN in TIME_WAIT: the next incarnation may begin when it cannot be an old duplicate (RFC 6191 §2, [MAY-2] [SHLD-4]; ADR 27). */
import { OPT_TS } from '../../../wire/abi.ts';
import { diff, gt } from '../../seq.ts';
import type { Tcp } from '../context.ts';
import { F_TS } from '../row.ts';
import type { Segment } from '../segment.ts';
import type { Tcb } from '../tcb.ts';
import { listen } from './listen.ts';

/** True when the segment was dealt with. T113 by timestamp, T328 by sequence number. */
export function reincarnate(t: Tcp, tcb: Tcb, seg: Segment): boolean {
  const bothTs = (tcb.flags & F_TS) !== 0 && (seg.opts & OPT_TS) !== 0;
  const newer = bothTs
    ? diff(seg.tsval, tcb.tsRecent) > 0 || (seg.tsval === tcb.tsRecent && gt(seg.seq, tcb.rcvNxt))
    : gt(seg.seq, tcb.rcvNxt);
  if (!newer) return false;
  const identity = t.identity;
  for (let n = 0; n < 9; n++) identity[n] = tcb.i32[tcb.at + n]!;
  const listener = t.listeners.find(identity, 1, identity[0]! >>> 16);
  if (listener < 0) return false;
  // The new ISS must lie above the last SND.NXT: the clock of RFC 6528 is 250,000 a second and may be behind it. TIME_WAIT
  // goes on below the entry, until an ACK proves that the SYN was no old duplicate [MAY-2].
  listen(t, listener, seg, identity, tcb.sndNxt);
  return true;
}

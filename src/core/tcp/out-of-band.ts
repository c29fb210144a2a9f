/**
 * Urgent data out of band, as the BSD socket API has it and RFC 6093 §2 describes: the octet before the urgent pointer is taken out
 * of the text and told by itself. The mark counts that is known when the octet's turn comes: one that the peer moved on before is
 * text like any other.
 */
import { EV_DATA, EV_URGENT } from '../events.ts';
import { diff } from '../seq.ts';
import { report, type Tcp } from './context.ts';
import { F_URG_MODE, F2_OUT_OF_BAND } from './row.ts';
import type { Tcb } from './tcb.ts';

/** What EV_URGENT says in its word 3 when its word 5 is the octet. */
const THE_OCTET = 3;

/** Whether text may have the octet in it. */
export function takesOctet(tcb: Tcb): boolean {
  return (tcb.flags & F_URG_MODE) !== 0 && (tcb.flags2 & F2_OUT_OF_BAND) !== 0;
}

/** A piece of text that begins at `seq`, without the octet; nobody has to consume that. Its `memory` holds the region's bytes. */
export function tellAround(
  t: Tcp,
  tcb: Tcb,
  memory: Uint8Array,
  region: number,
  offset: number,
  length: number,
  push: number,
  seq: number,
): void {
  const before = diff(tcb.rcvUp, seq) - 1;
  if (before < 0 || before >= length) {
    report(t, tcb, EV_DATA, region, offset, length, push);
    return;
  }
  if (before > 0) report(t, tcb, EV_DATA, region, offset, before, 0);
  report(t, tcb, EV_URGENT, THE_OCTET, tcb.rcvUp, memory[offset + before]!);
  tcb.rcvUser--;
  const after = length - before - 1;
  if (after > 0) report(t, tcb, EV_DATA, region, offset + before + 1, after, push);
}

/** §3.10.7.1: no connection. Everything but a RST is answered with one (T001, T081 to T083). */
import {
  ACK,
  KIND_TCP,
  ROW_WORDS,
  RST,
  RX_FRAME,
  RX_L3L4,
  SYN,
  TX_ACK,
  TX_FLAGS,
  TX_HOP,
  TX_KIND,
  TX_ROW,
  TX_SEQ,
} from '../../../wire/abi.ts';
import { KEY_PORTS, readFlowKey } from '../../../wire/flow-key.ts';
import { add } from '../../seq.ts';
import type { Tcp } from '../context.ts';
import { hopBack } from '../reply.ts';
import { RESETS } from '../rows.ts';
import type { Segment } from '../segment.ts';

/**
 * Sends the reset RFC 9293 §3.5.2 gives for this segment, to where it came from, without a TCB: a scratch row holds the
 * addresses and a scratch hop the sender's MAC. A turn has a bounded number of both, which bounds the resets too.
 */
export function replyReset(t: Tcp, seg: Segment): void {
  if (seg.flags & RST) return; // [UNTAGGED-4]
  const scratch = t.rows.scratch(RESETS);
  if (scratch >= 0) {
    const frame = seg.rx[seg.base + RX_FRAME]!;
    const layers = seg.rx[seg.base + RX_L3L4]!;
    readFlowKey(seg.memory, frame + (layers & 0xffff), frame + (layers >>> 16), t.rows.words, scratch * ROW_WORDS);
    if (t.share.on && isOthers(t, seg, scratch)) {
      t.rows.unscratch(scratch);
      return;
    }
  }
  const base = scratch < 0 ? -1 : t.out.add(seg.link);
  if (base < 0) {
    t.counters.rstsSuppressed++;
    return;
  }
  const tx = t.out.buffer(seg.link);
  tx[base + TX_KIND] = KIND_TCP;
  tx[base + TX_ROW] = scratch;
  tx[base + TX_HOP] = hopBack(t, seg, scratch);
  if (seg.flags & ACK) {
    tx[base + TX_SEQ] = seg.ack;
    tx[base + TX_FLAGS] = RST;
  } else {
    tx[base + TX_ACK] = add(seg.seq - seg.skip, seg.space + seg.skip);
    tx[base + TX_FLAGS] = RST | ACK;
  }
  t.counters.outRsts++;
  t.counters.outSegs++;
}

/**
 * Another stack with our address may have the connection, or opened it while we were late with ours. A SYN to a port that others serve, and
 * we not yet or no longer, comes again, to them; where they do not, it is for whose the flow would be.
 */
function isOthers(t: Tcp, seg: Segment, row: number): boolean {
  const { words } = t.rows;
  const at = row * ROW_WORDS;
  if (t.links[seg.link]!.kind === 'loop') return false;
  if ((seg.flags & (SYN | ACK)) !== SYN) return !t.share.mayRefuse(words, at);
  const port = words[at + KEY_PORTS]! >>> 16;
  return !t.listeners.has(port) && t.share.agreement.isServed(port);
}

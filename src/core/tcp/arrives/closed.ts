/** §3.10.7.1: no connection. Everything but a RST is answered with one (T001, T081 to T083). */
import {
  ACK,
  HOP_MAC_HI,
  HOP_MAC_LO,
  HOP_WORDS,
  KIND_TCP,
  ROW_WORDS,
  RST,
  RX_FRAME,
  RX_L3L4,
  TX_ACK,
  TX_FLAGS,
  TX_HOP,
  TX_KIND,
  TX_ROW,
  TX_SEQ,
} from '../../../wire/abi.ts';
import { get16, get32 } from '../../../wire/bytes.ts';
import { readFlowKey } from '../../../wire/flow-key.ts';
import { add } from '../../seq.ts';
import type { Tcp } from '../context.ts';
import type { Segment } from '../segment.ts';

/**
 * Sends the reset RFC 9293 §3.5.2 gives for this segment, to where it came from, without a TCB: a scratch row holds the
 * addresses and a scratch hop the sender's MAC. A turn has a bounded number of both, which bounds the resets too.
 */
export function replyReset(t: Tcp, seg: Segment): void {
  if (seg.flags & RST) return; // [UNTAGGED-4]
  const scratch = t.rows.scratch();
  const base = scratch < 0 ? -1 : t.out.add(seg.link);
  if (base < 0) {
    t.counters.rstsSuppressed++;
    return;
  }
  const frame = seg.rx[seg.base + RX_FRAME]!;
  const layers = seg.rx[seg.base + RX_L3L4]!;
  readFlowKey(seg.memory, frame + (layers & 0xffff), frame + (layers >>> 16), t.rows.words, scratch * ROW_WORDS);
  const hop = (t.scratchHops + scratch) * HOP_WORDS;
  t.hops[hop + HOP_MAC_HI] = t.links[seg.link]!.kind === 'loop' ? 0 : get32(seg.memory, frame + 6);
  t.hops[hop + HOP_MAC_LO] = t.links[seg.link]!.kind === 'loop' ? 0 : get16(seg.memory, frame + 10) << 16;
  const tx = t.out.buffer(seg.link);
  tx[base + TX_KIND] = KIND_TCP;
  tx[base + TX_ROW] = scratch;
  tx[base + TX_HOP] = t.scratchHops + scratch;
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

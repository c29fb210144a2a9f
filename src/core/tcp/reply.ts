/** Segments sent without a TCB: a scratch row has their addresses, a scratch hop the MAC of whoever is answered. */
import { HOP_MAC_HI, HOP_MAC_LO, HOP_WORDS, RX_FRAME } from '../../wire/abi.ts';
import { get16, get32 } from '../../wire/bytes.ts';
import type { Tcp } from './context.ts';
import type { Segment } from './segment.ts';

/** The hop back to where the segment came from, on its own link, whatever the routes say. */
export function hopBack(t: Tcp, seg: Segment, scratch: number): number {
  const frame = seg.rx[seg.base + RX_FRAME]!;
  const loop = t.links[seg.link]!.kind === 'loop';
  const index = t.scratchHops + t.rows.ordinal(scratch);
  const hop = index * HOP_WORDS;
  t.hops[hop + HOP_MAC_HI] = loop ? 0 : get32(seg.memory, frame + 6);
  t.hops[hop + HOP_MAC_LO] = loop ? 0 : get16(seg.memory, frame + 10) << 16;
  return index;
}

/** What the peer's SYN offers, and what of it is agreed (RFC 9293 §3.7.1, RFC 7323, RFC 2018). */
import { OPT_MSS, OPT_SACK_OK, OPT_TS, OPT_WS, RX_FRAME, RX_L3L4 } from '../../wire/abi.ts';
import { readTcpOptions } from '../../wire/tcp-options.ts';
import type { Tcp } from './context.ts';
import { defaultMss, TCP_HEADER } from './mss.ts';
import { F_SACK, F_TS, F_WS } from './row.ts';
import type { Segment } from './segment.ts';
import type { Tcb } from './tcb.ts';

/** RFC 7323 §2.3: a larger shift is used as 14. */
const MAX_SHIFT = 14;

/** Reads the segment's option bytes into `t.options`. */
export function readOptions(t: Tcp, seg: Segment): void {
  const frame = seg.rx[seg.base + RX_FRAME]!;
  const l4 = frame + (seg.rx[seg.base + RX_L3L4]! >>> 16);
  const header = (seg.memory[l4 + 12]! >> 4) << 2;
  readTcpOptions(seg.memory, l4 + TCP_HEADER, l4 + header, t.options);
}

export function takeSynOptions(t: Tcp, tcb: Tcb, seg: Segment): void {
  readOptions(t, seg);
  const o = t.options;
  const d = t.defaults;
  tcb.peerMss = o.seen & OPT_MSS ? o.mss : defaultMss(tcb);
  if (o.seen & OPT_WS && d.windowScaling) {
    tcb.flags |= F_WS;
    tcb.scales = (tcb.scales & 0xff00) | Math.min(o.ws, MAX_SHIFT);
  } else tcb.rcvBuf = Math.min(tcb.rcvBuf, 0xffff);
  if (o.seen & OPT_SACK_OK && d.sack) tcb.flags |= F_SACK;
  if (o.seen & OPT_TS && d.timestamps) {
    tcb.flags |= F_TS;
    tcb.tsRecent = o.tsVal;
    tcb.tsRecentAt = t.tick;
  }
}

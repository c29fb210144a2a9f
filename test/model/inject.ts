/** Segments of neither end: forged ones, and old ones that come back. */

import { encodeFrame } from '../conformance/script/frame.ts';
import { type Host, PORTS } from './host.ts';
import { word } from './layout.ts';

export interface Stranger {
  readonly to: number;
  readonly flags: number;
  /** Counted from RCV.NXT of the receiver; without a connection from 0. */
  readonly seq: number;
  /** Counted from SND.NXT of the receiver. */
  readonly ack?: number;
  readonly text?: number;
  readonly window?: number;
  readonly urgent?: number;
}

/** The first octet of text that nobody sent. */
export const STRANGE = 0x21;
const NO_MAC = new Uint8Array(6);
const ACK = 0x10;

export function forge(what: Stranger, hosts: readonly Host[]): Uint8Array {
  const to = hosts[what.to]!;
  const from = hosts.length === 1 ? 0 : 1 - what.to;
  const { words } = to.inside.rows;
  const base = to.subject()?.at;
  const at = (name: string): number => (base === undefined ? 0 : words[base + word(name)]!);
  return encodeFrame({
    srcMac: NO_MAC,
    dstMac: NO_MAC,
    src: `10.0.0.${from + 1}`,
    dst: `10.0.0.${what.to + 1}`,
    sport: PORTS[from]!,
    dport: PORTS[what.to]!,
    tos: 0,
    ttl: 64,
    segment: {
      seq: (at('rcvNxt') + what.seq) | 0,
      ack: what.flags & ACK ? (at('sndNxt') + (what.ack ?? 0)) | 0 : 0,
      flags: what.flags,
      reserved: 0,
      window: what.window ?? 64,
      urgent: what.urgent ?? 0,
      options: [],
      text: Uint8Array.from({ length: what.text ?? 0 }, (_, n) => STRANGE + n),
    },
  });
}

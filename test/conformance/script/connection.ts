/** One connection as the peer sees it: the two initial sequence numbers, and what went over in both directions. */

import type { Tuple } from './backend.ts';
import type { Packet } from './frame.ts';
import { formatFlags, type SegmentSpec } from './grammar.ts';
import { formatOption, type Option, withoutPadding } from './options.ts';

const SYN = 2;
/** Close below 2^32, so that every script counts over the edge [UNTAGGED-2]. */
export const PEER_ISS = -200;
/** Stands for ISS until the stack has sent a SYN: old duplicates acknowledge numbers around it. */
const NO_ISS = 0x70000000;
const DEFAULT_WINDOW = 32792;

/** Octet n of either stream, where a script gives only a length. */
export function octet(n: number): number {
  return (n * 7 + (n >> 8)) & 0xff;
}

export class Connection {
  readonly name: string;
  readonly tuple: Tuple;
  /** Absolute number of SEQ 0 of the stack, and of the peer. */
  iss = NO_ISS;
  irs = PEER_ISS;
  issKnown = false;
  tsBase: number | null = null;
  window = DEFAULT_WINDOW;
  /** Octets the user sent and the peer sent, by offset in the stream. */
  written: number[] = [];
  peerSent: number[] = [];
  delivered = 0;
  /** A new SYN of the stack is a new incarnation, not a mistake. */
  follow = false;

  constructor(name: string, tuple: Tuple) {
    this.name = name;
    this.tuple = tuple;
  }

  /** What follows belongs to the next incarnation, whose peer begins `ahead` further on. */
  forget(ahead: number): void {
    this.issKnown = false;
    this.tsBase = null;
    this.irs = (this.irs + ahead) | 0;
    this.written = [];
    this.peerSent = [];
    this.delivered = 0;
  }

  owns(p: Packet): boolean {
    return p.sport === this.tuple.lport && p.dport === this.tuple.rport && p.dst === this.tuple.remote;
  }

  learn(p: Packet): void {
    const again = this.follow && p.segment.seq !== this.iss;
    if (p.segment.flags & SYN && (!this.issKnown || again)) {
      if (again) this.written = [];
      this.iss = p.segment.seq;
      this.issKnown = true;
    }
    const ts = p.segment.options.find((o) => o.kind === 'ts');
    if (this.tsBase === null && ts !== undefined) this.tsBase = ts.val;
  }

  /** SEG.SEQ and SEG.ACK of something the stack sent. */
  relative(p: Packet): { seq: number; ack: number } {
    return { seq: (p.segment.seq - this.iss) | 0, ack: (p.segment.ack - this.irs) | 0 };
  }

  /** Options of the stack in relative numbers: its clock counts from its first segment, SACK in the peer's numbers. */
  fromStack(options: readonly Option[]): Option[] {
    return options.map((o) => {
      if (o.kind === 'ts') return { ...o, val: ((o.val ?? 0) - (this.tsBase ?? 0)) | 0 };
      if (o.kind === 'sack')
        return { ...o, edges: o.edges.map(([l, r]) => [(l - this.irs) | 0, (r - this.irs) | 0] as const) };
      return o;
    });
  }

  fromPeer(options: readonly Option[]): Option[] {
    return options.map((o) => {
      if (o.kind === 'ts') return { ...o, ecr: ((o.ecr ?? 0) + (this.tsBase ?? 0)) | 0 };
      if (o.kind === 'sack')
        return { ...o, edges: o.edges.map(([l, r]) => [(l + this.iss) | 0, (r + this.iss) | 0] as const) };
      return o;
    });
  }

  /** What the peer's segment holds; it is also what the user must get. */
  peerText(spec: SegmentSpec): Uint8Array {
    const from = (spec.seq ?? 0) + (spec.flags & SYN ? 0 : -1);
    return Uint8Array.from({ length: spec.len }, (_, n) => {
      const value = spec.literal === undefined ? octet(from + n) : spec.literal.charCodeAt(n);
      if (from + n >= 0) this.peerSent[from + n] ??= value;
      return value;
    });
  }

  /** Complains about text that is not what was written there. */
  checkText(p: Packet): string | undefined {
    const from = ((p.segment.seq - this.iss) | 0) - (p.segment.flags & SYN ? 0 : 1);
    const wrong = p.segment.text.findIndex((byte, n) => byte !== this.written[from + n]);
    return wrong < 0 ? undefined : `octet ${from + wrong} of the stream is not what the user sent`;
  }

  /** Complains about text delivered that the peer never sent there. */
  checkDelivered(text: Uint8Array): string | undefined {
    const wrong = text.findIndex((byte, n) => byte !== this.peerSent[this.delivered + n]);
    const at = this.delivered + wrong;
    this.delivered += text.length;
    return wrong < 0 ? undefined : `octet ${at} delivered is not what the peer sent`;
  }

  /** A segment of the stack in the words of a script. */
  describe(p: Packet): string {
    const s = p.segment;
    const { seq, ack } = this.relative(p);
    const options = withoutPadding(this.fromStack(s.options));
    return [
      formatFlags(s.flags),
      s.seq === 0 && !this.issKnown ? 'seq 0 (absolute)' : `seq ${seq}`,
      ...(s.flags & 16 ? [`ack ${ack}`] : []),
      `win ${s.window}`,
      ...(s.text.length > 0 ? [`len ${s.text.length}`] : []),
      ...(s.flags & 32 ? [`urg ${s.urgent}`] : []),
      ...(options.length > 0 ? [`<${options.map(formatOption).join(', ')}>`] : []),
    ].join(' ');
  }
}

/**
 * A passive observer of one connection: infers the state of both ends (RFC 9293 §3.3.2) from what each sends and what
 * reaches it, on the assumption that what was captured arrived, and tells retransmissions from new data.
 */
import { ACK, FIN, RST, SYN } from '../wire/abi.ts';
import type { LadderSegment } from './ladder-segment.ts';

export type LadderState =
  | 'CLOSED'
  | 'LISTEN'
  | 'SYN_SENT'
  | 'SYN_RECEIVED'
  | 'ESTABLISHED'
  | 'FIN_WAIT_1'
  | 'FIN_WAIT_2'
  | 'CLOSE_WAIT'
  | 'CLOSING'
  | 'LAST_ACK'
  | 'TIME_WAIT';

export type Mark =
  | 'retransmission'
  | 'out of order'
  | 'gap'
  | 'keep-alive'
  | 'duplicate ACK'
  | 'zero window'
  | 'window update';

/** One end, as known from outside. Sequence numbers are relative to its ISS, kept as plain numbers that never wrap. */
class End {
  state: LadderState = 'CLOSED';
  /** First sequence number seen; undefined until then. */
  iss: number | undefined;
  /** One past the highest ever sent, relative. */
  sndMax = 0;
  /** Stretches above `delivered` that were seen with a hole below. */
  readonly islands: [number, number][] = [];
  /** One past the last byte the other end has in order: its RCV.NXT. */
  delivered = 0;
  /** Relative number of the FIN sent. */
  fin: number | undefined;
  finDelivered = false;
  window = -1;
  ack = -1;
  scale: number | undefined;

  /** Relative number near the highest sent, so that wrapping round does not show. */
  relative(seq: number): number {
    if (this.iss === undefined) this.iss = seq;
    const near = this.sndMax;
    return near + ((seq - ((this.iss + near) | 0)) | 0);
  }
}

export interface Observation {
  /** Relative numbers: the SYN is 0, the first byte 1. */
  readonly seq: number;
  readonly ack: number | undefined;
  /** Bytes, scaled; as in the header while the shift is not known. */
  readonly window: number;
  readonly marks: readonly Mark[];
  readonly clientState: LadderState;
  readonly serverState: LadderState;
}

export class LadderTracker {
  readonly #client = new End();
  readonly #server = new End();
  readonly #clientName: string;
  #started = false;

  constructor(clientName: string) {
    this.#clientName = clientName;
  }

  /** Takes the next segment of the capture. */
  observe(s: LadderSegment): Observation {
    const fromClient = s.from === this.#clientName;
    const sender = fromClient ? this.#client : this.#server;
    const receiver = fromClient ? this.#server : this.#client;
    if (!this.#started) this.#start(s, sender, receiver);
    const first = sender.iss === undefined;
    const seq = sender.relative(s.seq);
    if (first && !(s.flags & SYN)) joinInTheMiddle(sender, seq);
    const ack = s.flags & ACK ? receiver.relative(s.ack) : undefined;
    const marks = this.#marks(s, sender, receiver, seq, ack);
    send(s, sender, receiver, seq, ack);
    receive(s, sender, receiver, seq, ack);
    if (s.flags & SYN) sender.scale = s.options.windowScale;
    const scaled = !(s.flags & SYN) && sender.scale !== undefined && receiver.scale !== undefined;
    const window = scaled ? s.window * (1 << Math.min(sender.scale ?? 0, 14)) : s.window;
    sender.window = s.window;
    if (ack !== undefined) sender.ack = ack;
    return { seq, ack, window, marks, clientState: this.#client.state, serverState: this.#server.state };
  }

  /** A capture that begins with a SYN shows the whole; any other joins a connection that is established. */
  #start(s: LadderSegment, sender: End, receiver: End): void {
    this.#started = true;
    if (s.flags & SYN) {
      receiver.state = s.flags & ACK ? 'SYN_SENT' : 'LISTEN';
      sender.state = s.flags & ACK ? 'SYN_RECEIVED' : 'CLOSED';
    } else {
      sender.state = 'ESTABLISHED';
      receiver.state = 'ESTABLISHED';
    }
    if (s.flags & ACK) {
      receiver.iss = (s.ack - 1) | 0;
      receiver.sndMax = 1;
      receiver.delivered = 1;
    }
  }

  #marks(s: LadderSegment, sender: End, receiver: End, seq: number, ack: number | undefined): Mark[] {
    const marks: Mark[] = [];
    const end = seq + occupies(s);
    if (occupies(s) === 0) {
      if (seq === sender.sndMax - 1 && s.length === 0 && s.flags === ACK && sender.window >= 0 && established(sender)) {
        marks.push('keep-alive');
      } else if (ack !== undefined && s.flags === ACK && ack === sender.ack && established(sender)) {
        if (s.window !== sender.window) marks.push('window update');
        else if (ack < receiver.sndMax) marks.push('duplicate ACK');
      }
    } else if (sender.sndMax > 0 && seq > sender.sndMax) marks.push('gap');
    else if (end <= sender.sndMax || seq < sender.sndMax) {
      const probe = s.length <= 1 && seq === sender.sndMax - 1 && !(s.flags & (SYN | FIN)) && seq < sender.delivered;
      marks.push(probe ? 'keep-alive' : isHole(sender, seq, end) ? 'out of order' : 'retransmission');
    }
    if (s.window === 0 && !(s.flags & (SYN | RST))) marks.push('zero window');
    return marks;
  }
}

/** Sequence numbers a segment takes: SYN and FIN count one each. */
export function occupies(s: LadderSegment): number {
  return s.length + (s.flags & SYN ? 1 : 0) + (s.flags & FIN ? 1 : 0);
}

function established(end: End): boolean {
  return end.state !== 'SYN_SENT' && end.state !== 'SYN_RECEIVED' && end.state !== 'LISTEN' && end.state !== 'CLOSED';
}

function joinInTheMiddle(end: End, seq: number): void {
  end.sndMax = seq;
  end.delivered = seq;
}

/** Whether no byte of the stretch was seen before: it fills a hole rather than repeat. */
function isHole(end: End, from: number, to: number): boolean {
  return from >= end.delivered && !end.islands.some(([left, right]) => from < right && left < to);
}

/** What sending this says about the sender. */
function send(s: LadderSegment, sender: End, receiver: End, seq: number, ack: number | undefined): void {
  if (s.flags & RST) {
    sender.state = 'CLOSED';
    return;
  }
  if (s.flags & SYN && (sender.state === 'CLOSED' || sender.state === 'LISTEN')) {
    sender.state = s.flags & ACK ? 'SYN_RECEIVED' : 'SYN_SENT';
  }
  if (s.flags & FIN) {
    sender.fin = seq + occupies(s) - 1;
    if (sender.state === 'ESTABLISHED' || sender.state === 'SYN_RECEIVED') sender.state = 'FIN_WAIT_1';
    // A FIN that does not acknowledge the other's FIN was sent before that came: simultaneous close.
    else if (sender.state === 'CLOSE_WAIT') sender.state = acknowledges(ack, receiver.fin) ? 'LAST_ACK' : 'CLOSING';
  }
}

/** What its arrival does to the receiver, in the order of RFC 9293 §3.10.7.4: RST, SYN, ACK, text, FIN. */
function receive(s: LadderSegment, sender: End, receiver: End, seq: number, ack: number | undefined): void {
  const before = sender.delivered;
  deliver(sender, seq, seq + occupies(s));
  if (s.flags & RST) {
    // RFC 9293 §3.10.7.4: only the exact number resets; another one in the window draws a challenge.
    const exact = seq === before || (receiver.state === 'SYN_SENT' && ack !== undefined && ack === receiver.sndMax);
    if (exact && receiver.state !== 'LISTEN') receiver.state = 'CLOSED';
    return;
  }
  if (s.flags & SYN) {
    if (receiver.state === 'LISTEN' || receiver.state === 'CLOSED') receiver.state = 'SYN_RECEIVED';
    else if (receiver.state === 'SYN_SENT') receiver.state = s.flags & ACK ? 'ESTABLISHED' : 'SYN_RECEIVED';
  }
  if (ack !== undefined) acknowledge(receiver, ack);
  if (sender.fin !== undefined && !sender.finDelivered && sender.delivered > sender.fin) {
    sender.finDelivered = true;
    finish(receiver, ack);
  }
}

/** Moves what the receiver has in order, over islands that are reached. */
function deliver(sender: End, from: number, to: number): void {
  sender.sndMax = Math.max(sender.sndMax, to);
  if (to <= sender.delivered) return;
  if (from > sender.delivered) {
    sender.islands.push([from, to]);
    return;
  }
  sender.delivered = to;
  for (let i = 0; i < sender.islands.length; i++) {
    const [left, right] = sender.islands[i]!;
    if (left > sender.delivered) continue;
    sender.delivered = Math.max(sender.delivered, right);
    sender.islands.splice(i, 1);
    i = -1;
  }
}

function acknowledges(ack: number | undefined, fin: number | undefined): boolean {
  return ack !== undefined && fin !== undefined && ack > fin;
}

function acknowledge(receiver: End, ack: number): void {
  if (receiver.state === 'SYN_RECEIVED' && ack > 0) receiver.state = 'ESTABLISHED';
  if (!acknowledges(ack, receiver.fin)) return;
  if (receiver.state === 'FIN_WAIT_1') receiver.state = 'FIN_WAIT_2';
  else if (receiver.state === 'CLOSING') receiver.state = 'TIME_WAIT';
  else if (receiver.state === 'LAST_ACK') receiver.state = 'CLOSED';
}

function finish(receiver: End, ack: number | undefined): void {
  switch (receiver.state) {
    case 'SYN_RECEIVED':
    case 'ESTABLISHED':
      receiver.state = 'CLOSE_WAIT';
      break;
    case 'FIN_WAIT_1':
      receiver.state = acknowledges(ack, receiver.fin) ? 'TIME_WAIT' : 'CLOSING';
      break;
    case 'FIN_WAIT_2':
      receiver.state = 'TIME_WAIT';
      break;
  }
}

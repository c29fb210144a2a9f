/** The channels of node:diagnostics_channel that a stack publishes on, and what their messages hold. Nothing is built while nobody subscribes. */
import { channel } from 'node:diagnostics_channel';
import type { Endpoint } from './endpoint.ts';

/** What every message about a connection has. */
export interface ConnMessage {
  /** The same in all messages about one connection of a stack, and no other's. */
  readonly id: number;
  /** Our end. */
  readonly local: Endpoint;
  /** The peer's. */
  readonly remote: Endpoint;
  /** µs of the stack's clock. */
  readonly at: number;
}

/** `usertcp:conn:open`: ESTABLISHED. */
export interface OpenMessage extends ConnMessage {
  /** `out`: we connected; `in`: a listener of ours took it. */
  readonly direction: 'in' | 'out';
}

/** `usertcp:conn:state`: an arrow of RFC 9293 figure 5. */
export interface StateMessage extends ConnMessage {
  /** State before. */
  readonly from: string;
  /** State now. */
  readonly to: string;
  /** Why, in the words of RFC 9293 figure 5: `rcvFin`, `close`, … */
  readonly event: string;
}

/** `usertcp:conn:close`: over for the application. */
export interface CloseMessage extends ConnMessage {
  /** Of Node, such as ECONNRESET; null = in order. */
  readonly code: string | null;
  /** Our state when it ended. */
  readonly state: string;
  /** Of text received in order. */
  readonly bytesIn: number;
  /** Of text acknowledged. */
  readonly bytesOut: number;
}

/** `usertcp:retransmit`: something left again. */
export interface RetransmitMessage extends ConnMessage {
  /** Behind our initial sequence number: 0 is the SYN, 1 the first octet. */
  readonly sequence: number;
  /** Bytes of text sent again. */
  readonly length: number;
  /** Retransmission timeouts in a row. */
  readonly timeouts: number;
  /** The timer expired, acknowledgments told of a loss, or a tail was probed. */
  readonly reason: 'timeout' | 'fast' | 'probe';
}

/** `usertcp:drop`: something was thrown away. */
export interface DropMessage {
  /** Addresses of the stack. */
  readonly addresses: readonly string[];
  /** `core`, or the name of the link. */
  readonly where: string;
  /** The counter of `metrics()` that counts them. */
  readonly reason: string;
  /** Since the last message of that kind. */
  readonly count: number;
  /** In all. */
  readonly total: number;
}

export const channels = {
  /** ConnMessage: our SYN is about to leave. */
  connect: channel('usertcp:conn:connect'),
  /** OpenMessage: ESTABLISHED. */
  open: channel('usertcp:conn:open'),
  /** StateMessage: every arrow, but for LISTEN and what a SYN queue holds. */
  state: channel('usertcp:conn:state'),
  /** CloseMessage: over for the application. */
  close: channel('usertcp:conn:close'),
  /** RetransmitMessage: a SYN, text or FIN left again. */
  retransmit: channel('usertcp:retransmit'),
  /** DropMessage: something was thrown away, told once for all of its kind in a turn. */
  drop: channel('usertcp:drop'),
} as const;

/** What happened on the wire when a connection failed, in numbers and in plain words: the `wire` of its error. */
import { EADDRNOTAVAIL, EFAULT, ENETDOWN, ENOBUFS, ETIMEDOUT } from '../core/events.ts';
import { SYN_SENT, stateName } from '../core/tcp/figure5.ts';
import * as by from '../core/tcp/last-words.ts';

/** A segment that ended a connection. */
export interface SegmentFacts {
  /** Such as 'RST ACK'. */
  readonly flags: string;
  /** Its sequence number, counted from the peer's SYN. */
  readonly seq: number;
}

/** An ICMP error (RFC 792, RFC 4443). */
export interface IcmpFacts {
  /** Such as 3, destination unreachable. */
  readonly type: number;
  /** What of that type. */
  readonly code: number;
}

/** What happened on the wire when a connection failed. */
export interface WireFacts {
  /** RFC 9293 state of our end when it failed. */
  readonly state: string;
  /** What ended it: a segment, a timer, the host. */
  readonly cause:
    | 'reset'
    | 'retransmissions'
    | 'syn-retransmissions'
    | 'user-timeout'
    | 'keep-alive'
    | 'closed-window'
    | 'no-neighbour'
    | 'icmp'
    | 'local';
  /** The segment that mattered; its SEQ counts from the peer's SYN, as captures show it. */
  readonly segment?: SegmentFacts;
  /** Type and code of the ICMP error that mattered. */
  readonly icmp?: IcmpFacts;
  /** (Super-)segments sent again of late; 255 = that, or more. */
  readonly retransmissions: number;
  /** Retransmission timeouts in a row. */
  readonly timeouts: number;
  /** ms since the peer was last heard. */
  readonly silentMs: number;
  /** What happened and which rule says so. */
  readonly why: string;
}

const CAUSES: readonly WireFacts['cause'][] = [
  'local',
  'reset',
  'retransmissions',
  'syn-retransmissions',
  'user-timeout',
  'keep-alive',
  'closed-window',
  'no-neighbour',
  'icmp',
];
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** Of an EV_CLOSED that reports a failure, at word `at`. */
export function wireFacts(words: Int32Array, at: number): WireFacts {
  const packed = words[at + 5]!;
  const what = packed & 0xff;
  const detail = words[at + 6]!;
  const flags = (packed >> 8) & 0xff;
  const timeouts = (packed >>> 16) & 0xff;
  return {
    state: stateName(words[at + 4]!),
    cause: CAUSES[what] ?? 'local',
    ...(what === by.BY_RST && { segment: { flags: flagNames(flags), seq: words[at + 4] === SYN_SENT ? 0 : detail } }),
    ...(what === by.BY_ICMP && detail > 0 && { icmp: { type: detail >> 8, code: detail & 0xff } }),
    retransmissions: packed >>> 24,
    timeouts,
    silentMs: words[at + 7]! >>> 0,
    why: why(what, words[at + 3]!, detail, timeouts, words[at + 7]! >>> 0, stateName(words[at + 4]!)),
  };
}

function flagNames(flags: number): string {
  return FLAGS.filter((_, bit) => flags & (1 << bit)).join(' ');
}

function why(what: number, code: number, detail: number, timeouts: number, silent: number, state: string): string {
  switch (what) {
    case by.BY_RST:
      return state === 'SYN_SENT' || state === 'SYN_RECEIVED'
        ? 'a RST acknowledged our SYN: nobody listens there, or somebody on the way refuses (RFC 9293 §3.10.7.3, second)'
        : 'a RST came exactly at RCV.NXT, so the connection is over at once; what the peer had not read is lost (RFC 9293 §3.10.7.4, second; RFC 5961 §3.2)';
    case by.BY_RETRIES:
      return `what we sent ${detail} ms ago was never acknowledged, and ${timeouts - 1} retransmissions are as many as R2 lets (RFC 9293 §3.8.3 [MUST-20]; tcp.dataRetries)`;
    case by.BY_SYN_RETRIES:
      return `our SYN of ${detail} ms ago was never answered, sent again ${timeouts - 1} times (RFC 9293 §3.8.3 [MUST-23]; tcp.synRetries)`;
    case by.BY_USER_TIMEOUT:
      return `what we sent ${detail} ms ago is not acknowledged, and the user timeout is over (RFC 9293 §3.10.8 [MUST-21]; userTimeout)`;
    case by.BY_KEEP_ALIVE:
      return `the peer has said nothing for ${silent} ms and ${detail} keep-alive probes had no answer (RFC 9293 §3.8.4 [MUST-29]; keepAlive)`;
    case by.BY_CLOSED_WINDOW:
      return `the peer closed its window and no longer answers what asks it to open (RFC 9293 §3.8.6.1 [MUST-37]; tcp.dataRetries)`;
    case by.BY_NEIGHBOUR:
      return 'the next hop does not answer ARP or Neighbour Discovery, so nothing could be sent (RFC 1122 §2.3.2.2, RFC 4861 §7.2)';
    case by.BY_ICMP:
      return detail > 0
        ? `a router or the host said so: ICMP type ${detail >> 8}, code ${detail & 0xff} (RFC 9293 §3.9.2.2 [SHLD-26])`
        : 'nothing was acknowledged, and the last a router said was that the host is unreachable (RFC 9293 §3.9.2.2 [MUST-56])';
    default:
      return LOCAL.get(code) ?? 'this end gave it up';
  }
}

const LOCAL = new Map<number, string>([
  [ENETDOWN, 'the link it went over failed on this host'],
  [EADDRNOTAVAIL, 'its local address is not ours any more'],
  [ENOBUFS, 'it held more memory than its share while others had none (docs: budget)'],
  [EFAULT, 'a buffer that lend() was given was detached before it was acknowledged'],
  [ETIMEDOUT, 'nobody read it any more and the peer kept its window closed (RFC 9293 §3.8.6.1; tcp.orphanTimeout)'],
]);

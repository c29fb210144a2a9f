/** What people and tests may know of a connection. */
import type { Limit } from './limits.ts';

/** A snapshot for people and tests: units in the names. */
export interface TcpInfo {
  /** Name of the RFC 9293 state of our end, such as ESTABLISHED. */
  readonly state: string;
  /** Smoothed round trip, µs (RFC 6298); 0 = none measured yet. */
  readonly srttUs: number;
  /** Its variation, µs. */
  readonly rttvarUs: number;
  /** Retransmission timeout, ms. */
  readonly rtoMs: number;
  /** Congestion window, bytes (RFC 5681). */
  readonly cwnd: number;
  /** Slow start threshold, bytes. */
  readonly ssthresh: number;
  /** Bytes of text in a full segment that we send (SMSS). */
  readonly mss: number;
  /** IP packet bytes. */
  readonly pathMtu: number;
  /** SND.WND: bytes that the peer lets us have outstanding. */
  readonly sndWnd: number;
  /** RCV.WND: bytes that we let the peer have outstanding. */
  readonly rcvWnd: number;
  /** Bytes sent and not acknowledged (FlightSize, RFC 5681 §2). */
  readonly inFlight: number;
  /** Bytes in the send buffer: outstanding, and not sent yet. */
  readonly sndQueued: number;
  /** Bytes delivered that were not credited yet (RCV.USER). */
  readonly rcvUser: number;
  /** Bytes of text delivered since the beginning. */
  readonly bytesIn: number;
  /** Bytes of our text that were acknowledged since the beginning. */
  readonly bytesOut: number;
  /** Both ends agreed on timestamps (RFC 7323). */
  readonly timestamps: boolean;
  /** Both ends agreed on selective acknowledgments (RFC 2018). */
  readonly sack: boolean;
  /** 'accurate': RFC 9768. */
  readonly ecn: 'off' | 'classic' | 'accurate';
  /** Text on the SYN was taken. */
  readonly fastOpen: boolean;
  /** Shift of the windows that the peer advertises (RFC 7323 §2). */
  readonly sndScale: number;
  /** Shift of the windows that we advertise. */
  readonly rcvScale: number;
  /** 0 = unknown. This and the counts below begin anew when the connection was silent for half a minute. */
  readonly minRttUs: number;
  /** (Super-)segments sent again. */
  readonly retransmits: number;
  /** Duplicates the peer reported. */
  readonly spuriousRetransmits: number;
  /** Probes of a quiet tail (RFC 8985 §7). */
  readonly tailLossProbes: number;
  /** Times that loss reduced the window. */
  readonly recoveries: number;
  /** Of these, times it was taken back: nothing had been lost. */
  readonly undone: number;
  /** Bytes up to the end of urgent data that were not read yet; 0 = none is ahead. */
  readonly urgentLeft: number;
  /** TOS or traffic class of the segment received last. */
  readonly receivedTos: number;
  /** ISS: our initial sequence number. This and those below are unsigned (RFC 9293 §3.3.1). */
  readonly iss: number;
  /** IRS: initial sequence number of the peer. */
  readonly irs: number;
  /** SND.UNA: oldest octet that is not acknowledged. */
  readonly sndUna: number;
  /** SND.NXT: next octet to be sent. */
  readonly sndNxt: number;
  /** SND.UP: end of our urgent data. */
  readonly sndUp: number;
  /** SND.WL1: sequence number of the segment that updated the window last. */
  readonly sndWl1: number;
  /** SND.WL2: its acknowledgment number. */
  readonly sndWl2: number;
  /** RCV.NXT: next octet expected. */
  readonly rcvNxt: number;
  /** RCV.UP: end of the peer's urgent data. */
  readonly rcvUp: number;
  /** Largest window that the peer ever offered. */
  readonly maxSndWnd: number;
  /** Bytes believed to be in the network (RFC 6675). */
  readonly pipe: number;
  /** Bytes outstanding that the peer has, ahead of a hole. */
  readonly sacked: number;
  /** Bytes outstanding that are marked lost. */
  readonly lost: number;
  /** Duplicate acknowledgments in a row (RFC 5681 §2). */
  readonly duplicateAcks: number;
  /** Retransmission timeouts in a row. */
  readonly timeouts: number;
  /** The path was seen to reorder. */
  readonly reordering: boolean;
  /** By how many quarters of the least round trip RACK waits for text that was overtaken (RFC 8985 §6.2). */
  readonly reorderingWindow: number;
  /** Bytes that came ahead of a hole. */
  readonly outOfOrder: number;
  /** Bytes that the send buffer takes now. */
  readonly sendBuffer: number;
  /** Bytes that the receive buffer takes now. */
  readonly receiveBuffer: number;
  /** Bytes a second; 0 = not paced. */
  readonly pacingRate: number;
  /** Name of the congestion controller. */
  readonly congestion: string;
  /** TTL or hop limit of what we send. */
  readonly ttl: number;
  /** TOS or traffic class byte of what we send. */
  readonly typeOfService: number;
  /** ms; 0 = none. */
  readonly userTimeout: number;
  /** Silent peers are probed (RFC 9293 §3.8.4). */
  readonly keepAlive: boolean;
  /** Small segments leave at once: Nagle is off (RFC 9293 §3.7.4). */
  readonly noDelay: boolean;
  /** Partial segments wait. */
  readonly corked: boolean;
  /** ms since a segment of the peer came. */
  readonly silentMs: number;
  /** ms since the oldest text outstanding was first sent; 0 = none is. */
  readonly outstandingMs: number;
  /** What holds text back now. */
  readonly limit: Limit;
  /** µs that each of them held text back so far: counted from the first `info()`, and anew as the counts above. */
  readonly limitedUs: Readonly<Record<Limit, number>>;
}

/**
 * What the core tells the shell: numeric records of EVENT_WORDS int32 in one growing buffer, in the order things
 * happened. Payload in EV_DATA is borrowed: it is valid until the driver lets go of the burst.
 */

export const EVENT_WORDS = 8;
/** word 0: EV_*, 1: row, 2: generation of the row, 3..7: as below. */

/** A child of a listener is ESTABLISHED. 3: row of the listener. */
export const EV_ACCEPT = 1;
/** An active OPEN is ESTABLISHED. */
export const EV_CONNECT = 2;
/** In-order text. 3: region (link index, or REGION_ARENA), 4: offset, 5: length, 6: 1 = PSH seen. */
export const EV_DATA = 3;
/** The peer's FIN was reached: no more text follows. An abort is EV_CLOSED with its reason [MUST-12]. */
export const EV_END = 4;
/** Room in the send queue after a short send. 3: free bytes. */
export const EV_DRAIN = 5;
/**
 * The connection is gone; the row is free. 3: one of ERR_* (0 = closed in order), 4: state it was in. After a failure also what is known
 * of it (last-words.ts), 5: cause | flags of the segment << 8 | timeouts in a row << 16 | retransmissions << 24, 6: depends on the cause,
 * 7: ms since the peer was last heard.
 */
export const EV_CLOSED = 6;
/** 3: 0 = urgent data lies ahead, 1 = its end moved, 2 = reading reached it, 3 = its last octet, out of band; 4: RCV.UP [MUST-32]; 5: the octet. */
export const EV_URGENT = 7;
/** Nothing is lost yet: 3: ERR_* or ICMP type << 8 | code with bit 31 set [MUST-47]. */
export const EV_SOFT_ERROR = 8;
/** Everything sent so far was acknowledged. 3: 1 = our FIN too. */
export const EV_ALL_ACKED = 9;
// From here on words 1 and 2 are a UDP socket and its generation.
/** A datagram came. 3: region, 4: offset, 5: length of its data, 6: its number in `Udp.peers`. */
export const EV_DATAGRAM = 10;
/** A datagram did not get there. 3: ERR_*, 4: ICMP type << 8 | code or 0, 5: MTU or 0, 6: its peer's number in `Udp.peers`. */
export const EV_UDP_ERROR = 11;
/** Everything the socket queued has left. */
export const EV_UDP_DRAIN = 12;
/**
 * An address of ours changed. 1: ADDRESS_* | link << 8 | last two bytes of a MAC << 16, 2: first four bytes of that MAC (who else
 * has it), 3 to 6: the address.
 */
export const EV_ADDRESS = 13;
/** While the core is `telling`: 3: state before, 4: state now (bits), 5: event of figure5.ts. */
export const EV_STATE = 14;
/** While the core is `telling`, text, SYN or FIN left again. 3: octets behind the ISS, 4: length, 5: timeouts in a row, 6: RESENT_*. */
export const EV_RETRANSMIT = 15;
export const RESENT_TIMEOUT = 0;
export const RESENT_FAST = 1;
export const RESENT_PROBE = 2;
/** Asked for by `callTellAcked`: SND.UNA moved. 3, 4: payload octets acknowledged in all, divided by 2^32 and the rest. */
export const EV_ACKED = 16;
/** Nobody reads any more, and the peer of what is still to be sent has fallen silent; told at each timeout. It is sent again until R2. */
export const EV_SILENT = 17;
export const ADDRESS_ADDED = 1;
/** Nobody else has it. */
export const ADDRESS_SETTLED = 2;
/** Somebody else has it: it is not ours any more. */
export const ADDRESS_TAKEN = 3;
/** Its lifetime is over. */
export const ADDRESS_EXPIRED = 4;

export const REGION_ARENA = -1;
/** Beside the RX_* flags of a receive descriptor that the core made itself: its bytes are in the arena. */
export const RX_IN_ARENA = 0x80;

// Results of calls and reasons of EV_CLOSED. The names are Node's; `shell/errors.ts` makes Errors of them.
export const OK = 0;
export const ECONNRESET = -1;
export const ETIMEDOUT = -2;
export const ECONNREFUSED = -3;
export const EHOSTUNREACH = -4;
export const ENETDOWN = -5;
export const ECONNABORTED = -6;
/** "connection does not exist" */
export const ENOTCONN = -7;
/** "connection already exists" */
export const EISCONN = -8;
/** "connection closing" */
export const EPIPE = -9;
/** "insufficient resources" */
export const ENOBUFS = -10;
/** "remote socket unspecified" */
export const EDESTADDRREQ = -11;
export const EADDRINUSE = -12;
export const EADDRNOTAVAIL = -13;
export const EINVAL = -14;
export const ENETUNREACH = -15;
export const EACCES = -16;
/** A lent buffer was detached before the peer had acknowledged it. */
export const EFAULT = -17;
/** A datagram larger than what the link or the path carries. */
export const EMSGSIZE = -18;

export class EventQueue {
  words = new Int32Array(EVENT_WORDS * 256);
  /** Records held. */
  count = 0;

  push(type: number, row: number, gen: number, a = 0, b = 0, c = 0, d = 0): void {
    const at = this.count * EVENT_WORDS;
    if (at === this.words.length) this.grow();
    const w = this.words;
    w[at] = type;
    w[at + 1] = row;
    w[at + 2] = gen;
    w[at + 3] = a;
    w[at + 4] = b;
    w[at + 5] = c;
    w[at + 6] = d;
    this.count++;
  }

  private grow(): void {
    const bigger = new Int32Array(this.words.length * 2);
    bigger.set(this.words);
    this.words = bigger;
  }
}

/**
 * DHCP messages (RFC 2131 §2) and the few options this client speaks of (RFC 2132). Addresses are int32 numbers, as the
 * last word of a mapped address. No library does this part alone: see ADR 14.
 */
import { get16, get32, put16, put32 } from '../../wire/bytes.ts';

export const BOOTREQUEST = 1;
export const BOOTREPLY = 2;

export const DISCOVER = 1;
export const OFFER = 2;
export const REQUEST = 3;
export const DECLINE = 4;
export const ACK = 5;
export const NAK = 6;
export const RELEASE = 7;

export const OPTION_MASK = 1;
export const OPTION_ROUTERS = 3;
export const OPTION_DNS = 6;
export const OPTION_HOSTNAME = 12;
export const OPTION_DOMAIN = 15;
export const OPTION_MTU = 26;
export const OPTION_ADDRESS = 50;
export const OPTION_LEASE = 51;
export const OPTION_TYPE = 53;
export const OPTION_SERVER = 54;
export const OPTION_WANTED = 55;
export const OPTION_MESSAGE = 56;
export const OPTION_MAX_SIZE = 57;
export const OPTION_T1 = 58;
export const OPTION_T2 = 59;
export const OPTION_CLIENT = 61;
const OPTION_PAD = 0;
const OPTION_OVERLOAD = 52;
const OPTION_END = 255;

/** Replies are to be broadcast: before it has an address, the stack takes no other packets. */
export const BROADCAST_FLAG = 0x8000;

export interface DhcpMessage {
  op: number;
  xid: number;
  secs: number;
  flags: number;
  /** What the client has, what the server gives. */
  ciaddr: number;
  yiaddr: number;
  chaddr: Uint8Array;
  options: Map<number, Uint8Array>;
}

const ETHERNET = 1;
const SNAME = 44;
const FILE = 108;
const COOKIE = 236;
const MAGIC = 0x63825363;
const OPTIONS = 240;
/** RFC 1542 §2.1: what every BOOTP relay takes. */
const LEAST = 300;
const LONGEST = 255;

export function encodeDhcp(message: DhcpMessage): Uint8Array {
  const pieces = [...message.options].flatMap(([code, value]) => split(code, value));
  const used = OPTIONS + pieces.reduce((sum, piece) => sum + piece.length, 0) + 1;
  const b = new Uint8Array(Math.max(LEAST, used));
  b.set([message.op, ETHERNET, message.chaddr.length, 0]);
  put32(b, 4, message.xid);
  put16(b, 8, message.secs);
  put16(b, 10, message.flags);
  put32(b, 12, message.ciaddr);
  put32(b, 16, message.yiaddr);
  b.set(message.chaddr, 28);
  put32(b, COOKIE, MAGIC);
  let at = OPTIONS;
  for (const piece of pieces) {
    b.set(piece, at);
    at += piece.length;
  }
  b[at] = OPTION_END;
  return b;
}

/** RFC 3396: an option that is too long comes in several parts. */
function split(code: number, value: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0; from === 0 || from < value.length; from += LONGEST) {
    const part = value.subarray(from, from + LONGEST);
    parts.push(Uint8Array.of(code, part.length, ...part));
  }
  return parts;
}

/** undefined for what is no DHCP message of Ethernet. Options with impossible lengths end the reading there. */
export function decodeDhcp(b: Uint8Array): DhcpMessage | undefined {
  if (b.length < OPTIONS || get32(b, COOKIE) !== MAGIC || b[1] !== ETHERNET || b[2] !== 6) return undefined;
  const options = new Map<number, Uint8Array>();
  readOptions(b.subarray(OPTIONS), options);
  // RFC 2131 §4.1: options may go on in the fields `file` and `sname`, in this order.
  const overload = options.get(OPTION_OVERLOAD)?.[0] ?? 0;
  if (overload & 1) readOptions(b.subarray(FILE, COOKIE), options);
  if (overload & 2) readOptions(b.subarray(SNAME, FILE), options);
  return {
    op: b[0]!,
    xid: get32(b, 4),
    secs: get16(b, 8),
    flags: get16(b, 10),
    ciaddr: get32(b, 12),
    yiaddr: get32(b, 16),
    chaddr: b.slice(28, 34),
    options,
  };
}

function readOptions(b: Uint8Array, options: Map<number, Uint8Array>): void {
  for (let at = 0; at < b.length && b[at] !== OPTION_END; ) {
    const code = b[at]!;
    if (code === OPTION_PAD) {
      at++;
      continue;
    }
    const end = at + 2 + (b[at + 1] ?? Number.POSITIVE_INFINITY);
    if (end > b.length) return;
    const before = options.get(code);
    const value = b.slice(at + 2, end);
    options.set(code, before === undefined ? value : Uint8Array.of(...before, ...value));
    at = end;
  }
}

export function u32(value: number): Uint8Array {
  const b = new Uint8Array(4);
  put32(b, 0, value);
  return b;
}

/** A number of four bytes, unsigned; undefined when the option is absent or has another length. */
export function numberOf(message: DhcpMessage, option: number): number | undefined {
  const value = message.options.get(option);
  return value?.length === 4 ? get32(value, 0) >>> 0 : undefined;
}

/** A list of addresses; empty when absent. */
export function addressesOf(message: DhcpMessage, option: number): number[] {
  const value = message.options.get(option) ?? new Uint8Array(0);
  return Array.from({ length: value.length >> 2 }, (_, n) => get32(value, 4 * n));
}

export function typeOf(message: DhcpMessage): number {
  return message.options.get(OPTION_TYPE)?.[0] ?? 0;
}

/** Text of an option without the zeros that some servers end it with. */
export function textOf(message: DhcpMessage, option: number): string | undefined {
  const value = message.options.get(option);
  return value === undefined ? undefined : Buffer.from(value).toString('utf8').replace(/\0+$/, '');
}

/**
 * The headers of an IPv6 packet looked through once more, for an ICMPv6 error about them: what the upper layer is, and what
 * of RFC 8200 §4 is wrong with the way to it. The parser skips the good ones by itself.
 */
import { get16 } from './bytes.ts';
import {
  IPV6_HEADER,
  PROTO_DEST_OPTIONS,
  PROTO_FRAGMENT,
  PROTO_HOP_BY_HOP,
  PROTO_ICMP6,
  PROTO_NONE,
  PROTO_ROUTING,
  PROTO_TCP,
  PROTO_UDP,
} from './ip.ts';
import { extensionSize, isExtension, MAX_EXTENSIONS } from './ip-headers.ts';

/** Codes of a parameter problem (RFC 4443 §3.4). */
export const ERRONEOUS_FIELD = 0;
export const UNKNOWN_NEXT_HEADER = 1;
export const UNKNOWN_OPTION = 2;

const NEXT_HEADER = 6;
const PAD1 = 0;
/** What the high bits of an option's type ask of one who does not know it (RFC 8200 §4.2). */
const SKIP = 0;
const DROP = 1;
const TELL_ALWAYS = 2;

export class HeaderChain {
  /** Of the upper layer, PROTO_NONE when it cannot be seen; where it begins. */
  protocol = PROTO_NONE;
  at = 0;
  /** The packet ends before its headers do. */
  cut = false;
  /** Code of the parameter problem, -1 = none; offset from the IPv6 header of what is wrong. */
  code = -1;
  pointer = 0;
  /** The sender asked to be told also when it sent to a group. */
  evenToGroup = false;

  /** Looks at the packet whose IPv6 header is at `l3`, up to `end`. */
  walk(b: Uint8Array, l3: number, end: number): void {
    this.cut = false;
    this.code = -1;
    this.pointer = 0;
    this.evenToGroup = false;
    this.at = l3 + IPV6_HEADER;
    this.protocol = b[l3 + NEXT_HEADER]!;
    for (let field = l3 + NEXT_HEADER, n = 0; isExtension(this.protocol); n++) {
      const o = this.at;
      const kind = this.protocol;
      // Hop-by-hop options stand directly behind the fixed header: elsewhere their number is an unknown one (§4).
      if (kind === PROTO_HOP_BY_HOP && n > 0) return this.#wrong(UNKNOWN_NEXT_HEADER, field - l3);
      const size = end - o < 8 ? 8 : extensionSize(kind, b[o + 1]!);
      if (size > end - o || n >= MAX_EXTENSIONS) {
        this.cut = true;
        this.protocol = PROTO_NONE;
        return;
      }
      if (kind === PROTO_ROUTING && b[o + 3] !== 0) return this.#wrong(ERRONEOUS_FIELD, o + 2 - l3);
      if ((kind === PROTO_HOP_BY_HOP || kind === PROTO_DEST_OPTIONS) && !this.#options(b, l3, o + 2, o + size)) return;
      field = o;
      this.protocol = b[o]!;
      this.at += size;
      if (kind === PROTO_FRAGMENT && get16(b, o + 2) >= 8) this.protocol = PROTO_NONE;
    }
    if (this.protocol === PROTO_NONE) return;
    this.cut = end - this.at < leastHeader(this.protocol);
    this.pointer = lastField(b, l3, this.at) - l3;
  }

  #wrong(code: number, pointer: number): void {
    this.code = code;
    this.pointer = pointer;
    this.protocol = PROTO_NONE;
  }

  /** False when the packet is to be dropped for one of its options. */
  #options(b: Uint8Array, l3: number, from: number, end: number): boolean {
    for (let o = from; o < end; ) {
      const type = b[o]!;
      const action = type >>> 6;
      if (type !== PAD1 && action !== SKIP) {
        this.protocol = PROTO_NONE;
        if (action === DROP) return false;
        this.evenToGroup = action === TELL_ALWAYS;
        this.#wrong(UNKNOWN_OPTION, o - l3);
        return false;
      }
      o += type === PAD1 || o + 1 >= end ? 1 : 2 + b[o + 1]!;
    }
    return true;
  }
}

/** Bytes that must be seen of an upper layer's header. */
function leastHeader(protocol: number): number {
  switch (protocol) {
    case PROTO_TCP:
      return 20;
    case PROTO_UDP:
    case PROTO_ICMP6:
      return 8;
    default:
      return 0;
  }
}

/** Where the number of the header at `target` is: in the fixed header, or at the front of the extension header before. */
export function lastField(b: Uint8Array, l3: number, target: number): number {
  let field = l3 + NEXT_HEADER;
  let kind = b[field]!;
  for (let o = l3 + IPV6_HEADER; o < target; ) {
    const size = extensionSize(kind, b[o + 1]!);
    field = o;
    kind = b[o]!;
    o += size;
  }
  return field;
}

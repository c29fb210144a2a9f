/**
 * Reads the layer 3 header of a packet, IPv4 with options or IPv6 with extension headers, into a reused record. IPv4 options are skipped,
 * whatever they are [MUST-50] (RFC 1122 §3.2.1.8); that one of them is a source route is noted. What is wrong is dropped in silence (RFC 1122 §3.2.1.1, §3.2.1.2).
 */
import { get16, get32 } from './bytes.ts';
import { verifies } from './checksum.ts';
import {
  DROP_EXTENSION,
  DROP_IP_CHECKSUM,
  DROP_IP_HEADER,
  DROP_IP_LENGTH,
  DROP_IP_VERSION,
  DROP_NOT_OURS,
  DROP_SHORT,
  PARSED,
} from './drop.ts';
import {
  IPV4_HEADER,
  IPV6_HEADER,
  PROTO_AH,
  PROTO_DEST_OPTIONS,
  PROTO_FRAGMENT,
  PROTO_HOP_BY_HOP,
  PROTO_NONE,
  PROTO_ROUTING,
} from './ip.ts';
import { findSourceRoute, NO_ROUTE, NONSENSE } from './source-route.ts';

/** A packet with as many extension headers is dropped: work per packet stays bounded (RFC 8504 §5.3). */
export const MAX_EXTENSIONS = 8;

export class IpHeaders {
  /** Offset of what follows the IP header and the extension headers that were skipped. */
  l4 = 0;
  /** Offset behind the last byte the IP length declares: what follows is padding of the link. */
  end = 0;
  protocol = 0;
  /** Part of a larger packet: offset or more-fragments set. */
  fragment = false;
  tos = 0;
  ttl = 0;
  /** It has an IPv4 source route. */
  routed = false;

  /** IPv4 packet at `o`, of which `limit - o` bytes are present. PARSED or a drop reason. */
  readIpv4(b: Uint8Array, o: number, limit: number): number {
    if (limit - o < IPV4_HEADER) return DROP_SHORT;
    if (b[o]! >>> 4 !== 4) return DROP_IP_VERSION;
    const header = (b[o]! & 15) * 4;
    if (header < IPV4_HEADER || header > limit - o) return DROP_IP_HEADER;
    const total = get16(b, o + 2);
    if (total < header || total > limit - o) return DROP_IP_LENGTH;
    if (!verifies(b, o, header)) return DROP_IP_CHECKSUM;
    this.l4 = o + header;
    this.end = o + total;
    this.protocol = b[o + 9]!;
    this.fragment = (get16(b, o + 6) & 0x3fff) !== 0; // MF and the 13 bits of offset; DF and the reserved bit are not
    this.tos = b[o + 1]!;
    this.ttl = b[o + 8]!;
    const route = header > IPV4_HEADER ? findSourceRoute(b, o, o + header) : NO_ROUTE;
    if (route === NONSENSE) return DROP_IP_HEADER;
    this.routed = route >= 0;
    return PARSED;
  }

  readIpv6(b: Uint8Array, o: number, limit: number): number {
    if (limit - o < IPV6_HEADER) return DROP_SHORT;
    if (b[o]! >>> 4 !== 6) return DROP_IP_VERSION;
    const payload = get16(b, o + 4);
    if (payload > limit - o - IPV6_HEADER) return DROP_IP_LENGTH;
    this.l4 = o + IPV6_HEADER;
    this.end = this.l4 + payload;
    this.protocol = b[o + 6]!;
    this.fragment = false;
    this.routed = false;
    this.tos = (get16(b, o) >>> 4) & 0xff;
    this.ttl = b[o + 7]!; // RFC 8200 §3: 0 is no reason to drop what has arrived
    if (hasMappedPrefix(b, o + 8) || hasMappedPrefix(b, o + 24)) return DROP_NOT_OURS;
    return this.#skipExtensions(b);
  }

  /**
   * RFC 8200 §4.1. Moves `l4` and `protocol` to the first header that is not an extension header; stops with protocol
   * "none" at one that the core may want to answer with an ICMPv6 error.
   */
  #skipExtensions(b: Uint8Array): number {
    for (let n = 0; n < MAX_EXTENSIONS; n++) {
      const kind = this.protocol;
      if (!isExtension(kind)) return PARSED;
      const o = this.l4;
      const room = this.end - o;
      // Hop-by-hop options stand directly behind the fixed header or nowhere.
      if (kind === PROTO_HOP_BY_HOP && n > 0) return this.#leaveToCore();
      if (room < 8) return DROP_EXTENSION;
      const size = extensionSize(kind, b[o + 1]!);
      if (size > room) return DROP_EXTENSION;
      // Segments left ask us to forward, which a host does not (RFC 8200 §4.4).
      if (kind === PROTO_ROUTING && b[o + 3] !== 0) return this.#leaveToCore();
      if (kind === PROTO_HOP_BY_HOP || kind === PROTO_DEST_OPTIONS) {
        const options = checkOptions(b, o + 2, o + size);
        if (options === OPTIONS_MALFORMED) return DROP_EXTENSION;
        if (options === OPTIONS_FOR_CORE) return this.#leaveToCore();
      }
      // An atomic fragment is handled as the packet it is (RFC 6946).
      this.fragment = kind === PROTO_FRAGMENT && (get16(b, o + 2) & 0xfff9) !== 0;
      this.protocol = b[o]!;
      this.l4 += size;
      if (this.fragment) return PARSED;
    }
    return DROP_EXTENSION;
  }

  #leaveToCore(): number {
    this.protocol = PROTO_NONE;
    return PARSED;
  }
}

const OPTIONS_FINE = 0;
const OPTIONS_FOR_CORE = 1;
const OPTIONS_MALFORMED = 2;

const PAD1 = 0;
/** Linux puts it in front of super-packets ("BIG TCP"). */
const JUMBO_PAYLOAD = 0xc2;

/** RFC 8200 §4.2: the two high bits of an option say whether one who does not know it may skip it. */
function checkOptions(b: Uint8Array, from: number, end: number): number {
  for (let o = from; o < end; ) {
    const type = b[o]!;
    if (type === PAD1) {
      o++;
      continue;
    }
    if (o + 2 > end || o + 2 + b[o + 1]! > end) return OPTIONS_MALFORMED;
    if ((type & 0xc0) !== 0 && type !== JUMBO_PAYLOAD) return OPTIONS_FOR_CORE;
    o += 2 + b[o + 1]!;
  }
  return OPTIONS_FINE;
}

/** On a wire a mapped address would be taken for the IPv4 flow of the same numbers (RFC 4291 §2.5.5.2). */
function hasMappedPrefix(b: Uint8Array, o: number): boolean {
  return get32(b, o) === 0 && get32(b, o + 4) === 0 && get32(b, o + 8) === 0xffff;
}

export function isExtension(kind: number): boolean {
  switch (kind) {
    case PROTO_HOP_BY_HOP:
    case PROTO_ROUTING:
    case PROTO_FRAGMENT:
    case PROTO_AH:
    case PROTO_DEST_OPTIONS:
      return true;
    default:
      return false;
  }
}

/** Fragment headers have no length (an atomic one, RFC 6946, is skipped); AH counts in words of 4 (RFC 4302 §2.2). */
export function extensionSize(kind: number, lengthField: number): number {
  if (kind === PROTO_FRAGMENT) return 8;
  return kind === PROTO_AH ? (lengthField + 2) * 4 : (lengthField + 1) * 8;
}

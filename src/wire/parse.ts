/**
 * A frame's bytes → one receive descriptor. The reference for the parser in native/core, word by word:
 *
 * - TCP: RX_OFF/RX_LEN is the payload behind the TCP header.
 * - ICMP, UDP and other protocols: RX_OFF/RX_LEN is what follows the IP header (extension headers skipped).
 * - A fragment: the same; in IPv6 the fragment header is the 8 bytes in front of it.
 * - ARP: RX_OFF/RX_LEN is the 28 byte ARP packet, L3 points at it, L4 is 0.
 *
 * RX_ROW is -1: finding the flow is the link's affair. Words that a kind does not use are 0. UDP is not looked at: its
 * length and checksum are for whoever reads the datagram.
 */
import {
  DESC_WORDS,
  KIND_ARP,
  KIND_FRAGMENT,
  KIND_ICMP4,
  KIND_ICMP6,
  KIND_OTHER,
  KIND_TCP,
  KIND_UDP,
  OPT_TS,
  RX_ACK,
  RX_FLAGS,
  RX_FRAME,
  RX_FRAME_LEN,
  RX_GSO,
  RX_IP,
  RX_KIND,
  RX_L3L4,
  RX_LEN,
  RX_MULTICAST,
  RX_OFF,
  RX_OPTS,
  RX_ROUTED,
  RX_ROW,
  RX_SEQ,
  RX_TOTAL,
  RX_TSECR,
  RX_TSVAL,
} from './abi.ts';
import { ARP_BYTES, isArp } from './arp.ts';
import { get16, get32 } from './bytes.ts';
import { pseudo, pseudo6, verifies } from './checksum.ts';
import { DROP_ARP, DROP_ETHERTYPE, DROP_ICMP, DROP_SHORT, DROP_TCP_CHECKSUM, DROP_TCP_HEADER, PARSED } from './drop.ts';
import {
  ETHER_HEADER,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_QINQ,
  ETHERTYPE_VLAN,
  isGroupMac,
  MAX_VLAN_TAGS,
  VLAN_TAG,
} from './ethernet.ts';
import { PROTO_ICMP4, PROTO_ICMP6, PROTO_TCP, PROTO_UDP } from './ip.ts';
import { IpHeaders } from './ip-headers.ts';
import { readTcpOptions, TcpOptions } from './tcp-options.ts';

export const TCP_HEADER = 20;
const ICMP_HEADER = 8;
/** ECN field "congestion experienced" (RFC 3168 §5). */
const CE = 3;

export class FrameParser {
  /** Of the TCP segment parsed last. */
  readonly options = new TcpOptions();
  readonly #ip = new IpHeaders();

  /**
   * Parses `length` bytes at `frame` into the descriptor at word `at` of `out`. Returns PARSED, or the number of the
   * drop counter. `trusted`: the TCP or ICMP checksum was verified by the device, or is partial because the packet
   * never was on a wire.
   */
  parse(b: Uint8Array, frame: number, length: number, out: Int32Array, at: number, trusted: boolean): number {
    if (length < ETHER_HEADER || frame + length > b.length) return DROP_SHORT;
    out.fill(0, at, at + DESC_WORDS);
    out[at + RX_ROW] = -1;
    out[at + RX_GSO] = 1 << 16;
    out[at + RX_FRAME] = frame;
    out[at + RX_FRAME_LEN] = length;
    out[at + RX_KIND] = isGroupMac(b, frame) ? RX_MULTICAST << 16 : 0;
    const limit = frame + length;
    let l3 = frame + ETHER_HEADER;
    let etherType = get16(b, frame + 12);
    for (let tags = 0; etherType === ETHERTYPE_VLAN || etherType === ETHERTYPE_QINQ; tags++) {
      if (tags === MAX_VLAN_TAGS) return DROP_ETHERTYPE;
      if (limit - l3 < VLAN_TAG) return DROP_SHORT;
      etherType = get16(b, l3 + 2);
      l3 += VLAN_TAG;
    }
    switch (etherType) {
      case ETHERTYPE_IPV4: {
        const drop = this.#ip.readIpv4(b, l3, limit);
        return drop === PARSED ? this.#packet(b, frame, l3, 4, out, at, trusted) : drop;
      }
      case ETHERTYPE_IPV6: {
        const drop = this.#ip.readIpv6(b, l3, limit);
        return drop === PARSED ? this.#packet(b, frame, l3, 6, out, at, trusted) : drop;
      }
      case ETHERTYPE_ARP:
        return arp(b, frame, l3, limit, out, at);
      default:
        return DROP_ETHERTYPE;
    }
  }

  #packet(
    b: Uint8Array,
    frame: number,
    l3: number,
    version: number,
    out: Int32Array,
    at: number,
    trusted: boolean,
  ): number {
    const ip = this.#ip;
    const l4 = ip.l4;
    const length = ip.end - l4;
    const marked = (ip.tos & 3) === CE ? 1 : 0;
    out[at + RX_L3L4] = (l3 - frame) | ((l4 - frame) << 16);
    out[at + RX_IP] = ip.tos | (ip.ttl << 8) | (marked << 16) | (version << 24);
    if (ip.routed) out[at + RX_KIND]! |= RX_ROUTED << 16;
    if (ip.fragment) return payload(out, at, KIND_FRAGMENT, l4, length);
    switch (ip.protocol) {
      case PROTO_TCP:
        return this.#tcp(b, l3, l4, length, out, at, trusted);
      case PROTO_UDP:
        return payload(out, at, KIND_UDP, l4, length);
      case PROTO_ICMP4:
        if (version === 6) break;
        if (length < ICMP_HEADER || (!trusted && !verifies(b, l4, length))) return DROP_ICMP;
        return payload(out, at, KIND_ICMP4, l4, length);
      case PROTO_ICMP6:
        if (version === 4) break;
        if (length < ICMP_HEADER || (!trusted && !verifies(b, l4, length, pseudo6(b, l3, PROTO_ICMP6, length)))) {
          return DROP_ICMP;
        }
        return payload(out, at, KIND_ICMP6, l4, length);
    }
    return payload(out, at, KIND_OTHER, l4, length);
  }

  #tcp(b: Uint8Array, l3: number, l4: number, length: number, out: Int32Array, at: number, trusted: boolean): number {
    if (length < TCP_HEADER) return DROP_TCP_HEADER;
    const header = (b[l4 + 12]! >>> 4) * 4;
    if (header < TCP_HEADER || header > length) return DROP_TCP_HEADER;
    // [MUST-3] before any field is used
    if (!trusted && !verifies(b, l4, length, pseudo(b, l3, PROTO_TCP, length))) return DROP_TCP_CHECKSUM;
    const options = this.options;
    readTcpOptions(b, l4 + TCP_HEADER, l4 + header, options); // [MUST-5] whatever the flags
    out[at + RX_SEQ] = get32(b, l4 + 4);
    out[at + RX_ACK] = get32(b, l4 + 8);
    out[at + RX_FLAGS] = b[l4 + 13]! | ((b[l4 + 12]! & 15) << 8) | (get16(b, l4 + 14) << 16);
    out[at + RX_OPTS] = options.seen | (header << 8) | (get16(b, l4 + 18) << 16);
    if (options.seen & OPT_TS) {
      out[at + RX_TSVAL] = options.tsVal;
      out[at + RX_TSECR] = options.tsEcr;
    }
    return payload(out, at, KIND_TCP, l4 + header, length - header);
  }
}

function payload(out: Int32Array, at: number, kind: number, offset: number, length: number): number {
  out[at + RX_KIND]! |= kind;
  out[at + RX_OFF] = offset;
  out[at + RX_LEN] = length;
  out[at + RX_TOTAL] = length;
  return PARSED;
}

function arp(b: Uint8Array, frame: number, l3: number, limit: number, out: Int32Array, at: number): number {
  if (limit - l3 < ARP_BYTES || !isArp(b, l3)) return DROP_ARP;
  out[at + RX_L3L4] = l3 - frame;
  return payload(out, at, KIND_ARP, l3, ARP_BYTES);
}

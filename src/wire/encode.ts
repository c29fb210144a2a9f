/** Transmit descriptor → frame bytes: the reference for the header maker in native/core. */

import type { SharedRegions } from '../ports.ts';
import {
  HOP_MAC_HI,
  HOP_MAC_LO,
  HOP_WORDS,
  KIND_RAW,
  OPT_TS,
  ROUTE_LENGTH,
  ROW_LADDR,
  ROW_PORTS,
  ROW_RADDR,
  ROW_WORDS,
  TX_ACK,
  TX_FLAGS,
  TX_HOP,
  TX_IP,
  TX_OPT_LEN,
  TX_OPT_OFF,
  TX_OPTS,
  TX_ROW,
  TX_SEQ,
  TX_TSECR,
  TX_TSVAL,
  URG,
} from './abi.ts';
import { isMapped } from './address.ts';
import { put16, put32 } from './bytes.ts';
import { pseudo, writeChecksum } from './checksum.ts';
import {
  ETHER_HEADER,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  insertTag,
  VLAN_ID,
  VLAN_TAG,
  writeEthernet,
} from './ethernet.ts';
import { IPV4_HEADER, IPV4_OPTIONS, IPV6_HEADER, PROTO_TCP, writeIpv4, writeIpv6 } from './ip.ts';
import { gather, kindOf, payloadBytes } from './pieces.ts';
import { segmentCount, segmentFlags, segmentFrom, segmentLength } from './segment.ts';
import { routeWord, writeRoute } from './source-route.ts';
import { MAX_OPTION_BYTES, TS_BYTES, writeTimestamps } from './tcp-options.ts';

const TCP_HEADER = 20;
/** Room that the headers of any segment fit into, layer 2 included. */
export const MAX_HEADERS = ETHER_HEADER + VLAN_TAG + IPV4_HEADER + IPV4_OPTIONS + TCP_HEADER + MAX_OPTION_BYTES;

export class FrameEncoder {
  readonly #shared: SharedRegions;
  #mac: Uint8Array;
  readonly #onWire: boolean;
  readonly #vlan: number;
  /** By the number of the region. */
  readonly #lent: (Uint8Array | null)[] = [];

  /**
   * `onWire` false is for packets that never leave memory: their TCP checksum stays 0, and they need no next hop. `vlan` is
   * for hops that name none, and for raw frames without a tag.
   */
  constructor(shared: SharedRegions, mac: Uint8Array, onWire = true, vlan = 0) {
    this.#shared = shared;
    this.#mac = mac;
    this.#onWire = onWire;
    this.#vlan = vlan;
  }

  /** The link has another address, perhaps. */
  set mac(mac: Uint8Array) {
    this.#mac = mac;
  }

  /** See Link.lend. */
  lend(region: number, bytes: Uint8Array | null): void {
    this.#lent[region] = bytes;
  }

  /**
   * One frame with the whole payload, a super-segment uncut. Returns the bytes written at `o`; 0 when the descriptor names
   * a hop that is not there, -1 among them: then it is to be counted (txErrors) and nothing sent.
   */
  frame(desc: Int32Array, at: number, out: Uint8Array, o: number): number {
    const total = payloadBytes(desc, at);
    if (kindOf(desc, at) === KIND_RAW) {
      gather(desc, at, this.#shared.arena, 0, total, out, o);
      return this.#vlan === 0 ? total : insertTag(out, o, total, this.#vlan);
    }
    return this.#tcpFrame(desc, at, 0, total, desc[at + TX_FLAGS]!, out, o);
  }

  /** Segment `index` of segmentCount(desc, at) as a frame of its own. */
  segment(desc: Int32Array, at: number, index: number, out: Uint8Array, o: number): number {
    if (kindOf(desc, at) === KIND_RAW) return this.frame(desc, at, out, o);
    const flags = segmentFlags(desc[at + TX_FLAGS]!, index, segmentCount(desc, at));
    return this.#tcpFrame(desc, at, segmentFrom(desc, at, index), segmentLength(desc, at, index), flags, out, o);
  }

  #tcpFrame(
    desc: Int32Array,
    at: number,
    from: number,
    length: number,
    flags: number,
    out: Uint8Array,
    o: number,
  ): number {
    if (this.#onWire && !this.#hasHop(desc[at + TX_HOP]!)) return 0;
    const rows = this.#shared.rows;
    const row = desc[at + TX_ROW]! * ROW_WORDS;
    const mapped = isMapped(rows, row + ROW_LADDR);
    const l3 = o + this.#ethernet(desc[at + TX_HOP]!, mapped ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, out, o);
    const route = mapped ? routeWord(this.#shared.hops, desc[at + TX_HOP]!) : 0;
    if (route < 0) return 0;
    const options = route > 0 ? this.#shared.hops[route + ROUTE_LENGTH]! : 0;
    const l4 = l3 + (mapped ? IPV4_HEADER + options : IPV6_HEADER);
    const size = this.#tcpHeader(desc, at, row, from, flags, out, l4) + length;
    gather(desc, at, this.#shared.arena, from, length, out, l4 + size - length, this.#lent);
    const tos = desc[at + TX_IP]! & 0xff;
    const ttl = (desc[at + TX_IP]! >>> 8) & 0xff;
    if (mapped) {
      writeIpv4(
        out,
        l3,
        tos,
        IPV4_HEADER + options + size,
        ttl,
        PROTO_TCP,
        rows[row + ROW_LADDR + 3]!,
        rows[row + ROW_RADDR + 3]!,
      );
    } else {
      writeIpv6(out, l3, tos, size, ttl, PROTO_TCP, rows, row + ROW_LADDR, rows, row + ROW_RADDR);
    }
    if (this.#onWire) writeChecksum(out, l4 + 16, l4, size, pseudo(out, l3, PROTO_TCP, size)); // [MUST-2]
    if (route > 0) writeRoute(out, l3, this.#shared.hops, route); // the pseudo-header has the end of the route
    return l4 + size - o;
  }

  #hasHop(hop: number): boolean {
    return hop >= 0 && ((hop & 0xffff) + 1) * HOP_WORDS <= this.#shared.hops.length;
  }

  /** A hop of -1 (a link without neighbours) gives an all-zero destination. */
  #ethernet(hop: number, etherType: number, out: Uint8Array, o: number): number {
    const hops = this.#shared.hops;
    const entry = (hop & 0xffff) * HOP_WORDS;
    const hi = hop < 0 ? 0 : hops[entry + HOP_MAC_HI]!;
    const lo = hop < 0 ? 0 : hops[entry + HOP_MAC_LO]!;
    const tci = (lo & 0xffff) | ((lo & VLAN_ID) === 0 ? this.#vlan : 0);
    return writeEthernet(out, o, hi, lo >>> 16, this.#mac, etherType, tci);
  }

  /** Writes header and options with the checksum field 0. Returns their length. */
  #tcpHeader(
    desc: Int32Array,
    at: number,
    row: number,
    ahead: number,
    flags: number,
    out: Uint8Array,
    o: number,
  ): number {
    const opts = desc[at + TX_OPTS]!;
    const more = desc[at + TX_OPT_LEN]!;
    const header = TCP_HEADER + (opts & OPT_TS ? TS_BYTES : 0) + more;
    // The pointer counts from the segment's own sequence number: a segment behind the urgent data has none.
    const urgent = flags & URG ? Math.max(0, (opts >>> 16) - ahead) : 0;
    put32(out, o, this.#shared.rows[row + ROW_PORTS]!);
    put32(out, o + 4, desc[at + TX_SEQ]! + ahead);
    put32(out, o + 8, desc[at + TX_ACK]!);
    out[o + 12] = (header << 2) | ((flags >>> 8) & 15);
    out[o + 13] = urgent === 0 && ahead > 0 ? flags & ~URG : flags;
    put16(out, o + 14, flags >>> 16);
    put16(out, o + 16, 0);
    put16(out, o + 18, urgent);
    let end = o + TCP_HEADER;
    if (opts & OPT_TS) end += writeTimestamps(out, end, desc[at + TX_TSVAL]!, desc[at + TX_TSECR]!);
    const from = desc[at + TX_OPT_OFF]!;
    out.set(this.#shared.arena.subarray(from, from + more), end);
    return header;
  }
}

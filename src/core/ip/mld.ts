/**
 * Membership in multicast groups, as far as neighbour discovery needs it: reports for the solicited-node groups of our addresses,
 * so that switches which snoop pass their frames on (RFC 4861 §7.2.1, RFC 4862 §5.4.2). RFC 3810 version 2; a router that asks
 * in version 1 is answered in that (RFC 2710).
 */
import type { Link, Micros, Rng } from '../../ports.ts';
import {
  ADDRESS_WORDS,
  groupMacHi,
  groupMacLo,
  isLinkLocal,
  isMapped,
  isUnspecified,
  sameAddress,
  solicitedNode,
  writeIpv6Address,
} from '../../wire/address.ts';
import { get16, put16, put32 } from '../../wire/bytes.ts';
import { ETHERTYPE_IPV6 } from '../../wire/ethernet.ts';
import { IPV6_HEADER, PROTO_HOP_BY_HOP, PROTO_ICMP6 } from '../../wire/ip.ts';
import { readNdTarget } from '../../wire/nd.ts';
import { type Addresses, TENTATIVE } from './addresses.ts';
import type { Frames } from './frames.ts';
import type { Packet } from './packet.ts';

export const MLD_QUERY = 130;
const REPORT1 = 131;
const REPORT2 = 143;
/** RFC 3810 §5.2.12: types of a record. */
const IS_EXCLUDE = 2;
const TO_EXCLUDE = 4;
const QUERY1_BYTES = 24;
const RECORD = 20;
const HEADER = 8;
/** RFC 3810 §9: Robustness Variable, Unsolicited Report Interval. */
const ROBUSTNESS = 2;
const INTERVAL = 1_000_000;
/** Hop-by-hop options: Router Alert (RFC 2711) for MLD, PadN. */
const ROUTER_ALERT = 0x05020000;
const PADN = 0x0100;
const ALERT_BYTES = 8;
const ALL_REPORTS = Int32Array.of(0xff020000, 0, 0, 0x16);
const NOBODY = new Int32Array(ADDRESS_WORDS);
/** More groups than one frame reports are not ours to have. */
const MOST_GROUPS = 32;

/** What a link is owed. */
interface Due {
  at: Micros;
  left: number;
  record: number;
  version: 1 | 2;
}

export interface MldParts {
  readonly links: readonly Link[];
  readonly rng: Rng;
  readonly addresses: Addresses;
  readonly frames: Frames;
}

export class Mld {
  private readonly parts: MldParts;
  private readonly due = new Map<number, Due>();
  private readonly groups = new Int32Array(MOST_GROUPS * ADDRESS_WORDS);
  private readonly address = new Int32Array(ADDRESS_WORDS);
  private readonly asked = new Int32Array(ADDRESS_WORDS);
  private readonly source = new Int32Array(ADDRESS_WORDS);

  constructor(parts: MldParts) {
    this.parts = parts;
  }

  /** An address was added: its group is reported at once, and once more, for reports get lost (RFC 3810 §6.1). */
  join(link: number): void {
    this.due.set(link, { at: 0, left: ROBUSTNESS, record: TO_EXCLUDE, version: 2 });
  }

  /** RFC 3810 §5.1.14, §6.2: answered after a random part of the time that the router gives. */
  query(packet: Packet, now: Micros): void {
    const { memory: b, l4, end, link, src } = packet;
    if (packet.ttl !== 1 || !isLinkLocal(src) || end - l4 < QUERY1_BYTES) return;
    readNdTarget(b, l4, this.asked);
    const known = this.due.get(link);
    if ((known !== undefined && known.at !== Infinity) || !this.isAsked(link)) return;
    const version = end - l4 === QUERY1_BYTES ? 1 : 2;
    const within = delay(get16(b, l4 + 4)) * 1000;
    const at = now + ((this.parts.rng.u32() >>> 0) % (within + 1));
    this.due.set(link, { at, left: 1, record: IS_EXCLUDE, version });
  }

  /** Infinity = never. */
  next(): Micros {
    let next = Infinity;
    for (const { at } of this.due.values()) next = Math.min(next, at);
    return next;
  }

  run(now: Micros): void {
    for (const [link, due] of this.due) {
      if (due.at > now) continue;
      due.left--;
      due.at = due.left > 0 ? now + ((this.parts.rng.u32() >>> 0) % INTERVAL) : Infinity;
      if (due.version === 2) this.report(link, due.record);
      else this.reportEach(link);
    }
  }

  /** The query is for all groups, or for one of ours. */
  private isAsked(link: number): boolean {
    if (isUnspecified(this.asked)) return true;
    const count = this.collect(link);
    for (let n = 0; n < count; n++) {
      if (sameAddress(this.groups, n * ADDRESS_WORDS, this.asked, 0)) return true;
    }
    return false;
  }

  /** Fills in `groups` and `source`; the number of groups. RFC 3590: without a link-local address the source is nobody. */
  private collect(link: number): number {
    const { addresses } = this.parts;
    let count = 0;
    this.source.set(NOBODY);
    for (let n = 0; count < MOST_GROUPS; n++) {
      const on = addresses.entry(n, this.address);
      if (on < 0) break;
      if (on !== link || isMapped(this.address)) continue;
      if (isLinkLocal(this.address) && !(addresses.flagsOf(this.address) & TENTATIVE)) this.source.set(this.address);
      solicitedNode(this.address, 0, this.groups, ADDRESS_WORDS * count++);
    }
    return count;
  }

  private report(link: number, record: number): void {
    const count = this.collect(link);
    const o = count === 0 ? -1 : this.begin(link, ALL_REPORTS, HEADER + RECORD * count);
    if (o < 0) return;
    const b = this.parts.frames.arena;
    put32(b, o, REPORT2 << 24);
    put32(b, o + 4, count);
    for (let n = 0, at = o + HEADER; n < count; n++, at += RECORD) {
      put32(b, at, record << 24);
      writeIpv6Address(b, at + 4, this.groups, n * ADDRESS_WORDS);
    }
    this.parts.frames.sendIcmp6(ALERT_BYTES);
  }

  private reportEach(link: number): void {
    const count = this.collect(link);
    for (let n = 0; n < count; n++) {
      const group = this.groups.slice(n * ADDRESS_WORDS, (n + 1) * ADDRESS_WORDS);
      const o = this.begin(link, group, QUERY1_BYTES);
      if (o < 0) return;
      const b = this.parts.frames.arena;
      put32(b, o, REPORT1 << 24);
      put32(b, o + 4, 0);
      writeIpv6Address(b, o + 8, group, 0);
      this.parts.frames.sendIcmp6(ALERT_BYTES);
    }
  }

  /** Headers up to the ICMPv6 message of `bytes`; where that goes, or -1. */
  private begin(link: number, group: Int32Array, bytes: number): number {
    const { frames } = this.parts;
    const total = ALERT_BYTES + bytes;
    const to = frames.toMac(link, groupMacHi(group), groupMacLo(group), 0, ETHERTYPE_IPV6, IPV6_HEADER + total);
    if (to < 0) return -1;
    const o = frames.ip(this.source, group, PROTO_HOP_BY_HOP, total, 0, 1);
    put16(frames.arena, o, PROTO_ICMP6 << 8);
    put32(frames.arena, o + 2, ROUTER_ALERT);
    put16(frames.arena, o + 6, PADN);
    return o + ALERT_BYTES;
  }
}

/** Milliseconds of a Maximum Response Code (RFC 3810 §5.1.3). */
function delay(code: number): number {
  return code < 0x8000 ? code : ((code & 0xfff) | 0x1000) << (((code >>> 12) & 7) + 3);
}

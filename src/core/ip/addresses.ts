/**
 * The stack's own addresses. Few, so a list: words in the mapped form, length of the prefix (0..128, an IPv4 /24 is 120),
 * index of the link. Everything about who may talk to whom is asked here.
 */
import {
  ADDRESS_WORDS,
  broadcastOf,
  isBroadcast,
  isLimitedBroadcast,
  isLoopback,
  isMapped,
  isMulticast,
  isUnspecified,
  MAPPED_BITS,
  mapIpv4,
  sameAddress,
  solicitedNode,
} from '../../wire/address.ts';
import { type Candidate, isBetter, isBetter4 } from './sources.ts';

/** Words of one entry: address, prefix, link, flags. */
const STRIDE = 7;
const PREFIX = 4;
const LINK = 5;
const FLAGS = 6;

/** Not to be used yet: somebody else may have it (RFC 4862 §2). */
export const TENTATIVE = 1;
/** In use, but not for anything new (RFC 4862 §2). */
export const DEPRECATED = 2;

/** The kernel of the host, or one of several stacks that have the same address. */
export type Speaker = 'host' | 'stack' | 'us';

const LOOPBACK4 = 0x7f000001;

export class Addresses {
  private words = new Int32Array(8 * STRIDE);
  private count = 0;
  /** Index of the first 'loop' link, or -1: only with one are 127.0.0.0/8 and ::1 addresses of this stack. */
  private readonly loop: number;
  /** Who speaks for the addresses of a link, where we do not. */
  private readonly speakers = new Map<number, Speaker>();
  private readonly one: Candidate = { link: 0, prefix: 0, deprecated: false };
  private readonly other: Candidate = { link: 0, prefix: 0, deprecated: false };

  constructor(loop: number) {
    this.loop = loop;
  }

  /** Says whether the address was new. */
  add(address: Int32Array, prefix: number, link: number, flags = 0): boolean {
    if (this.findAny(address, 0) >= 0) return false;
    const at = this.count * STRIDE;
    if (at === this.words.length) {
      const bigger = new Int32Array(at * 2);
      bigger.set(this.words);
      this.words = bigger;
    }
    for (let i = 0; i < ADDRESS_WORDS; i++) this.words[at + i] = address[i]!;
    this.words[at + PREFIX] = prefix;
    this.words[at + LINK] = link;
    this.words[at + FLAGS] = flags;
    this.count++;
    return true;
  }

  /** Length of the prefix of the address that was removed, -1 when it was none of ours. */
  remove(address: Int32Array): number {
    const own = this.findAny(address, 0);
    if (own < 0) return -1;
    const prefix = this.words[own + PREFIX]!;
    this.words.copyWithin(own, own + STRIDE, this.count * STRIDE);
    this.count--;
    return prefix;
  }

  /** TENTATIVE, DEPRECATED; -1 when the address is none of ours. */
  flagsOf(address: Int32Array): number {
    const own = this.findAny(address, 0);
    return own < 0 ? -1 : this.words[own + FLAGS]!;
  }

  setFlags(address: Int32Array, flags: number): void {
    const own = this.findAny(address, 0);
    if (own >= 0) this.words[own + FLAGS] = flags;
  }

  isOurs(w: Int32Array, at: number): boolean {
    return this.find(w, at) >= 0 || (this.loop >= 0 && isLoopback(w, at));
  }

  /** Whether a packet that came in by this link is for us: loopback addresses never come by a wire (RFC 1122 §3.2.1.3). */
  isFor(link: number, w: Int32Array, at: number): boolean {
    return this.find(w, at) >= 0 || (link === this.loop && isLoopback(w, at));
  }

  /** Whether the address is ours and belongs to this link: what ARP and neighbour discovery answer for. */
  isOn(link: number, w: Int32Array, at: number): boolean {
    const own = this.find(w, at);
    return own >= 0 && this.words[own + LINK] === link;
  }

  /** Link of an address of ours, or -1. */
  linkOf(w: Int32Array): number {
    const own = this.find(w, 0);
    return own < 0 ? -1 : this.words[own + LINK]!;
  }

  /** The same, also of one that is not to be used yet. */
  homeOf(w: Int32Array): number {
    const own = this.findAny(w, 0);
    return own < 0 ? -1 : this.words[own + LINK]!;
  }

  /** Somebody else answers ARP, neighbour discovery and ping for the addresses of this link, we only use them. */
  leaveTo(speaker: Speaker, link: number): void {
    this.speakers.set(link, speaker);
  }

  /** Whether the addresses of this link are the host's as well. */
  isHosted(link: number): boolean {
    return this.speakers.get(link) === 'host';
  }

  /** Whether we speak for the addresses of this link: resolution, echo, errors. */
  speaksOn(link: number): boolean {
    return (this.speakers.get(link) ?? 'us') === 'us';
  }

  /** Limited broadcast, or broadcast of one of our networks: RFC 1122 §3.3.6. */
  isBroadcastFor(w: Int32Array, at: number): boolean {
    if (!isMapped(w, at)) return false;
    if (isLimitedBroadcast(w, at)) return true;
    for (let own = 0; own < this.count * STRIDE; own += STRIDE) {
      if (isMapped(this.words, own) && isBroadcast(w, at, this.words, own, this.words[own + PREFIX]!)) return true;
    }
    return false;
  }

  /** One host and no more: an address that packets may be sent to and answered. */
  isUnicast(w: Int32Array, at: number): boolean {
    return !isMulticast(w, at) && !isUnspecified(w, at) && !this.isBroadcastFor(w, at);
  }

  /**
   * Whether a packet with this source may come in by this link [MUST-63] (RFC 1122 §3.2.1.3). On a wire nobody but us is
   * a loopback address or one of our own; in the 'loop' link everybody is.
   */
  isValidSource(link: number, w: Int32Array, at: number): boolean {
    if (!this.isUnicast(w, at)) return false;
    return link === this.loop || (!isLoopback(w, at) && this.find(w, at) < 0);
  }

  /**
   * Chooses the source of packets that leave by `link` [MUST-44]: the destination itself if it is ours (RFC 6724 §5 rule 1), else
   * the best of the family. `hop`: the neighbour they are handed to. False when there is none.
   */
  sourceFor(link: number, dst: Int32Array, out: Int32Array, hop = dst): boolean {
    if (this.find(dst, 0) >= 0) return copy(dst, 0, out);
    if (this.loop >= 0 && isLoopback(dst)) {
      if (isMapped(dst)) mapIpv4(LOOPBACK4, out);
      else copy(dst, 0, out);
      return true;
    }
    const w = this.words;
    const four = isMapped(dst);
    let best = -1;
    for (let own = 0; own < this.count * STRIDE; own += STRIDE) {
      if (isMapped(w, own) !== four || w[own + FLAGS]! & TENTATIVE) continue;
      this.describe(own, this.one);
      if (best >= 0) this.describe(best, this.other);
      const wins =
        best < 0 ||
        (four
          ? isBetter4(w, own, this.one, best, this.other, hop, link)
          : isBetter(w, own, this.one, best, this.other, dst, link));
      if (wins) best = own;
    }
    return best >= 0 && copy(w, best, out);
  }

  private describe(own: number, out: Candidate): void {
    out.link = this.words[own + LINK]!;
    out.prefix = this.words[own + PREFIX]!;
    out.deprecated = (this.words[own + FLAGS]! & DEPRECATED) !== 0;
  }

  /**
   * The destination addresses a link is to accept. A wire gets its own addresses and, for IPv4, the broadcasts of their networks
   * (RFC 1122 §3.3.6), which are the host's affair where the addresses are; for IPv6, the groups that neighbour discovery needs:
   * all-nodes and the solicited-node groups (RFC 4291 §2.8). A loop gets every address and loopback.
   */
  listFor(link: number): Int32Array {
    const list: number[] = [];
    const group = new Int32Array(ADDRESS_WORDS);
    /** Of the networks; 0 stands for one without. */
    const broadcasts = new Set<number>();
    let six = false;
    for (let own = 0; own < this.count * STRIDE; own += STRIDE) {
      if (link !== this.loop && this.words[own + LINK] !== link) continue;
      list.push(...this.words.subarray(own, own + ADDRESS_WORDS));
      if (link === this.loop) continue;
      if (isMapped(this.words, own)) {
        broadcasts.add(broadcastOf(this.words, own, this.words[own + PREFIX]!));
        continue;
      }
      six = true;
      solicitedNode(this.words, own, group, 0);
      list.push(...group);
    }
    if (link === this.loop) list.push(0, 0, 0xffff, LOOPBACK4, 0, 0, 0, 1);
    if (six) list.push(0xff020000, 0, 0, 1);
    broadcasts.delete(0);
    if (!this.isHosted(link)) for (const last of broadcasts) list.push(0, 0, 0xffff, last);
    return Int32Array.from(list);
  }

  /** Copies own address number `n` to `out`; its link, or -1 behind the last. */
  entry(n: number, out: Int32Array): number {
    if (n >= this.count) return -1;
    copy(this.words, n * STRIDE, out);
    return this.words[n * STRIDE + LINK]!;
  }

  /** An IPv4 address of this link to ask neighbours with, preferring the network of `target`; 0 = none. */
  ipv4On(link: number, target: number): number {
    const w = this.words;
    let first = 0;
    for (let own = 0; own < this.count * STRIDE; own += STRIDE) {
      if (w[own + LINK] !== link || !isMapped(w, own) || w[own + FLAGS]! & TENTATIVE) continue;
      const prefix = w[own + PREFIX]! - MAPPED_BITS;
      if (prefix > 0 && (w[own + 3]! ^ target) >>> (32 - prefix) === 0) return w[own + 3]!;
      if (first === 0) first = w[own + 3]!;
    }
    return first;
  }

  /** First word of the entry of an address in use, or -1. */
  private find(a: Int32Array, at: number): number {
    const own = this.findAny(a, at);
    return own >= 0 && this.words[own + FLAGS]! & TENTATIVE ? -1 : own;
  }

  private findAny(a: Int32Array, at: number): number {
    for (let own = 0; own < this.count * STRIDE; own += STRIDE) {
      if (sameAddress(a, at, this.words, own)) return own;
    }
    return -1;
  }
}

function copy(from: Int32Array, at: number, out: Int32Array): true {
  for (let i = 0; i < ADDRESS_WORDS; i++) out[i] = from[at + i]!;
  return true;
}

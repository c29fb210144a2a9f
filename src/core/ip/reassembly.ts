/**
 * Fragments of IP datagrams until they are whole: RFC 791 §3.2, RFC 8200 §4.5, RFC 815 in place of whose list of holes a bit
 * per eight octets says what is there, as RFC 791 does. All of it in one region of fixed size: so many datagrams, so
 * many blocks of data, so much of both for one source. What overlaps is not believed (RFC 5722): the datagram is
 * dropped, and what still comes of it too.
 */
import { ADDRESS_WORDS, isMapped, sameAddress, samePrefix } from '../../wire/address.ts';
import { diff } from '../seq.ts';
import { anyMarked, anyMarkedFrom, COVERAGE_WORDS, isMarked, mark, UNIT } from './coverage.ts';
import type { Packet } from './packet.ts';

/** Datagrams held at a time, and by one source (an IPv4 address, an IPv6 /64). */
export const DATAGRAMS = 64;
const PER_SOURCE = 16;
/** What arrives in one Ethernet frame fits into one block. */
const BLOCK = 2048;
/** Of the blocks, the part that one source may fill. */
const SOURCE_SHARE = 4;
/** Headers of layer 2 and 3 of the first fragment; no more is kept. */
const HEAD = 256;
/** RFC 8200 §4.5; RFC 1122 §3.3.2 asks for one fixed value from 60 to 120 s. */
const TIMEOUT_MS = 60_000;
const LONGEST = 65_535;
const MOST_BLOCKS = 32;

/** Words of a slot. */
const STATE = 0;
const LINK = 1;
const ID = 2;
const PROTOCOL = 3;
const SRC = 4;
const DST = 8;
const DEADLINE = 12;
/** Bytes of the whole payload, -1 until the last fragment is there; bytes held. */
const TOTAL = 13;
const HELD = 14;
/** Bit n: a fragment with ECN codepoint n. */
const ECN = 15;
/** Of the first fragment: bytes of `heads`, where in them layer 3 begins, its payload; 0 bytes = not there yet. */
const HEAD_BYTES = 16;
const HEAD_L3 = 17;
const FIRST = 18;
/** Blocks in use; the numbers of the blocks by their place, plus one. */
const BLOCKS = 19;
const PLACE = 20;
const PRESENT = PLACE + MOST_BLOCKS;
const STARTS = PRESENT + COVERAGE_WORDS;
const SLOT_WORDS = STARTS + COVERAGE_WORDS;

const FREE = 0;
const OPEN = 1;
/** Dropped for an overlap; remembered until its time is up. */
const DEAD = 2;

/** What became of a fragment. */
export const TAKEN = -1;
/** It does not fit to the others: the datagram is dropped. */
export const CONTRADICTS = -2;
/** Too much is held. */
export const NO_MEMORY = -3;
/** RFC 8200 §4.5: not the last one, and no multiple of eight octets. */
export const ODD_LENGTH = -4;
/** RFC 8200 §4.5: ends behind the largest datagram. */
export const TOO_LONG = -5;
/** Nothing in it, known already, or of a datagram that was dropped. */
export const USELESS = -6;

/** Least and most sensible memory. */
export const LEAST_REASSEMBLY = 256 << 10;
export const DEFAULT_REASSEMBLY = 1 << 20;

export class Reassembly {
  /** Tick of the present. */
  tick = 0;
  private readonly words: Int32Array;
  private readonly heads: Uint8Array;
  private readonly data: Uint8Array;
  private readonly free: Int32Array;
  private freeCount: number;
  /** The earliest deadline, 0 = none. */
  private earliest = 0;

  constructor(region: ArrayBuffer) {
    const heads = DATAGRAMS * SLOT_WORDS * 4;
    const free = heads + DATAGRAMS * HEAD;
    this.freeCount = Math.floor((region.byteLength - free) / (BLOCK + 4));
    const data = free + this.freeCount * 4;
    this.words = new Int32Array(region, 0, DATAGRAMS * SLOT_WORDS);
    this.heads = new Uint8Array(region, heads, DATAGRAMS * HEAD);
    this.free = new Int32Array(region, free, this.freeCount);
    this.data = new Uint8Array(region, data);
    for (let n = 0; n < this.freeCount; n++) this.free[n] = n;
  }

  /**
   * Takes in a fragment whose payload starts `offset` bytes into the datagram's. Returns the slot of a datagram that is whole now,
   * or what became of the fragment.
   */
  take(packet: Packet, id: number, protocol: number, offset: number, more: boolean): number {
    const length = packet.end - packet.l4;
    const end = offset + length;
    if (length === 0) return USELESS;
    if (more && length % UNIT !== 0) return ODD_LENGTH;
    if (end + headerBytes(packet) > LONGEST) return TOO_LONG;
    let slot = this.find(packet, id, protocol);
    if (slot < 0) slot = this.open(packet, id, protocol);
    const w = this.words;
    const s = slot * SLOT_WORDS;
    if (w[s + STATE] === DEAD) return USELESS;
    const fits = this.judge(s, packet, offset, end, more);
    if (fits !== TAKEN) {
      if (fits === CONTRADICTS) this.kill(slot);
      return fits;
    }
    if (!this.store(slot, packet, offset, length)) {
      this.release(slot);
      return NO_MEMORY;
    }
    if (!more) w[s + TOTAL] = end;
    w[s + HELD]! += length;
    w[s + ECN]! |= 1 << (packet.tos & 3);
    return w[s + HELD] === w[s + TOTAL] && w[s + HEAD_BYTES] !== 0 ? slot : TAKEN;
  }

  /** Bytes of the first fragment's headers, of its payload, and of the datagram's; ECN codepoints seen, as bits. */
  headBytes(slot: number): number {
    return this.words[slot * SLOT_WORDS + HEAD_BYTES]!;
  }
  headL3(slot: number): number {
    return this.words[slot * SLOT_WORDS + HEAD_L3]!;
  }
  firstBytes(slot: number): number {
    return this.words[slot * SLOT_WORDS + FIRST]!;
  }
  totalBytes(slot: number): number {
    return this.words[slot * SLOT_WORDS + TOTAL]!;
  }
  ecn(slot: number): number {
    return this.words[slot * SLOT_WORDS + ECN]!;
  }
  linkOf(slot: number): number {
    return this.words[slot * SLOT_WORDS + LINK]!;
  }

  /** Copies the headers of the first fragment. */
  copyHead(slot: number, out: Uint8Array, at: number): void {
    const from = slot * HEAD;
    out.set(this.heads.subarray(from, from + this.headBytes(slot)), at);
  }

  /** Copies the first `length` bytes of payload. */
  copyData(slot: number, length: number, out: Uint8Array, at: number): void {
    const s = slot * SLOT_WORDS + PLACE;
    for (let place = 0, from = 0; from < length; place++, from += BLOCK) {
      const block = (this.words[s + place]! - 1) * BLOCK;
      out.set(this.data.subarray(block, block + Math.min(BLOCK, length - from)), at + from);
    }
  }

  /** Forgets a datagram. */
  release(slot: number): void {
    this.giveBlocks(slot);
    this.words[slot * SLOT_WORDS + STATE] = FREE;
  }

  /** A datagram whose time is up, -1 when there is none. The caller releases it. */
  due(): number {
    if (this.earliest === 0 || diff(this.earliest, this.tick) > 0) return -1;
    this.earliest = 0;
    for (let slot = 0; slot < DATAGRAMS; slot++) {
      const s = slot * SLOT_WORDS;
      if (this.words[s + STATE] === FREE) continue;
      const at = this.words[s + DEADLINE]!;
      if (this.earliest === 0 || diff(at, this.earliest) < 0) this.earliest = at;
      if (diff(at, this.tick) <= 0) return slot;
    }
    return -1;
  }

  /** Tick at which `due` is to be asked, 0 = never. */
  next(): number {
    return this.earliest;
  }

  private find(packet: Packet, id: number, protocol: number): number {
    const w = this.words;
    for (let slot = 0, s = 0; slot < DATAGRAMS; slot++, s += SLOT_WORDS) {
      if (
        w[s + STATE] !== FREE &&
        w[s + ID] === id &&
        w[s + PROTOCOL] === protocol &&
        w[s + LINK] === packet.link &&
        sameAddress(w, s + SRC, packet.src, 0) &&
        sameAddress(w, s + DST, packet.dst, 0)
      )
        return slot;
    }
    return -1;
  }

  /** A slot for a new datagram: a free one, else that of the oldest; a source that has its share gives up its own oldest. */
  private open(packet: Packet, id: number, protocol: number): number {
    const w = this.words;
    const own = this.oldestOf(packet.src, PER_SOURCE, Number.MAX_SAFE_INTEGER, -1);
    let slot = own >= 0 ? own : this.vacant();
    if (slot < 0) slot = this.oldest(-1);
    this.release(slot);
    const s = slot * SLOT_WORDS;
    w.fill(0, s, s + SLOT_WORDS);
    w[s + STATE] = OPEN;
    w[s + LINK] = packet.link;
    w[s + ID] = id;
    w[s + PROTOCOL] = protocol;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      w[s + SRC + i] = packet.src[i]!;
      w[s + DST + i] = packet.dst[i]!;
    }
    w[s + DEADLINE] = (this.tick + TIMEOUT_MS) | 0 || 1;
    w[s + TOTAL] = -1;
    if (this.earliest === 0) this.earliest = w[s + DEADLINE]!;
    return slot;
  }

  private vacant(): number {
    for (let slot = 0; slot < DATAGRAMS; slot++) if (this.words[slot * SLOT_WORDS] === FREE) return slot;
    return -1;
  }

  /** The datagram held longest, but for `except`. */
  private oldest(except: number): number {
    const w = this.words;
    let best = -1;
    for (let slot = 0; slot < DATAGRAMS; slot++) {
      if (slot === except || w[slot * SLOT_WORDS] === FREE) continue;
      if (best < 0 || diff(w[slot * SLOT_WORDS + DEADLINE]!, w[best * SLOT_WORDS + DEADLINE]!) < 0) best = slot;
    }
    return best;
  }

  /** The oldest datagram of a source (but for `except`) that holds so many datagrams, or so many blocks; -1 = it has less. */
  private oldestOf(src: Int32Array, datagrams: number, blocks: number, except: number): number {
    const w = this.words;
    const bits = isMapped(src) ? 128 : 64;
    let best = -1;
    let slots = 0;
    let held = 0;
    for (let slot = 0, s = 0; slot < DATAGRAMS; slot++, s += SLOT_WORDS) {
      if (w[s] === FREE || !samePrefix(w, s + SRC, src, 0, bits)) continue;
      slots++;
      held += w[s + BLOCKS]!;
      if (slot === except || (best >= 0 && diff(w[s + DEADLINE]!, w[best * SLOT_WORDS + DEADLINE]!) >= 0)) continue;
      best = slot;
    }
    return slots >= datagrams || held >= blocks ? best : -1;
  }

  /** Whether [offset, end) may be added. */
  private judge(s: number, packet: Packet, offset: number, end: number, more: boolean): number {
    const w = this.words;
    const total = w[s + TOTAL]!;
    const first = offset / UNIT;
    const last = (end + UNIT - 1) >>> 3;
    if (anyMarked(w, s + PRESENT, first, last)) {
      // RFC 8200 §4.5: an exact duplicate may be dropped alone.
      return this.isDuplicate(s, first, last, packet, offset) && (more ? end !== total : end === total)
        ? USELESS
        : CONTRADICTS;
    }
    if (total >= 0 && (!more || end > total)) return CONTRADICTS;
    return more || !anyMarkedFrom(w, s + PRESENT, last) ? TAKEN : CONTRADICTS;
  }

  /** One fragment held covers exactly these units, with the same bytes. */
  private isDuplicate(s: number, first: number, last: number, packet: Packet, offset: number): boolean {
    const w = this.words;
    if (!isMarked(w, s + STARTS, first) || anyMarked(w, s + STARTS, first + 1, last)) return false;
    for (let unit = first; unit < last; unit++) if (!isMarked(w, s + PRESENT, unit)) return false;
    if (isMarked(w, s + PRESENT, last) && !isMarked(w, s + STARTS, last)) return false;
    for (let o = offset, from = packet.l4; from < packet.end; o++, from++) {
      const block = (w[s + PLACE + (o >>> 11)]! - 1) * BLOCK;
      if (this.data[block + (o & (BLOCK - 1))] !== packet.memory[from]) return false;
    }
    return true;
  }

  private store(slot: number, packet: Packet, offset: number, length: number): boolean {
    const w = this.words;
    const s = slot * SLOT_WORDS;
    if (offset === 0) {
      const head = packet.l4 - packet.frame;
      if (head > HEAD) return false;
      this.heads.set(packet.memory.subarray(packet.frame, packet.l4), slot * HEAD);
      w[s + HEAD_BYTES] = head;
      w[s + HEAD_L3] = packet.l3 - packet.frame;
      w[s + FIRST] = length;
    }
    for (let o = offset, from = packet.l4; from < packet.end; ) {
      const place = s + PLACE + (o >>> 11);
      if (w[place] === 0 && !this.takeBlock(slot, place, packet)) return false;
      const into = o & (BLOCK - 1);
      const n = Math.min(BLOCK - into, packet.end - from);
      this.data.set(packet.memory.subarray(from, from + n), (w[place]! - 1) * BLOCK + into);
      o += n;
      from += n;
    }
    const last = (offset + length + UNIT - 1) >>> 3;
    for (let unit = offset / UNIT; unit < last; unit++) mark(w, s + PRESENT, unit);
    mark(w, s + STARTS, offset / UNIT);
    return true;
  }

  private takeBlock(slot: number, place: number, packet: Packet): boolean {
    const share = Math.max(MOST_BLOCKS, Math.floor(this.free.length / SOURCE_SHARE));
    let victim = this.oldestOf(packet.src, DATAGRAMS + 1, share, slot);
    if (victim < 0 && this.freeCount === 0) victim = this.oldest(slot);
    if (victim >= 0) this.release(victim);
    if (this.freeCount === 0) return false;
    this.words[place] = this.free[--this.freeCount]! + 1;
    this.words[slot * SLOT_WORDS + BLOCKS]!++;
    return true;
  }

  private kill(slot: number): void {
    this.giveBlocks(slot);
    this.words[slot * SLOT_WORDS + STATE] = DEAD;
    this.words[slot * SLOT_WORDS + HEAD_BYTES] = 0;
  }

  private giveBlocks(slot: number): void {
    const w = this.words;
    const s = slot * SLOT_WORDS;
    for (let place = s + PLACE; w[s + BLOCKS]! > 0; place++) {
      if (w[place] === 0) continue;
      this.free[this.freeCount++] = w[place]! - 1;
      w[place] = 0;
      w[s + BLOCKS]!--;
    }
  }
}

/** What the whole datagram's length field counts beside its payload. */
function headerBytes(packet: Packet): number {
  // IPv6 counts the extension headers in front of the fragment header, which itself goes (8 bytes).
  return packet.version === 4 ? packet.l4 - packet.l3 : packet.l4 - packet.l3 - 48;
}

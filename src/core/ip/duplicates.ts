/**
 * Whether an address of ours is somebody else's: RFC 5227 for IPv4, RFC 4862 §5.4 for IPv6. One record for each address:
 *
 *   WAITING ─≤ 1 s→ PROBING ─3 ARP probes, or 1 solicitation→ ANNOUNCING ─2 announcements→ SETTLED
 *
 * Who answers a probe, or probes for the same, has it: the address is given up. A settled IPv4 address is defended, but only
 * once in ten seconds. Until it is settled an address is in use or not as the stack was told (docs/adr).
 */
import type { Rng } from '../../ports.ts';
import { ADDRESS_WORDS, isMapped, sameAddress } from '../../wire/address.ts';
import { diff, since } from '../seq.ts';

/** RFC 5227 §1.1: PROBE_WAIT, PROBE_MIN and PROBE_MAX, PROBE_NUM, ANNOUNCE_WAIT, ANNOUNCE_NUM, ANNOUNCE_INTERVAL, DEFEND_INTERVAL. */
const WAIT_MS = 1000;
const PROBE_MIN_MS = 1000;
const PROBE_SPREAD_MS = 1000;
const PROBES4 = 3;
const ANNOUNCE_WAIT_MS = 2000;
const ANNOUNCEMENTS4 = 2;
const ANNOUNCE_MS = 2000;
const DEFEND_MS = 10_000;
/** While the address is in use already nobody waits for us: sooner is better, for neighbours that know an old MAC. */
const HASTY_MS = 200;
/** RFC 4862 §5.1: DupAddrDetectTransmits; RFC 4861 §10: RETRANS_TIMER. */
const PROBES6 = 1;
const PROBE6_MS = 1000;
const ANNOUNCEMENTS6 = 1;

/** Words of a record. */
const STRIDE = 12;
const PHASE = 4;
const LINK = 5;
const DEADLINE = 6;
/** Packets of this phase that were sent. */
const SENT = 7;
/** Tick of the last defence, 0 = none. */
const DEFENDED = 8;
/** 1: the pauses of RFC 5227, else short ones. */
const PATIENT = 9;

const WAITING = 1;
const PROBING = 2;
const ANNOUNCING = 3;
const SETTLED = 4;

/** Who sends, and who hears of it. */
export interface DuplicatesUp {
  probe(link: number, address: Int32Array): void;
  announceAddress(link: number, address: Int32Array): void;
  /** Nobody else has it: it may be used. */
  addressSettled(link: number, address: Int32Array): void;
  /** Somebody else has it: it must not be used any more. */
  addressTaken(link: number, address: Int32Array, macHi: number, macLo: number): void;
}

export class Duplicates {
  /** Tick of the present. */
  tick = 0;
  private words = new Int32Array(0);
  private readonly rng: Rng;
  private readonly up: DuplicatesUp;
  private readonly address = new Int32Array(ADDRESS_WORDS);

  constructor(rng: Rng, up: DuplicatesUp) {
    this.rng = rng;
    this.up = up;
  }

  /**
   * Begins to ask, or begins again. `patient`: at the pace of the RFCs, after the random wait that keeps many hosts from asking at
   * once.
   */
  begin(link: number, address: Int32Array, patient: boolean): void {
    const known = this.find(address);
    if (known >= 0 && this.words[known + PHASE] !== SETTLED) return;
    this.forget(address);
    const at = this.words.length;
    const words = new Int32Array(at + STRIDE);
    words.set(this.words);
    words.set(address.subarray(0, ADDRESS_WORDS), at);
    words[at + PHASE] = WAITING;
    words[at + LINK] = link;
    words[at + PATIENT] = patient ? 1 : 0;
    words[at + DEADLINE] = this.after(patient ? this.random(WAIT_MS) : 0);
    this.words = words;
  }

  /** The address is not ours any more. */
  forget(address: Int32Array): void {
    const at = this.find(address);
    if (at < 0) return;
    const words = new Int32Array(this.words.length - STRIDE);
    words.set(this.words.subarray(0, at));
    words.set(this.words.subarray(at + STRIDE), at);
    this.words = words;
  }

  /** Does what is due at `tick`. */
  run(): void {
    for (let at = 0; at < this.words.length; at += STRIDE) {
      const due = this.words[at + DEADLINE]!;
      if (due !== 0 && diff(due, this.tick) <= 0) this.step(at);
    }
  }

  /** Tick at which `run` is to be called, 0 = never. */
  next(): number {
    let next = 0;
    for (let at = 0; at < this.words.length; at += STRIDE) {
      const due = this.words[at + DEADLINE]!;
      if (due !== 0 && (next === 0 || diff(due, next) < 0)) next = due;
    }
    return next;
  }

  /** Whether the address is being asked for: then even a question of somebody else's means that he wants it. */
  isProbing(address: Int32Array): boolean {
    const at = this.find(address);
    return at >= 0 && this.words[at + PHASE]! <= PROBING;
  }

  /** Somebody else sent as one who has the address. */
  conflict(link: number, address: Int32Array, macHi: number, macLo: number): void {
    const at = this.find(address);
    if (at < 0 || this.words[at + LINK] !== link) return;
    const w = this.words;
    const defended = w[at + DEFENDED]!;
    // RFC 5227 §2.4 (b): once it is ours, one answer; a second conflict within ten seconds decides against us. What IPv6
    // has settled stays (RFC 4862 §5.4 knows no later conflict), and the neighbours are told again.
    const settled = w[at + PHASE]! >= ANNOUNCING;
    if (settled && (defended === 0 || since(this.tick, defended) >= DEFEND_MS)) {
      w[at + DEFENDED] = this.tick || 1;
      this.up.announceAddress(link, this.copy(at));
      return;
    }
    if (settled && !isMapped(address)) return;
    this.copy(at);
    this.forget(this.address);
    this.up.addressTaken(link, this.address, macHi, macLo);
  }

  private step(at: number): void {
    const w = this.words;
    const four = isMapped(w, at);
    const link = w[at + LINK]!;
    if (w[at + PHASE] === WAITING) {
      w[at + PHASE] = PROBING;
      w[at + SENT] = 0;
    }
    if (w[at + PHASE] === PROBING && w[at + SENT]! < (four ? PROBES4 : PROBES6)) {
      const last = ++w[at + SENT]! === (four ? PROBES4 : PROBES6);
      const pause = !four ? PROBE6_MS : last ? ANNOUNCE_WAIT_MS : PROBE_MIN_MS + this.random(PROBE_SPREAD_MS);
      w[at + DEADLINE] = this.after(four && !w[at + PATIENT] ? HASTY_MS : pause);
      this.up.probe(link, this.copy(at));
      return;
    }
    const settled = w[at + PHASE] === PROBING;
    if (settled) {
      w[at + PHASE] = ANNOUNCING;
      w[at + SENT] = 0;
    }
    const done = ++w[at + SENT]! >= (four ? ANNOUNCEMENTS4 : ANNOUNCEMENTS6);
    if (done) w[at + PHASE] = SETTLED;
    w[at + DEADLINE] = done ? 0 : this.after(ANNOUNCE_MS);
    this.copy(at);
    if (settled) this.up.addressSettled(link, this.address);
    this.up.announceAddress(link, this.address);
  }

  private after(ms: number): number {
    return (this.tick + ms) | 0 || 1;
  }

  private random(ms: number): number {
    return (this.rng.u32() >>> 0) % (ms + 1);
  }

  private copy(at: number): Int32Array {
    for (let i = 0; i < ADDRESS_WORDS; i++) this.address[i] = this.words[at + i]!;
    return this.address;
  }

  private find(address: Int32Array): number {
    for (let at = 0; at < this.words.length; at += STRIDE) {
      if (sameAddress(this.words, at, address, 0)) return at;
    }
    return -1;
  }
}

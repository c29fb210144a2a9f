/**
 * What makes two states of the model the same. Sequence numbers count from ISS and IRS, timers by their order, lists by what
 * they hold; round-trip times and counters do not count. Two states that differ only in these are explored once: each one is
 * still run as it is, so this can only hide behaviour, never invent any.
 */
import { ROW_WORDS } from '../../src/wire/abi.ts';
import type { Host, Inside } from './host.ts';
import { deadline, flightParts, flightWord, type Part, parts, TIMER_WORDS, word } from './layout.ts';

const ISS = word('iss');
const IRS = word('irs');
const STATE = word('state');
const FLIGHT = word('flight');
const BACKLOG = word('backlog');
const RTX = flightWord('rtxHead');
const OOO = flightWord('oooHead');
const CLOSED = 1;
const LISTEN = 2;
const FIRST_ROW = 64;

export class Fingerprint {
  #a = 0;
  #b = 0;

  begin(): void {
    this.#a = 0x2545f491;
    this.#b = 0x9e3779b1 | 0;
  }

  add(value: number): void {
    let a = Math.imul(this.#a ^ value, 0x85ebca6b);
    a ^= a >>> 13;
    let b = Math.imul(this.#b + value, 0xc2b2ae35) ^ (this.#b >>> 15);
    b = (b << 7) | (b >>> 25);
    this.#a = a;
    this.#b = (b ^ a) | 0;
  }

  /** 53 bits. */
  end(): number {
    return (this.#a >>> 0) * 0x20_0000 + (this.#b >>> 11);
  }

  host(host: Host): void {
    const { inside, state } = host;
    const { words, top } = inside.rows;
    for (let row = FIRST_ROW; row < top; row++) {
      const base = row * ROW_WORDS;
      const now = words[base + STATE]!;
      this.add(now);
      if (now <= CLOSED) continue;
      if (now === LISTEN) {
        this.add(words[base + BACKLOG]!);
        continue;
      }
      this.#row(inside, base);
      const block = words[base + FLIGHT]!;
      this.add(block === 0 ? 0 : 1);
      // Which end a number belongs to does not matter: both beginnings are the same in every history.
      const { words: flights } = inside.flights;
      if (block !== 0) for (const part of flightParts) this.#part(flights, block, part, inside.tick);
      this.#list(inside, flights[block + RTX]!, words[base + ISS]!);
      this.#list(inside, flights[block + OOO]!, words[base + IRS]!);
    }
    const ghost = host.ghost();
    this.add(ghost === undefined ? 0 : words[ghost.at + STATE]!);
    if (ghost !== undefined) this.#row(inside, ghost.at);
    this.add(state.at);
    this.add(state.listener + (state.late ? 1000 : 0));
    for (const c of state.conns) {
      this.add(c.row);
      this.add(c.sent.length);
      this.add(c.got.length);
      for (const byte of c.got) this.add(byte);
      this.add(c.unread);
      const bits = [c.opened, c.closed, c.gaveUp, c.ended, c.allAcked].reduce((sum, bit) => sum * 2 + Number(bit), 0);
      this.add(bits);
      this.add(c.over ?? 99);
    }
  }

  #row(inside: Inside, base: number): void {
    for (const part of parts) this.#part(inside.rows.words, base, part, inside.tick);
    for (let n = 0; n < TIMER_WORDS; n++) this.add(rank(inside, base, n));
  }

  #part(words: Int32Array, base: number, part: Part, tick: number): void {
    const from = base + part.offset;
    for (let n = 0; n < part.words; n++) {
      const value = words[from + n]!;
      if (part.kind === 'raw') this.add(value);
      else if (part.kind === 'own') this.add(value - words[base + ISS]!);
      else if (part.kind === 'peer') this.add(value - words[base + IRS]!);
      else this.add(value === 0 ? 0 : tick - value < 500 ? 1 : 2);
    }
  }

  #list(inside: Inside, head: number, from: number): void {
    const { records } = inside;
    for (let rec = head; rec >= 0; rec = records.next(rec)) {
      this.add(records.seq(rec) - from);
      this.add(records.len(rec));
      this.add(records.flags(rec));
    }
    this.add(-1);
  }
}

/** 0 = off, else 1 + the number of timers that are due before this one. */
function rank({ rows, flights }: Inside, base: number, timer: number): number {
  const at = deadline(rows.words, flights.words, base, timer);
  if (at === 0) return 0;
  let before = 1;
  for (let n = 0; n < TIMER_WORDS; n++) {
    const other = deadline(rows.words, flights.words, base, n);
    if (other !== 0 && other - at < 0) before++;
  }
  return before;
}

/**
 * How many bytes of the arena connections hold: text to send and text out of order, together, by listener and by the peer's
 * prefix, and what each may have. Chunks are charged where they are taken and where they are given back, so a segment
 * costs a few additions at most and the sums are exact at any moment.
 */
import type { Rng } from '../ports.ts';
import { ROW_RADDR, ROW_WORDS } from '../wire/abi.ts';
import { isMapped } from '../wire/address.ts';
import { sipHash24, sipKey } from './siphash.ts';
import { LISTEN } from './tcp/figure5.ts';
import { LISTENER, STATE } from './tcp/tcb.ts';

/** Bytes; Infinity = no limit. */
export interface BudgetLimits {
  readonly total: number;
  /** What the connections of one LISTEN hold together. */
  readonly perListener: number;
  /** What the connections of one peer hold together; a peer is a prefix of that many bits. */
  readonly perPrefix: number;
  readonly ipv4Prefix: number;
  readonly ipv6Prefix: number;
}

/** A home has one IPv4 address, and as many of a /64 as it likes. */
export const NO_LIMITS: BudgetLimits = {
  total: Infinity,
  perListener: Infinity,
  perPrefix: Infinity,
  ipv4Prefix: 32,
  ipv6Prefix: 64,
};

/** Whose limit it is. */
export const ALL = 0;
export const PEER = 1;
export const LISTENERS = 2;

/** Of each row: bytes held, tick at which some were last given back, account of the peer, account of the listener. */
const WORDS = 4;
/** Of each account: bytes, rows that hold some, rows that refer to it, next of its bucket (or free), the masked prefix. */
const ACCOUNT_WORDS = 8;
const PREFIX = 4;
/** What is left above these shares is for what matters more: first windows stop growing, then out-of-order text is refused. */
const SHARE_TIGHT = 3 / 4;
const SHARE_OUT_OF_ORDER = 7 / 8;

export class Budget {
  readonly limits: BudgetLimits;
  /** Bytes of chunks with text to send, and with text out of order. */
  send = 0;
  outOfOrder = 0;
  /** Prefixes that hold something. */
  peers = 0;
  /** The row that was refused room and that others may have to make some for; -1 = none. */
  refused = -1;
  private readonly rows: Int32Array;
  private readonly words: Int32Array;
  private readonly accounts: Int32Array;
  private readonly buckets: Int32Array;
  private readonly key: Int32Array;
  private readonly prefix = new Int32Array(4);
  private readonly hash = new Int32Array(2);
  private free = 0;
  /** Accounts from here on were never used. Account 0 means "none yet". */
  private top = 1;

  constructor(region: ArrayBuffer, rows: Int32Array, limits: BudgetLimits, rng: Rng) {
    const count = rows.length / ROW_WORDS;
    this.rows = rows;
    this.limits = limits;
    this.key = sipKey(rng);
    this.words = new Int32Array(region, 0, count * WORDS);
    this.accounts = new Int32Array(region, count * WORDS * 4, (2 * count + 1) * ACCOUNT_WORDS);
    this.buckets = new Int32Array(region, (count * WORDS + this.accounts.length) * 4, bucketsFor(count));
  }

  /** Bytes to reserve for so many rows: one account for each prefix and for each listener there can be. */
  static bytes(rows: number): number {
    return (rows * WORDS + (2 * rows + 1) * ACCOUNT_WORDS + bucketsFor(rows)) * 4;
  }

  /** Bytes that connections hold. */
  get held(): number {
    return this.send + this.outOfOrder;
  }

  heldBy(row: number): number {
    return this.words[row * WORDS]!;
  }

  /** Tick at which the row last gave something back, or began to hold. */
  movedAt(row: number): number {
    return this.words[row * WORDS + 1]!;
  }

  /** Bytes the row may still take: the least that any of its limits leaves. */
  room(row: number): number {
    return this.least(row, 1);
  }

  roomOutOfOrder(row: number): number {
    return this.least(row, SHARE_OUT_OF_ORDER);
  }

  /** Buffers stop growing. */
  isTight(row: number): boolean {
    return this.least(row, SHARE_TIGHT) <= 0;
  }

  private least(row: number, share: number): number {
    const { total, perPrefix, perListener } = this.limits;
    let room = total * share - this.held;
    if (perPrefix !== Infinity) room = Math.min(room, perPrefix * share - this.heldByPeer(row));
    if (perListener !== Infinity) room = Math.min(room, perListener * share - this.heldByListener(row));
    return room;
  }

  /** The row found no room. Of several, the one who holds least is helped first. */
  refuse(row: number): void {
    if (this.refused < 0 || this.heldBy(row) < this.heldBy(this.refused)) this.refused = row;
  }

  /** Of the limits the row is under, the one that leaves the least. */
  scarcest(row: number): number {
    const { total, perPrefix, perListener } = this.limits;
    const all = total - this.held;
    const peer = perPrefix - this.heldByPeer(row);
    const listener = perListener - this.heldByListener(row);
    if (all <= peer && all <= listener) return ALL;
    return peer <= listener ? PEER : LISTENERS;
  }

  /** What the prefix of the row's peer holds. */
  heldByPeer(row: number): number {
    return this.heldOn(this.peerOf(row));
  }

  /** What the connections of the row's LISTEN hold. */
  heldByListener(row: number): number {
    return this.heldOn(this.listenerOf(row));
  }

  /** Bytes on an account; none is 0. */
  heldOn(account: number): number {
    return account === 0 ? 0 : this.accounts[account * ACCOUNT_WORDS]!;
  }

  /** Rows of the account that hold something. */
  holders(account: number): number {
    return this.accounts[account * ACCOUNT_WORDS + 1]!;
  }

  /** The account of the row's peer; looked up before the row holds anything, so that its first byte counts too. */
  peerOf(row: number): number {
    return this.words[row * WORDS + 2]! || this.find(row);
  }

  listenerOf(row: number): number {
    const own = this.words[row * WORDS + 3]!;
    if (own !== 0) return own;
    const listener = this.rows[row * ROW_WORDS + LISTENER]!;
    if (listener < 0 || this.rows[listener * ROW_WORDS + STATE] !== LISTEN) return 0;
    return this.words[listener * WORDS + 3]!;
  }

  take(row: number, bytes: number, tick: number): void {
    const at = row * WORDS;
    if (this.words[at + 2] === 0) this.join(row);
    const first = this.words[at] === 0;
    if (first) this.words[at + 1] = tick;
    this.words[at]! += bytes;
    const peer = this.words[at + 2]!;
    if (this.accounts[peer * ACCOUNT_WORDS] === 0) this.peers++;
    this.add(peer, bytes, first ? 1 : 0);
    const listener = this.words[at + 3]!;
    if (listener !== 0) this.add(listener, bytes, first ? 1 : 0);
  }

  give(row: number, bytes: number, tick: number): void {
    const at = row * WORDS;
    this.words[at]! -= bytes;
    this.words[at + 1] = tick;
    const last = this.words[at] === 0 ? -1 : 0;
    const peer = this.words[at + 2]!;
    this.add(peer, -bytes, last);
    if (this.accounts[peer * ACCOUNT_WORDS] === 0) this.peers--;
    const listener = this.words[at + 3]!;
    if (listener !== 0) this.add(listener, -bytes, last);
  }

  private add(account: number, bytes: number, rows: number): void {
    this.accounts[account * ACCOUNT_WORDS]! += bytes;
    this.accounts[account * ACCOUNT_WORDS + 1]! += rows;
  }

  /** The row is no more. It holds nothing. */
  leave(row: number): void {
    const at = row * WORDS;
    if (this.words[at] !== 0) throw new Error(`invariant: row ${row} ends and holds ${this.words[at]} bytes`);
    if (this.refused === row) this.refused = -1;
    this.unref(this.words[at + 2]!, true);
    this.unref(this.words[at + 3]!, false);
    this.words[at + 2] = this.words[at + 3] = 0;
  }

  // ---- accounts -----------------------------------------------------------------------------------------------------

  private join(row: number): void {
    const at = row * WORDS;
    this.words[at + 2] = this.find(row) || this.openPrefix();
    this.accounts[this.words[at + 2]! * ACCOUNT_WORDS + 2]!++;
    this.unref(this.words[at + 3]!, false); // a LISTEN that turned active
    this.words[at + 3] = this.listenerAccount(row);
    if (this.words[at + 3] !== 0) this.accounts[this.words[at + 3]! * ACCOUNT_WORDS + 2]!++;
  }

  /** A LISTEN has its account from the first child on that holds something; it outlives the LISTEN in its children. */
  private listenerAccount(row: number): number {
    const listener = this.rows[row * ROW_WORDS + LISTENER]!;
    if (listener < 0 || this.rows[listener * ROW_WORDS + STATE] !== LISTEN) return 0;
    const at = listener * WORDS + 3;
    if (this.words[at] === 0) {
      this.words[at] = this.open();
      this.accounts[this.words[at]! * ACCOUNT_WORDS + 2] = 1;
    }
    return this.words[at]!;
  }

  private open(): number {
    let account = this.free;
    if (account !== 0) this.free = this.accounts[account * ACCOUNT_WORDS + 3]!;
    else account = this.top++;
    this.accounts.fill(0, account * ACCOUNT_WORDS, (account + 1) * ACCOUNT_WORDS);
    return account;
  }

  /** Puts `prefix` into its bucket. */
  private openPrefix(): number {
    const account = this.open();
    const bucket = this.bucket(this.prefix, 0);
    const at = account * ACCOUNT_WORDS;
    this.accounts.set(this.prefix, at + PREFIX);
    this.accounts[at + 3] = this.buckets[bucket]!;
    this.buckets[bucket] = account;
    return account;
  }

  private unref(account: number, isPrefix: boolean): void {
    if (account === 0) return;
    const at = account * ACCOUNT_WORDS;
    if (--this.accounts[at + 2]! > 0) return;
    if (isPrefix) this.unlink(account);
    this.accounts[at + 3] = this.free;
    this.free = account;
  }

  private unlink(account: number): void {
    const { accounts, buckets } = this;
    const next = accounts[account * ACCOUNT_WORDS + 3]!;
    const bucket = this.bucket(accounts, account * ACCOUNT_WORDS + PREFIX);
    let at = buckets[bucket]!;
    if (at === account) {
      buckets[bucket] = next;
      return;
    }
    while (accounts[at * ACCOUNT_WORDS + 3] !== account) at = accounts[at * ACCOUNT_WORDS + 3]!;
    accounts[at * ACCOUNT_WORDS + 3] = next;
  }

  /** The account of the prefix that the row's peer is in, or 0; leaves the prefix in `prefix`. */
  private find(row: number): number {
    this.mask(row);
    const { accounts, prefix } = this;
    let account = this.buckets[this.bucket(prefix, 0)]!;
    while (account !== 0) {
      const at = account * ACCOUNT_WORDS + PREFIX;
      if (
        accounts[at] === prefix[0] &&
        accounts[at + 1] === prefix[1] &&
        accounts[at + 2] === prefix[2] &&
        accounts[at + 3] === prefix[3]
      )
        return account;
      account = accounts[at - 1]!;
    }
    return 0;
  }

  private mask(row: number): void {
    const at = row * ROW_WORDS + ROW_RADDR;
    const { ipv4Prefix, ipv6Prefix } = this.limits;
    let bits = isMapped(this.rows, at) ? 96 + ipv4Prefix : ipv6Prefix;
    for (let n = 0; n < 4; n++, bits -= 32) {
      const word = this.rows[at + n]!;
      this.prefix[n] = bits >= 32 ? word : bits <= 0 ? 0 : word & (-1 << (32 - bits));
    }
  }

  /** Keyed: peers choose their addresses. */
  private bucket(words: Int32Array, at: number): number {
    sipHash24(this.key, words, at, 4, this.hash);
    return this.hash[0]! & (this.buckets.length - 1);
  }
}

function bucketsFor(rows: number): number {
  let buckets = 64;
  while (buckets < rows) buckets *= 2;
  return buckets;
}

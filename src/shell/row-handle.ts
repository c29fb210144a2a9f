/** What may be asked and set of one row of the core, as long as it is ours. */
import { type InspectOptions, inspect } from 'node:util';
import { OK, REGION_ARENA } from '../core/events.ts';
import type { TcpInfo } from '../core/tcp/info.ts';
import { CONNECTING } from './conn-flags.ts';
import { type Endpoint, NOWHERE } from './endpoint.ts';
import type { Engine } from './engine.ts';
import type { Ahead } from './laden.ts';
import { octets } from './options/calls.ts';
import { checkFlag } from './options/check.ts';
import { type CongestionChoice, checkCongestion } from './options/congestion.ts';
import { checkLinger, type LiveOptions, setLive } from './options/live.ts';
import { checkKeepAlive, checkSetting, checkUrgent } from './options/tcp.ts';
import { place, shown } from './shown.ts';

/** ms [MUST-28]. */
const KEEP_ALIVE_IDLE = 7_200_000;
/** The address asked about. */
const PEER = new Int32Array(4);

export abstract class RowHandle {
  /** @internal Row of the core; once it is gone -1, but ~row while `close` is told: its identity words are there until the end of the turn. */
  row: number;
  /** @internal */
  readonly gen: number;
  /** @internal */
  protected readonly engine: Engine;
  #local: Endpoint | undefined;
  #remote: Endpoint | undefined;

  constructor(engine: Engine, row: number, gen: number, remote?: Endpoint) {
    this.engine = engine;
    this.row = row;
    this.gen = gen;
    this.#remote = remote;
  }

  /** Name of the RFC 9293 state, such as ESTABLISHED. */
  get state(): string {
    return this.row < 0 ? 'CLOSED' : this.engine.stateName(this.row, this.gen);
  }

  /** Our address. */
  get localAddress(): string {
    return this.localEnd.address;
  }
  /** Our port. */
  get localPort(): number {
    return this.localEnd.port;
  }
  /** Its family. */
  get localFamily(): 'IPv4' | 'IPv6' {
    return this.localEnd.family;
  }
  /** The peer's address. */
  get remoteAddress(): string {
    return this.remoteEnd.address;
  }
  /** The peer's port. */
  get remotePort(): number {
    return this.remoteEnd.port;
  }
  /** Its family. */
  get remoteFamily(): 'IPv4' | 'IPv6' {
    return this.remoteEnd.family;
  }

  /** Our address and port; kept once asked for, empty when first asked for after `close` has returned. */
  get localEnd(): Endpoint {
    this.#local ??= this.#end(0);
    return this.#local ?? NOWHERE;
  }

  /** The peer's. */
  get remoteEnd(): Endpoint {
    this.#remote ??= this.#end(1);
    return this.#remote ?? NOWHERE;
  }

  #end(which: 0 | 1): Endpoint | undefined {
    const row = this.row < -1 ? ~this.row : this.row;
    return row < 0 ? undefined : this.engine.endpoint(row, which);
  }

  /** @internal The row is another's soon, and `close` is to be told later. */
  protected leaveRow(): void {
    this.#local ??= this.#end(0);
    this.#remote ??= this.#end(1);
    this.row = -1;
  }

  /** @internal The peer is this stack. */
  get staysHere(): boolean {
    if (this.row < 0) return false;
    this.engine.core.endpoint(this.row, 1, PEER);
    return this.engine.core.ip.isOurs(PEER, 0);
  }

  /** @internal Calls `act` behind who is told of what goes out in this turn, where that stays in this stack. */
  behind(act: () => void): void {
    this.engine.driver.behind(act);
  }

  /** Written and not yet taken by the core. */
  abstract get pendingBytes(): number;

  /** @internal */
  abstract has(flags: number): boolean;

  /** Whether bytes may go to the core at once; throws after `end()`. */
  protected abstract mayOffer(): boolean;

  /**
   * As `write`, but without a copy: the bytes must stay as they are, in place, until the peer has acknowledged them.
   * Returns how many were taken; the rest is for after `drain`.
   */
  lend(bytes: Uint8Array): number {
    return this.#offer('callLend', bytes);
  }

  /** Sends bytes the last of which is urgent [MUST-30], for protocols older than the advice not to [SHLD-13]; returns as `lend`. */
  sendUrgent(bytes: Uint8Array): number {
    return this.#offer('callSendUrgent', bytes);
  }

  #offer(call: 'callLend' | 'callSendUrgent', bytes: Uint8Array): number {
    octets(bytes, false);
    const { unread, driver, core } = this.engine;
    let taken = unread.refused(this, bytes.length);
    if (this.mayOffer()) {
      driver.touch();
      taken = core[call](this.row, bytes, 0, bytes.length, driver.now());
    }
    // Before `open` the core was not asked, and `drain` follows only what write() left over.
    if (!this.has(CONNECTING)) unread.offered(this, taken, bytes.length);
    return Math.max(0, taken);
  }

  /** Resolves when the peer's TCP has acknowledged everything written so far; rejects when the connection ends before that. */
  acknowledged(): Promise<void> {
    return this.engine.acks.of(this);
  }

  /** @internal From now on `state` handlers are told. */
  wantStates(): void {
    this.engine.witness.wantStates();
  }

  /** Snapshot of the TCB for people; null once the connection is gone. */
  info(): TcpInfo | null {
    return this.row < 0 ? null : this.engine.core.info(this.row, this.engine.driver.now());
  }

  /** @internal What console.log shows of it; once it is gone, what is still known. */
  facts(): object {
    const { bytesIn, bytesOut } = this.info() ?? {};
    const ends = { local: place(this.localEnd), remote: place(this.remoteEnd) };
    return { state: this.state, ...ends, bytesIn, bytesOut, unsent: this.pendingBytes };
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return shown('Conn', this.facts(), depth, options);
  }

  /** @internal Received bytes where they lie: lent. */
  protected view(region: number, offset: number, length: number): Buffer {
    const memory = region === REGION_ARENA ? this.engine.core.arena : this.engine.links[region]!.rxMemory;
    return Buffer.from(memory.buffer, memory.byteOffset + offset, length);
  }

  /** @internal SEND: what the core took of `bytes`, or its error. */
  protected hand(bytes: Uint8Array): number {
    this.engine.driver.touch();
    return this.engine.core.callSend(this.row, bytes, 0, bytes.length, this.engine.driver.now());
  }

  /** @internal A copy of borrowed bytes that the caller may keep. */
  keep(bytes: Uint8Array): Buffer {
    return this.engine.slab.keep(bytes);
  }

  /** @internal Its owner reads ahead: that is the application's, and counts as such. */
  readBy(ahead: Ahead): void {
    this.engine.laden.reads(this, ahead);
  }

  /** @internal Nobody else sees these any more, each the whole of its ArrayBuffer: their memory is free at once. */
  discard(chunks: readonly Uint8Array[]): void {
    this.engine.slab.source?.release(chunks);
  }

  /** @internal See `Lender` in burst.ts. */
  isPassing(bytes: Uint8Array): boolean {
    return bytes.buffer === this.engine.core.arena.buffer;
  }
  /** @internal */
  whenOver(over: () => void): void {
    this.engine.loans.add(over);
  }
  /** @internal */
  get moment(): number {
    return this.engine.driver.moment;
  }

  /** Any of these, at any time; see LiveOptions. A wrong value throws OptionError, and none of them is set. */
  set(options: LiveOptions): this {
    setLive(this, options);
    return this;
  }

  /** @internal See tcp/tuning.ts; false = the connection is over. */
  tune(what: number, value: number): boolean {
    const done = this.row >= 0 && this.engine.core.callTune(this.row, what, value, this.engine.driver.now()) === OK;
    this.engine.driver.touch();
    return done;
  }

  /** See LiveOptions. */
  setLinger(ms: number | null): this {
    checkLinger(ms);
    this.engine.lingering.set(this, ms);
    return this;
  }

  abstract setMaxBuffered(bytes: number): this;

  /** true = small writes leave at once (Nagle off). */
  setNoDelay(on = true): this {
    checkFlag('noDelay', on, true);
    if (this.row >= 0) this.engine.core.callSetNoDelay(this.row, on);
    this.engine.driver.touch();
    return this;
  }

  /** Times in ms, idle 0 = two hours; RFC 9293 §3.8.4. `count` unanswered probes end the connection with ETIMEDOUT. */
  setKeepAlive(on: boolean, idle = KEEP_ALIVE_IDLE, interval = 75_000, count = 9): this {
    if (checkFlag('keepAlive', on, true)) checkKeepAlive(idle, interval, count);
    if (this.row >= 0) {
      const now = this.engine.driver.now();
      this.engine.core.callSetKeepAlive(this.row, on, idle || KEEP_ALIVE_IDLE, interval, count, now);
    }
    this.engine.driver.touch();
    return this;
  }

  /** ms that data may stay unacknowledged before the connection fails with ETIMEDOUT (RFC 5482); 0 = by retries. */
  setUserTimeout(ms: number): this {
    checkSetting('userTimeout', ms);
    if (this.row >= 0) this.engine.core.callSetUserTimeout(this.row, ms);
    return this;
  }

  /** Bytes that may wait for the reader: from now on fixed. The window shrinks as text comes in, never below what was offered. */
  setReceiveBuffer(bytes: number): this {
    return this.#setBuffer('receive', 'receiveBuffer', bytes);
  }

  /** Bytes that the stack takes before `write` returns false: from now on fixed. */
  setSendBuffer(bytes: number): this {
    return this.#setBuffer('send', 'sendBuffer', bytes);
  }

  #setBuffer(which: 'send' | 'receive', name: 'sendBuffer' | 'receiveBuffer', bytes: number): this {
    checkSetting(name, bytes);
    if (this.row >= 0) this.engine.core.callSetBuffer(this.row, which, bytes);
    this.engine.driver.touch();
    return this;
  }

  /** Throws away what was taken and not sent yet, from behind urgent data on (RFC 9293 §3.9.1.7 [MAY-14]); returns how many bytes that was. */
  discardUnsent(): number {
    if (this.row < 0) return 0;
    const bytes = this.engine.core.callDiscardUnsent(this.row);
    if (bytes > 0) this.engine.acks.discarded(this, bytes);
    return bytes;
  }

  /** Bytes up to the end of urgent data that were not read yet [MUST-33]; 0 = none. */
  get bytesToUrgentMark(): number {
    return this.info()?.urgentLeft ?? 0;
  }

  /** Where the last octet of urgent data goes from now on; see the option of that name. */
  setUrgent(urgent: 'inline' | 'out-of-band'): this {
    const apart = checkUrgent(urgent) === 'out-of-band';
    if (this.row >= 0) this.engine.core.callSetOutOfBand(this.row, apart);
    return this;
  }

  /** The octet that came out of band last and no `outOfBand` handler took; once, as recv(MSG_OOB). A newer one takes its place. */
  takeOutOfBand(): number | undefined {
    return this.engine.octets.take(this);
  }

  /** @internal */
  keepOctet(octet: number): void {
    this.engine.octets.keep(this, octet);
  }

  /** TOS / traffic class byte of the segment received last [MAY-9]. */
  get receivedTypeOfService(): number {
    return this.info()?.receivedTos ?? 0;
  }

  /** IP TOS / traffic class byte [MUST-48]; may be changed at any time [SHLD-21], and better is not [SHLD-23]. */
  setTypeOfService(tos: number): this {
    checkSetting('typeOfService', tos);
    if (this.row >= 0) this.engine.core.callSetTos(this.row, tos);
    return this;
  }

  /** A congestion controller by name ('cubic', 'bbr', …), or one of your own; the window goes on as it is. */
  setCongestionControl(choice: CongestionChoice): this {
    checkCongestion('congestion', choice);
    if (this.row >= 0) this.engine.core.callSetCongestion(this.row, choice, this.engine.driver.now());
    this.engine.driver.touch();
    return this;
  }

  /** Holds partial segments back (true), lets them go (false). */
  cork(on: boolean): this {
    checkFlag('cork', on, true);
    if (this.row >= 0) this.engine.core.callCork(this.row, on);
    this.engine.driver.touch();
    return this;
  }
}

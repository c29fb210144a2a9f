/** Core of api.ts, put together: the tables, the IP layer and the TCP functions of one stack, and nothing of the world. */
import type { Micros } from '../ports.ts';
import { DESC_WORDS } from '../wire/abi.ts';
import type { Core, CoreOptions, OpenOptions } from './api.ts';
import { arrival } from './arrival.ts';
import { sendDirty } from './dirty.ts';
import type { EventQueue } from './events.ts';
import { FromBelow } from './from-below.ts';
import { Inquiry } from './inquiry.ts';
import type { IpLayer } from './ip/ip-layer.ts';
import { leftBehind } from './left-behind.ts';
import { type MemoryUse, memoryUse } from './memory-use.ts';
import { diff } from './seq.ts';
import type { Share } from './share.ts';
import { makeTcp } from './tables.ts';
import * as calls from './tcp/calls.ts';
import type { CongestionController } from './tcp/congestion/controller.ts';
import type { CoreCounters } from './tcp/counters.ts';
import { expireHalfOpens, unfold as unfoldHalfOpen } from './tcp/handshakes.ts';
import { consumed } from './tcp/receive-window.ts';
import { F_CORK, F_NODELAY } from './tcp/row.ts';
import { descriptorsOf } from './tcp/segment.ts';
import * as settings from './tcp/settings.ts';
import { exportRow, importRow } from './tcp/snapshot.ts';
import { sendWaiting } from './tcp/syn-ack.ts';
import { type AskAboutSyn, SynHook } from './tcp/syn-hook.ts';
import { expireTimeWaits } from './tcp/time-waits.ts';
import { expire } from './tcp/timeouts.ts';
import { tune } from './tcp/tuning.ts';
import { discardUnsent } from './tcp/unsent.ts';
import { TraceQueue } from './trace.ts';
import { Udp } from './udp/udp.ts';

export type * from './api.ts';

export class StackCore extends Inquiry implements Core {
  /** @internal What the IP layer tells. */
  readonly below: FromBelow;
  readonly udp: Udp;
  readonly share: Share;

  constructor(o: CoreOptions) {
    const below = new FromBelow();
    super(makeTcp(o, below));
    this.setTime(0);
    this.below = below;
    this.share = this.t.share;
    this.udp = new Udp(this.t, o.rng, o.tcp.ephemeralPorts);
    this.below.attach(this.t, this.udp);
    this.ip.serve(this.udp);
  }

  // ---- the world speaks -----------------------------------------------------------------------------------------------
  handleBurst(link: number, descriptors: number, now: Micros): void {
    const t = this.t;
    // Packets speak before deadlines: the ACK that a timer waits for may be in this burst, however late it is read.
    if (t.wheel.count === 0) this.enter(now);
    else this.setTime(now);
    const { rx, rxMemory } = t.links[link]!;
    const last = descriptors * DESC_WORDS;
    for (let base = 0; base < last; base += descriptorsOf(rx, base) * DESC_WORDS) {
      t.descriptor = base / DESC_WORDS;
      arrival(t, this.tcb, link, rx, base, rxMemory);
    }
    t.descriptor = -1;
    this.enter(now);
  }

  handleTimers(now: Micros): void {
    this.enter(now);
  }

  handleLinkDown(link: number): void {
    this.below.linkDown(link);
  }

  handleLinkChanged(link: number, now: Micros): void {
    this.enter(now);
    this.below.linkChanged(link);
  }

  handleAddressGone(address: Int32Array, now: Micros): void {
    this.enter(now);
    this.below.addressGone(address);
  }

  private setTime(now: Micros): void {
    this.t.now = now;
    this.t.tick = Math.floor(now / 1000) | 0 || 1;
  }

  /** Time moves before calls and output: deadlines first, in their order. */
  private enter(now: Micros): void {
    const t = this.t;
    this.setTime(now);
    this.ip.tick(now);
    t.wheel.advance(t.tick, this);
    expireHalfOpens(t);
    expireTimeWaits(t);
  }

  /** @internal The wheel found something due. */
  expire(row: number): void {
    expire(this.t, this.tcb.select(row));
  }

  // ---- the user speaks --------------------------------------------------------------------------------------------------

  callListen(laddr: Int32Array, port: number, backlog: number, options: OpenOptions, now: Micros): number {
    this.enter(now);
    return calls.openPassive(this.t, this.tcb, laddr, port, backlog, options);
  }

  callConnect(
    laddr: Int32Array,
    lport: number,
    raddr: Int32Array,
    rport: number,
    options: OpenOptions,
    now: Micros,
  ): number {
    this.enter(now);
    return calls.openActive(this.t, this.tcb, laddr, lport, raddr, rport, options);
  }

  callOpen(row: number, raddr: Int32Array | null, rport: number, now: Micros): number {
    this.enter(now);
    return calls.openExisting(this.t, this.called(row), raddr, rport);
  }

  callAccepted(row: number): void {
    calls.accepted(this.t, this.called(row));
  }

  callSend(row: number, bytes: Uint8Array, offset: number, length: number, now: Micros): number {
    if (now !== this.t.now) this.enter(now);
    return calls.send(this.t, this.called(row), bytes, offset, length, calls.COPY);
  }

  callLend(row: number, bytes: Uint8Array, offset: number, length: number, now: Micros): number {
    if (now !== this.t.now) this.enter(now);
    return calls.send(this.t, this.called(row), bytes, offset, length, calls.LEND);
  }

  callSendUrgent(row: number, bytes: Uint8Array, offset: number, length: number, now: Micros): number {
    if (now !== this.t.now) this.enter(now);
    return calls.send(this.t, this.called(row), bytes, offset, length, calls.URGENT);
  }

  callDiscardUnsent(row: number): number {
    return discardUnsent(this.t, this.called(row));
  }

  callConsumed(row: number, n: number, now = this.t.now): void {
    if (now !== this.t.now) this.enter(now);
    consumed(this.t, this.called(row), n);
  }

  callClose(row: number, now: Micros): number {
    this.enter(now);
    return calls.close(this.t, this.called(row));
  }

  callGiveUpReading(row: number, now: Micros): number {
    this.enter(now);
    return calls.giveUpReading(this.t, this.called(row));
  }

  callAbort(row: number, now: Micros): number {
    this.enter(now);
    return calls.abortCall(this.t, this.called(row));
  }

  callSetNoDelay(row: number, on: boolean): void {
    settings.setFlag(this.t, this.called(row), F_NODELAY, on);
  }

  callCork(row: number, on: boolean): void {
    settings.setFlag(this.t, this.called(row), F_CORK, on);
  }

  callSetKeepAlive(row: number, on: boolean, idle: number, interval: number, count: number, now: Micros): void {
    this.enter(now);
    settings.keepAlive(this.t, this.called(row), on ? { idle, interval, count } : null);
  }

  callSetUserTimeout(row: number, ms: number): void {
    settings.userTimeout(this.t, this.called(row), ms);
  }

  callSetBuffer(row: number, which: 'send' | 'receive', bytes: number): void {
    settings.buffer(this.t, this.called(row), which, bytes);
  }

  callSetTos(row: number, tos: number): void {
    settings.tos(this.called(row), tos);
  }

  callSetOutOfBand(row: number, on: boolean): void {
    settings.outOfBand(this.called(row), on);
  }

  callTune(row: number, what: number, value: number, now: Micros): number {
    this.enter(now);
    return tune(this.t, this.called(row), what, value);
  }

  callTellAcked(row: number, on: boolean): void {
    settings.tellAcked(this.called(row), on);
  }

  callSetCongestion(row: number, choice: string | CongestionController, now: Micros): void {
    this.enter(now);
    settings.congestion(this.t, this.tcb.select(row), choice);
  }

  exportConnection(row: number, now: Micros): ArrayBuffer {
    this.enter(now);
    return exportRow(this.t, this.tcb.select(row));
  }

  importConnection(snapshot: ArrayBuffer, now: Micros): number {
    this.enter(now);
    return importRow(this.t, this.tcb, snapshot);
  }

  // ---- what now ---------------------------------------------------------------------------------------------------------

  /** After the whole burst [MUST-59]: what each connection owes is one ACK [MUST-58], and after a loss one for each 16 KB (ADR 57). */
  pollTransmit(link: number, now: Micros): number {
    const t = this.t;
    // Calls that carry no time may have left work: their deadlines count from now, not from the turn before.
    if (now !== t.now) this.enter(now);
    if (t.halfOpens.hurry) sendWaiting(t, unfoldHalfOpen);
    if (t.eviction.searching || t.budget.refused >= 0) t.eviction.relieve(t, this.tcb);
    if (this.below.searching) this.below.lookOn();
    this.below.unpark();
    sendDirty(t, this.tcb, this.below);
    this.udp.poll();
    return t.out.take(link);
  }

  pollEnd(): void {
    const t = this.t;
    while (t.lent.length > 0) t.arena.give(t.lent.pop()!);
    t.arena.resetScratch();
    t.rows.endTurn();
    t.sourceRoutes.endTurn();
  }

  pollAlarm(): Micros {
    const t = this.t;
    const records = earlier(t.timeWaits.next(), t.halfOpens.next());
    const tick = t.halfOpens.hurry || this.below.searching ? t.tick + 1 : earlier(t.wheel.next(t.tick), records);
    const timers = tick === 0 ? Infinity : (Math.floor(t.now / 1000) + Math.max(1, diff(tick, t.tick))) * 1000;
    return Math.min(timers, this.ip.nextDeadline());
  }

  // ---- questions ----------------------------------------------------------------------------------------------------------

  get events(): EventQueue {
    return this.t.events;
  }
  get counters(): CoreCounters {
    return this.t.counters;
  }
  get ip(): IpLayer {
    return this.t.ip;
  }
  get arena(): Uint8Array {
    return this.t.arena.bytes;
  }
  leftBehind(buckets: Int32Array, ports: Int32Array): void {
    leftBehind(this.t, this.udp, buckets, ports);
  }
  get memory(): MemoryUse {
    return memoryUse(this.t);
  }
  get trace(): TraceQueue | null {
    return this.t.trace;
  }
  get tracing(): boolean {
    return this.t.trace !== null;
  }
  set tracing(on: boolean) {
    this.t.trace = on ? new TraceQueue() : null;
  }
  get telling(): boolean {
    return this.t.telling;
  }
  set telling(on: boolean) {
    this.t.telling = on;
  }
  set onSyn(ask: AskAboutSyn) {
    this.t.synHook = new SynHook(this.t, ask);
  }
  set onControllerFault(told: (error: unknown) => void) {
    this.t.congestion.onFault = told;
  }
}

/** The earlier of two ticks; 0 = never. */
function earlier(a: number, b: number): number {
  return a === 0 || (b !== 0 && diff(b, a) < 0) ? b : a;
}

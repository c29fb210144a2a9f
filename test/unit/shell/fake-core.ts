/**
 * A core without TCP: rows of one stack joined back to back, with a send buffer, a receive window, FIN and RST, over a
 * link that delivers in a later turn. It lets the shell be tested on its own.
 */
import * as ev from '../../../src/core/events.ts';
import type { Core, OpenOptions, TcpInfo } from '../../../src/core/stack-core.ts';
import * as fig from '../../../src/core/tcp/figure5.ts';
import type { Link } from '../../../src/ports.ts';
import { COUNTERS } from '../../../src/wire/abi.ts';
import { NodeClock } from '../../../src/shell/clock.ts';
import { Engine } from '../../../src/shell/engine.ts';
import { NodeRng } from '../../../src/shell/rng.ts';
import { Stack } from '../../../src/shell/stack.ts';

interface Row {
  gen: number;
  state: number;
  laddr: Int32Array;
  lport: number;
  raddr: Int32Array;
  rport: number;
  peer: number;
  listener: number;
  queue: Buffer[];
  queued: number;
  short: boolean;
  finQueued: boolean;
  unread: number;
  window: number;
  noReader: boolean;
}

interface Message {
  kind: 'syn' | 'synack' | 'ack' | 'data' | 'fin' | 'finack' | 'rst' | 'refused';
  to: number;
  from: number;
  bytes?: Buffer;
}

export class FakeLink implements Link {
  readonly name = 'fake';
  readonly kind = 'loop';
  readonly mac = new Uint8Array(6);
  readonly mtu = 65535;
  readonly offload = { txChecksum: true, maxPacket: 65535 };
  readonly capacity = 1 << 24;
  readonly rxMemory = new Uint8Array(1 << 20);
  readonly rx = new Int32Array(16);
  readonly tx = new Int32Array(16);
  readonly counters = new Float64Array(COUNTERS.length);
  closed = false;
  refs = 0;
  #onBurst: (n: number) => void = () => {};
  fail: (error: Error) => void = () => {};
  attach(): void {}
  start(onBurst: (n: number) => void, onDown: (error: Error) => void): void {
    this.#onBurst = onBurst;
    this.fail = onDown;
  }
  flush(n: number): void {
    setImmediate(() => {
      this.#onBurst(n);
      this.rxMemory.fill(0xdb);
    });
  }
  ref(): void {
    this.refs++;
  }
  unref(): void {
    this.refs--;
  }
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

const SEND_BUFFER = 64 * 1024;
const WINDOW = 128 * 1024;

export class FakeCore implements Core {
  readonly events = new ev.EventQueue();
  readonly arena = new Uint8Array(16);
  readonly rows: Row[] = [];
  readonly link: FakeLink;
  readonly log: string[] = [];
  #outbox: Message[] = [];
  #wire: Message[] = [];
  #port = 40000;
  connections = 0;

  constructor(link: FakeLink) {
    this.link = link;
  }

  handleBurst(_link: number, n: number): void {
    let used = 0;
    for (const m of this.#wire.splice(0, n)) {
      if (m.bytes !== undefined) {
        this.link.rxMemory.set(m.bytes, used);
        this.#data(m, used);
        used += m.bytes.length;
      } else this.#control(m);
    }
  }
  handleTimers(): void {}
  handleLinkDown(): void {
    this.rows.forEach((r, row) => r.state !== fig.CLOSED && r.state !== fig.LISTEN && this.#free(row, ev.ENETDOWN));
  }

  #data(m: Message, at: number): void {
    const r = this.rows[m.to]!;
    if (r.state === fig.CLOSED) return;
    if (r.noReader) {
      this.#post({ kind: 'rst', to: r.peer, from: m.to });
      return this.#free(m.to, 0);
    }
    r.unread += m.bytes!.length;
    this.events.push(ev.EV_DATA, m.to, r.gen, 0, at, m.bytes!.length, 1);
  }

  #control(m: Message): void {
    const r = this.rows[m.to];
    if (m.kind === 'refused') return this.#free(m.to, ev.ECONNREFUSED);
    if (r === undefined || r.state === fig.CLOSED) return;
    if (m.kind === 'syn') return this.#syn(m);
    if (m.kind === 'synack') {
      r.peer = m.from;
      r.state = fig.ESTABLISHED;
      this.events.push(ev.EV_CONNECT, m.to, r.gen);
      this.#post({ kind: 'ack', to: m.from, from: m.to });
    } else if (m.kind === 'ack') {
      r.state = fig.ESTABLISHED;
      this.events.push(ev.EV_ACCEPT, m.to, r.gen, r.listener);
    } else if (m.kind === 'fin') {
      this.events.push(ev.EV_END, m.to, r.gen);
      this.#post({ kind: 'finack', to: m.from, from: m.to });
      r.state = r.state === fig.ESTABLISHED ? fig.CLOSE_WAIT : r.state === fig.FIN_WAIT_2 ? fig.TIME_WAIT : fig.CLOSING;
      if (r.state === fig.TIME_WAIT) this.#free(m.to, 0);
    } else if (m.kind === 'finack') {
      this.events.push(ev.EV_ALL_ACKED, m.to, r.gen, 1);
      if (r.state === fig.LAST_ACK || r.state === fig.CLOSING) this.#free(m.to, 0);
      else r.state = fig.FIN_WAIT_2;
    } else if (m.kind === 'rst') this.#free(m.to, ev.ECONNRESET);
  }

  #syn(m: Message): void {
    const l = this.rows[m.to]!;
    const client = this.rows[m.from]!;
    const child = this.#row(fig.SYN_RECEIVED, client.raddr, l.lport, client.laddr, client.lport);
    this.rows[child]!.peer = m.from;
    this.rows[child]!.listener = m.to;
    this.#post({ kind: 'synack', to: m.from, from: child });
  }

  #row(state: number, laddr: Int32Array, lport: number, raddr: Int32Array, rport: number): number {
    let row = this.rows.findIndex((r) => r.state === fig.CLOSED);
    if (row < 0) row = this.rows.length;
    const gen = (this.rows[row]?.gen ?? 0) + 1;
    this.rows[row] = {
      gen, state, laddr: laddr.slice(), lport, raddr: raddr.slice(), rport, peer: -1, listener: -1, queue: [], queued: 0,
      short: false, finQueued: false, unread: 0, window: WINDOW, noReader: false,
    };
    if (state !== fig.LISTEN) this.connections++;
    return row;
  }

  #free(row: number, code: number): void {
    const r = this.rows[row]!;
    if (r.state === fig.CLOSED) return;
    r.state = fig.CLOSED;
    this.connections--;
    this.events.push(ev.EV_CLOSED, row, r.gen, code, 0);
    r.gen++;
  }

  #post(m: Message): void {
    this.#outbox.push(m);
  }

  callListen(laddr: Int32Array, port: number, _backlog: number, _options: OpenOptions): number {
    if (this.rows.some((r) => r.state === fig.LISTEN && r.lport === port)) return ev.EADDRINUSE;
    return this.#row(fig.LISTEN, laddr, port, new Int32Array(4), 0);
  }
  callConnect(laddr: Int32Array, lport: number, raddr: Int32Array, rport: number): number {
    const row = this.#row(fig.SYN_SENT, laddr[2] === 0 ? raddr : laddr, lport || this.#port++, raddr, rport);
    const to = this.rows.findIndex((r) => r.state === fig.LISTEN && r.lport === rport);
    this.#post(to < 0 ? { kind: 'refused', to: row, from: row } : { kind: 'syn', to, from: row });
    return row;
  }
  callAccepted(listener: number): void {
    this.log.push(`accepted ${listener}`);
  }
  callSend(row: number, bytes: Uint8Array, offset: number, length: number): number {
    const r = this.rows[row]!;
    if (r.state !== fig.ESTABLISHED && r.state !== fig.CLOSE_WAIT) return ev.ENOTCONN;
    const n = Math.min(length, SEND_BUFFER - r.queued);
    if (n > 0) r.queue.push(Buffer.from(bytes.subarray(offset, offset + n)));
    r.queued += n;
    if (n < length) r.short = true;
    return n;
  }
  callConsumed(row: number, n: number): void {
    const r = this.rows[row]!;
    r.unread -= n;
    if (r.unread < 0) throw new Error('consumed more than was delivered');
  }
  callClose(row: number): number {
    const r = this.rows[row]!;
    if (r.state === fig.LISTEN) r.state = fig.CLOSED;
    else r.finQueued = true;
    return ev.OK;
  }
  callGiveUpReading(row: number): number {
    const r = this.rows[row]!;
    if (r.unread > 0) return this.callAbort(row);
    r.noReader = true;
    return ev.OK;
  }
  callAbort(row: number): number {
    const r = this.rows[row]!;
    if (r.peer >= 0) this.#post({ kind: 'rst', to: r.peer, from: row });
    this.#free(row, ev.ECONNABORTED);
    return ev.OK;
  }
  callSetNoDelay(): void {}
  callSetKeepAlive(): void {}
  callSetUserTimeout(): void {}
  callSetTos(): void {}
  callCork(): void {}

  pollTransmit(): number {
    this.rows.forEach((r, row) => this.#output(r, row));
    const n = this.#outbox.length;
    this.#wire.push(...this.#outbox.splice(0));
    return n;
  }

  #output(r: Row, row: number): void {
    if (r.state !== fig.ESTABLISHED && r.state !== fig.CLOSE_WAIT) return;
    const peer = this.rows[r.peer];
    if (peer === undefined) return;
    let room = peer.window - peer.unread - this.#inFlight(r.peer);
    while (r.queue.length > 0 && room > 0) {
      const piece = r.queue[0]!.subarray(0, Math.min(room, 1460));
      r.queue[0] = r.queue[0]!.subarray(piece.length);
      if (r.queue[0]!.length === 0) r.queue.shift();
      r.queued -= piece.length;
      room -= piece.length;
      this.#post({ kind: 'data', to: r.peer, from: row, bytes: piece });
    }
    if (r.short && r.queued < SEND_BUFFER) {
      r.short = false;
      this.events.push(ev.EV_DRAIN, row, r.gen, SEND_BUFFER - r.queued);
    }
    if (r.finQueued && r.queue.length === 0) {
      r.finQueued = false;
      this.#post({ kind: 'fin', to: r.peer, from: row });
      r.state = r.state === fig.ESTABLISHED ? fig.FIN_WAIT_1 : fig.LAST_ACK;
    }
  }

  #inFlight(row: number): number {
    const count = (list: Message[]): number => list.reduce((sum, m) => sum + (m.to === row ? (m.bytes?.length ?? 0) : 0), 0);
    return count(this.#outbox) + count(this.#wire);
  }

  pollEnd(): void {}
  pollAlarm(): number {
    return Infinity;
  }
  state(row: number, gen: number): number {
    const r = this.rows[row];
    return r?.gen === gen ? r.state : fig.CLOSED;
  }
  generation(row: number): number {
    return this.rows[row]!.gen;
  }
  endpoint(row: number, which: 0 | 1, out: Int32Array): number {
    const r = this.rows[row]!;
    out.set(which === 0 ? r.laddr : r.raddr);
    return which === 0 ? r.lport : r.rport;
  }
  sendSpace(row: number): number {
    return SEND_BUFFER - this.rows[row]!.queued;
  }
  sendQueued(row: number): number {
    return this.rows[row]!.queued;
  }
  info(row: number): TcpInfo {
    return { state: fig.stateName(this.rows[row]!.state) } as TcpInfo;
  }
}

export interface Rig {
  stack: Stack;
  core: FakeCore;
  link: FakeLink;
  engine: Engine;
}

/** A stack over the fake core. */
export function fakeStack(): Rig {
  const link = new FakeLink();
  const core = new FakeCore(link);
  const engine = new Engine({ core, links: [link], clock: new NodeClock(), rng: new NodeRng(), ephemeralPorts: [32768, 60999] });
  const stack = new Stack({
    engine,
    addresses: ['10.0.0.1'],
    coreCounters: () => ({}),
    warnings: [],
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    teardown: [() => link.close()],
  });
  engine.driver.start();
  return { stack, core, link, engine };
}

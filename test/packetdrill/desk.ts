/**
 * One process of packetdrill: its requests, what waits, and the virtual time they share.
 *
 * Time stands still unless the script waits (for a packet, a moment, or a call of the main thread), and it jumps only after some
 * real milliseconds without a request: a call in a second thread is under way then, or it is over and its end was looked at.
 */
import { readFileSync } from 'node:fs';
import type { TcpDefaults } from '../../src/core/api.ts';
import { Host } from './host.ts';
import { failed, OK, type Reply } from './linux.ts';
import { withSysctls } from './settings.ts';
import { type Call, Sockets } from './sockets.ts';

export interface DeskOptions {
  readonly tcp: TcpDefaults;
  readonly offload?: 'cut' | 'super';
  /** Real ms without a request before time jumps. */
  readonly patience?: number;
}

export interface Request {
  readonly operation: number;
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

interface Waiter {
  /** Nothing goes on in that process until this is answered. */
  readonly stops: boolean;
  /** Virtual time at which it is interrupted. */
  readonly until: number;
  readonly call: Call;
  readonly answer: (reply: Reply) => void;
}

/** The order of bridge.c. */
const OPERATIONS = [
  'hello socket bind listen accept connect read write fcntl ioctl close shutdown getsockopt setsockopt poll',
  'packetIn packetOut sleep time',
]
  .join(' ')
  .split(' ');

/** A second thread waits for the moment of its call while the first waits for that call to begin. */
const STOPS = ['sleep', 'packetOut'];
const PATIENCE = 8;
/** Virtual µs after which no packet is expected any more. */
const SILENCE = 300_000_000;
/** Who asks for the time again and again waits for it: it moves on by so many µs then. */
const SPIN = 10;
const PATIENT_ASKS = 2;

export class Desk {
  readonly #options: DeskOptions;
  readonly #waiting = new Set<Waiter>();
  #host: Host | undefined;
  #settings = '';
  #timer: NodeJS.Timeout | undefined;
  #asks = 0;
  readonly #sockets = new Sockets(() => (this.#host ??= this.#open()));

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** `line`: number of the connection; the first, 0, is the main thread's. */
  request(line: number, { operation, words, bytes }: Request, answer: (reply: Reply) => void): void {
    const name = OPERATIONS[operation] ?? '';
    if (name !== 'time') this.#asks = 0;
    const call = this.#call(name, words, bytes);
    const reply = call();
    if (reply === undefined) this.#wait(call, answer, name, line === 0 || STOPS.includes(name));
    else answer(reply);
    this.#look();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
    void this.#host?.link.close();
  }

  #open(): Host {
    let lines = '';
    try {
      if (this.#settings !== '') lines = readFileSync(this.#settings, 'utf8');
    } catch {
      // Nothing was set.
    }
    return new Host({ ...this.#options, tcp: withSysctls(this.#options.tcp, lines) }, (words, count) =>
      this.#sockets.dispatch(words, count),
    );
  }

  #stack(): Host {
    return (this.#host ??= this.#open());
  }

  /** Before the first socket there is no stack, and no time. */
  #call(name: string, w: Int32Array, bytes: Uint8Array): Call {
    const sockets = this.#sockets;
    const [a, b, c, d] = w as unknown as readonly [number, number, number, number];
    const at =
      (reply: Reply): Call =>
      () =>
        reply;
    switch (name) {
      case 'hello':
        this.#settings = Buffer.from(bytes).toString();
        return at(OK);
      case 'socket':
        return at(sockets.socket(a, b));
      case 'bind':
        return at(sockets.bind(a, bytes));
      case 'listen':
        return at(sockets.listen(a, b));
      case 'accept':
        return sockets.accept(a);
      case 'connect':
        return sockets.connect(a, bytes);
      case 'read':
        return sockets.read(a, b, c);
      case 'write':
        return sockets.write(a, bytes, b);
      case 'fcntl':
        return at(sockets.fcntl(a, b, c));
      case 'ioctl':
        return at(sockets.ioctl(a, b));
      case 'close':
        return at(sockets.close(a));
      case 'shutdown':
        return at(sockets.shutdown(a, b));
      case 'getsockopt':
        return at(sockets.getsockopt(a, b, c, d));
      case 'setsockopt':
        return at(sockets.setsockopt(a, b, c, bytes));
      case 'poll':
        return this.#poll(bytes, a);
      case 'packetIn':
        this.#stack().inject(bytes);
        return at(OK);
      case 'packetOut':
        return this.#packet();
      case 'sleep':
        return this.#sleep(this.#stack().clock.now() + (a >>> 0));
      case 'time':
        return at(this.#time());
      default:
        throw new Error(`no operation ${name}`);
    }
  }

  /** Nothing, when it does not come in time. */
  #packet(): Call {
    const host = this.#stack();
    const until = host.clock.now() + SILENCE;
    return () => {
      const packet = host.packets.shift();
      if (packet !== undefined) {
        const bytes = new Uint8Array(8 + packet.bytes.length);
        new DataView(bytes.buffer).setBigInt64(0, BigInt(packet.time), true);
        bytes.set(packet.bytes, 8);
        return { result: 0, bytes };
      }
      return host.clock.now() >= until ? OK : undefined;
    };
  }

  #poll(bytes: Uint8Array, ms: number): Call {
    if (ms < 0) return this.#sockets.poll(bytes, Number.POSITIVE_INFINITY);
    const { clock } = this.#stack();
    const until = clock.now() + ms * 1000;
    clock.schedule(until, () => {});
    return this.#sockets.poll(bytes, until);
  }

  #sleep(until: number): Call {
    const { clock } = this.#stack();
    clock.schedule(until, () => {});
    return () => (clock.now() >= until ? OK : undefined);
  }

  #time(): Reply {
    const { clock } = this.#stack();
    if (++this.#asks > PATIENT_ASKS) clock.advance(SPIN);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, BigInt(Math.floor(clock.now())), true);
    return { result: 0, bytes };
  }

  /** A script that waits for what never comes must end. A second thread may: the first has not said its last word. */
  #wait(call: Call, answer: (reply: Reply) => void, name: string, stops: boolean): void {
    const { clock } = this.#stack();
    const until = stops && name !== 'sleep' ? clock.now() + SILENCE : Number.POSITIVE_INFINITY;
    if (stops) clock.schedule(until, () => {});
    this.#waiting.add({ stops, until, call, answer });
  }

  /** Whoever waited for what just happened is answered; then time may go on. */
  #look(): boolean {
    let answered = false;
    for (const waiter of this.#waiting) {
      const reply = waiter.call() ?? (this.#stack().clock.now() >= waiter.until ? failed('EINTR') : undefined);
      if (reply === undefined) continue;
      this.#waiting.delete(waiter);
      waiter.answer(reply);
      answered = true;
    }
    clearTimeout(this.#timer);
    if ([...this.#waiting].some(({ stops }) => stops))
      this.#timer = setTimeout(() => this.#jump(), this.#options.patience ?? PATIENCE);
    return answered;
  }

  /** Event by event, until somebody has to be told: at the latest when what stops the script is over. */
  #jump(): void {
    const { clock } = this.#stack();
    while (clock.step()) {
      clock.run(clock.now());
      if (this.#look()) return;
    }
  }
}

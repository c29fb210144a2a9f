/** Runs the steps of a script against a backend and says where and how the two disagree. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend, StackEvent } from './backend.ts';
import { Connection, octet } from './connection.ts';
import { CoreBackend, type CoreBackendOptions } from './core-backend.ts';
import { decodeFrame, encodeFrame, type Packet } from './frame.ts';
import { formatFlags, parseScript, type SegmentSpec, type Step } from './grammar.ts';
import { differences } from './match.ts';
import { formatOption } from './options.ts';

export type Settings = Omit<CoreBackendOptions, 'family'>;

const RPORT = 40000;
/** What `+*` waits at most. */
const WHENEVER = 3600e6;
const PAUSE = 20_000;
const BROADCAST = new Uint8Array(6).fill(0xff);

type Doing = {
  readonly [K in Step['action']['do']]: (action: Extract<Step['action'], { do: K }>) => void | Promise<void>;
};

export class Script {
  readonly family: 4 | 6;
  /** A failure leaves a pcapng file; not for those who expect to fail. */
  capturing = true;
  readonly #settings: Record<string, unknown>;
  readonly #make: (options: CoreBackendOptions) => Backend;
  #backend: Backend | undefined;
  readonly #connections = new Map<string, Connection>();
  #current: Connection | undefined;
  /** When the last step happened. */
  #time = 0;
  readonly #log: string[] = [];
  readonly #burst: Uint8Array[] = [];
  readonly #events: StackEvent[] = [];
  #steps: readonly Step[] = [];
  #at = 0;

  constructor(
    family: 4 | 6,
    settings: Settings = {},
    make = (options: CoreBackendOptions): Backend => new CoreBackend(options),
  ) {
    this.family = family;
    this.#settings = { ...settings };
    this.#make = make;
  }

  /** A template whose lines are steps; see grammar.ts. */
  readonly run = async (
    parts: TemplateStringsArray | string,
    ...values: readonly (string | number)[]
  ): Promise<void> => {
    this.#steps = parseScript(
      typeof parts === 'string' ? parts : parts.map((part, n) => `${part}${values[n] ?? ''}`).join(''),
    );
    for (this.#at = 0; this.#at < this.#steps.length; this.#at++) {
      try {
        await this.#step(this.#steps[this.#at]!);
        this.#takeEvents();
      } catch (error) {
        throw this.#failure(error as Error);
      }
    }
    if (this.#peek() !== undefined)
      throw this.#failure(new Error(`expected nothing more\n  came     ${this.#showNext()}`));
  };

  get backend(): Backend {
    if (this.#backend === undefined) {
      this.#backend = this.#make({ ...(this.#settings as CoreBackendOptions), family: this.family });
      this.#time = this.#backend.now();
    }
    return this.#backend;
  }

  /** The connection that steps are about. */
  get connection(): Connection {
    this.#current ??= this.#connect('a', RPORT, 2);
    return this.#current;
  }

  /** Events not asked for yet, as `type detail`. */
  takeEvents(): string[] {
    this.#takeEvents();
    return this.#events.splice(0).map(({ type, detail }) => `${type} ${detail}`.trim());
  }

  /** Segments not asked for yet, in the words of scripts. */
  takeSegments(): string[] {
    const found: string[] = [];
    for (let p = this.#peek(); p !== undefined; p = this.#peek()) {
      const c = this.#owner(p);
      c.learn(p);
      const wrong = c.checkText(p);
      if (wrong !== undefined) throw this.#failure(new Error(wrong));
      found.push(c.describe(p));
      this.backend.sent.shift();
    }
    return found;
  }

  async state(): Promise<string> {
    return this.backend.state(this.connection.tuple);
  }

  async close(): Promise<void> {
    await this.#backend?.close();
  }

  readonly #doing: Doing = {
    option: ({ name, value }) => this.#option(name, value),
    conn: ({ name, words }) => {
      const word = (key: string): number | undefined => {
        return words.includes(key) ? Number(words[words.indexOf(key) + 1]) : undefined;
      };
      const port = word('port') ?? RPORT + this.#connections.size;
      this.#current = this.#connections.get(name) ?? this.#connect(name, port, word('peer') ?? 2);
    },
    forget: ({ irs }) => this.connection.forget(irs),
    call: (action) => this.#call(action.name, action.words, action.result),
    inject: ({ spec, more }) => this.#inject(spec, more),
    segment: ({ spec }) => this.#expectSegment(spec),
    nothing: () => this.#expectNothing(),
    silence: async ({ duration }) => {
      this.#time += duration;
      await this.backend.pass(this.#time, () => this.backend.sent.length > 0);
      // A real clock wakes us late: what came after the silence is for the next step.
      if ((this.backend.sent[0]?.time ?? 0) <= this.#time) this.#expectNothing();
    },
    wait: async ({ duration }) => {
      this.#time += duration;
      await this.backend.pass(this.#time);
    },
    expect: async ({ state }) => {
      let is = '';
      const agrees = async (): Promise<boolean> => {
        is = await this.state();
        return is === state || (state === 'GONE' && (is === 'CLOSED' || is === 'LISTEN'));
      };
      if (!(await this.#becomes(agrees))) throw new Error(`the state is ${is}, not ${state}`);
    },
    event: async ({ type, detail }) => {
      if (!this.backend.tells(type)) return;
      const came = (): boolean => {
        this.#takeEvents();
        return this.#events.some((e) => e.type === type && this.#mine(e));
      };
      await this.#becomes(came);
      this.#expectEvent(type, detail);
    },
    noEvent: ({ type }) => {
      this.#takeEvents();
      const found = this.#events.find((e) => this.#mine(e) && (type === undefined || e.type === type));
      if (found !== undefined) throw new Error(`there was the event: ${found.type} ${found.detail}`);
    },
  };

  async #step(step: Step): Promise<void> {
    const { action } = step;
    if (action.do !== 'segment' && step.after !== null && step.after > 0) {
      this.#time += step.after;
      await this.backend.pass(this.#time);
    }
    await (this.#doing[action.do] as (a: typeof action) => void | Promise<void>)(action);
  }

  /** Whether it holds, at once or within the patience of the backend. */
  async #becomes(holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const limit = this.backend.now() + this.backend.patience;
    for (;;) {
      if (await holds()) return true;
      if (this.backend.now() >= limit) return false;
      await this.backend.pass(this.backend.now() + PAUSE);
    }
  }

  #option(name: string, value: string): void {
    if (this.#backend !== undefined) throw new Error('options come before everything else');
    const plain = value === 'on' ? true : value === 'off' ? false : Number.isNaN(Number(value)) ? value : Number(value);
    if (['mtu', 'backlog', 'reading', 'maxConnections'].includes(name)) this.#settings[name] = plain;
    else this.#settings.tcp = { ...(this.#settings.tcp as object | undefined), [name]: plain };
  }

  #connect(name: string, rport: number, peer: number): Connection {
    const remote = this.family === 4 ? `10.0.0.${peer}` : `fd00::${peer}`;
    const made = new Connection(name, { local: this.backend.local, lport: this.backend.lport, remote, rport });
    this.#connections.set(name, made);
    return made;
  }

  async #call(name: string, words: readonly string[], want: string | undefined): Promise<void> {
    const c = this.connection;
    const passive = name === 'listen' || (name === 'open' && words[0] === 'passive');
    const call = passive ? 'listen' : name === 'open' && words[0] === 'active' ? 'connect' : name;
    const literal = words.find((word) => word.startsWith('"'))?.slice(1, -1);
    const length = literal?.length ?? Number(words.at(-1) ?? 0);
    const early = call === 'connect' && words.length > 1;
    const size = name === 'send' || early ? length : 0;
    const text = Uint8Array.from({ length: size }, (_, n) => literal?.charCodeAt(n) ?? octet(c.written.length + n));
    const result = await this.backend.call(c.tuple, { name: call, words, text });
    if (name === 'send') c.written.push(...text.subarray(0, Number(result) || 0));
    else if (early) c.written.push(...text);
    this.#time = this.backend.happened;
    this.#note(c, `${[name, ...words].join(' ')} -> ${result}`);
    const failed =
      want === undefined ? (name === 'send' ? result !== String(length) : /^E/.test(result)) : result !== want;
    if (failed) throw new Error(`${name} returned ${result}${want === undefined ? '' : `, not ${want}`}`);
  }

  async #inject(spec: SegmentSpec, more: boolean): Promise<void> {
    const c = this.connection;
    const { remote, rport, local, lport } = c.tuple;
    c.window = spec.win ?? c.window;
    const packet: Packet = {
      srcMac: this.backend.peerMac,
      dstMac: spec.broadcast ? BROADCAST : this.backend.mac,
      src: spec.src ?? remote,
      dst: spec.dst ?? local,
      sport: rport,
      dport: lport,
      tos: spec.tos ?? 0,
      ttl: spec.ttl ?? 64,
      ...(spec.ipOptions === undefined ? {} : { ipOptions: Uint8Array.from(Buffer.from(spec.ipOptions, 'hex')) }),
      segment: {
        seq: (c.irs + (spec.seq ?? 0)) | 0,
        ack: spec.ack === undefined ? 0 : (c.iss + spec.ack) | 0,
        flags: spec.flags,
        reserved: spec.reserved,
        window: c.window,
        urgent: spec.urg ?? 0,
        options: c.fromPeer(spec.options ?? []),
        text: c.peerText(spec),
      },
    };
    this.#note(c, `< ${showSpec(spec)}`);
    this.#burst.push(encodeFrame(packet, spec.badChecksum));
    if (more) return;
    await this.backend.inject(this.#burst.splice(0));
    this.#time = Math.max(this.#time, this.backend.happened);
  }

  async #expectSegment(spec: SegmentSpec): Promise<void> {
    const c = this.connection;
    const { after } = this.#steps[this.#at]!;
    await this.backend.pass(
      this.#time + (after === null ? WHENEVER : after + this.backend.late(after)),
      () => this.backend.sent.length > 0,
    );
    const p = this.#peek();
    const expected = `expected ${showSpec(spec)}`;
    if (p === undefined) throw new Error(`${expected}\n  came     nothing until ${this.#clock(this.backend.now())}`);
    if (!c.owns(p)) throw new Error(`${expected} on connection ${c.name}\n  came     ${this.#showNext()}`);
    const { time } = this.backend.sent[0]!;
    c.learn(p);
    const wrong = differences(c, spec, p, this.backend.exact);
    const late = time - this.#time - (after ?? 0);
    if (after !== null && (late > this.backend.late(after) || -late > this.backend.early(after))) {
      wrong.push(
        `it came ${((time - this.#time) / 1e6).toFixed(4)} s after the step before, not ${(after / 1e6).toFixed(4)} s`,
      );
    }
    if (wrong.length > 0) throw new Error(`${expected}\n  came     ${this.#showNext()}\n  ${wrong.join('; ')}`);
    this.#note(c, `> ${c.describe(p)}`, time);
    this.backend.sent.shift();
    this.#time = Math.max(this.#time, time);
  }

  #expectNothing(): void {
    if (this.#peek() !== undefined) throw new Error(`expected nothing\n  came     ${this.#showNext()}`);
  }

  #expectEvent(type: string, detail: string): void {
    this.#takeEvents();
    if (type === 'data' && !this.backend.exact) this.#cut(Number(detail));
    const at = this.#events.findIndex((e) => e.type === type && this.#mine(e));
    const found = this.#events[at];
    if (found === undefined) {
      throw new Error(`expected the event ${type} ${detail}\n  came     ${this.takeEvents().join(', ') || 'none'}`);
    }
    if (detail !== '' && detail !== found.detail && !(found.text && detail === `"${Buffer.from(found.text)}"`)) {
      throw new Error(`expected the event ${type} ${detail}\n  came     ${type} ${found.detail}`);
    }
    this.#events.splice(at, 1);
  }

  /** Makes the next event of text one of `size` octets, where pieces are nobody's promise. */
  #cut(size: number): void {
    const mine = this.#events.filter((e) => e.type === 'data' && this.#mine(e));
    const whole = mine.reduce((sum, e) => sum + Number(e.detail), 0);
    const [first] = mine;
    if (first === undefined || !(size > 0 && size <= whole)) return;
    this.#events.splice(this.#events.indexOf(first), 1, { ...first, detail: String(size) });
    for (const e of mine.slice(1)) this.#events.splice(this.#events.indexOf(e), 1);
    if (whole > size) this.#events.push({ ...first, detail: String(whole - size) });
  }

  /** Moves what happened over, checking delivered text on the way. */
  #takeEvents(): void {
    for (const event of this.#backend?.events.splice(0) ?? []) {
      const connections = [...this.#connections.values()];
      const c = connections.find(({ tuple }) => tuple.rport === event.rport && tuple.remote === event.remote);
      this.#note(c, `event ${event.type} ${event.detail}`.trim(), event.time);
      this.#events.push(event);
      if (c?.follow && (event.type === 'accept' || event.type === 'connect')) c.delivered = 0;
      const wrong = event.text === undefined ? undefined : c?.checkDelivered(event.text);
      if (wrong !== undefined) throw new Error(wrong);
    }
  }

  #mine(event: StackEvent): boolean {
    const { rport, remote } = this.connection.tuple;
    return (event.rport === rport && event.remote === remote) || event.rport === 0;
  }

  #peek(): Packet | undefined {
    const frame = this.#backend?.sent[0];
    return frame === undefined ? undefined : decodeFrame(frame.bytes);
  }

  #owner(p: Packet): Connection {
    return [...this.#connections.values()].find((c) => c.owns(p)) ?? this.connection;
  }

  #showNext(): string {
    const p = this.#peek();
    if (p === undefined) return 'nothing';
    const { time } = this.backend.sent[0]!;
    return `${this.#owner(p).describe(p)}  at ${this.#clock(time)} (${p.src}:${p.sport} to ${p.dst}:${p.dport})`;
  }

  #clock(time: number): string {
    return `${(time / 1e6).toFixed(6)} s`;
  }

  #note(c: Connection | undefined, text: string, time = this.#backend?.now() ?? 0): void {
    const name = this.#connections.size > 1 ? `[${c?.name ?? '?'}] ` : '';
    this.#log.push(`${(time / 1e6).toFixed(6)} ${name}${text}`);
  }

  #failure(error: Error): Error {
    const step = this.#steps[Math.min(this.#at, this.#steps.length - 1)];
    const where = step === undefined ? 'script' : `script line ${step.line}: ${step.text}`;
    const text = [
      where,
      `  ${error.message}`,
      '',
      `so far (IPv${this.family}):`,
      ...this.#log.map((line) => `  ${line}`),
    ];
    if (this.capturing) text.push('', `packets: ${this.savePackets()}`);
    return new Error(text.join('\n'), { cause: error });
  }

  /** Writes everything sent and received so far to a file of its own; returns its path. */
  savePackets(): string {
    const bytes = this.#backend?.capture();
    if (bytes === undefined) return 'none were kept';
    const file = join(mkdtempSync(join(tmpdir(), 'usertcp-script-')), 'script.pcapng');
    writeFileSync(file, bytes);
    return file;
  }
}

function showSpec(s: SegmentSpec): string {
  const keys = ['seq', 'ack', 'win', 'urg', 'tos', 'ttl', 'src', 'dst', 'route'] as const;
  const fields = keys.flatMap((key) => (s[key] === undefined ? [] : [`${key} ${s[key]}`]));
  const options = s.options === undefined ? [] : [`<${s.options.map(formatOption).join(', ')}>`];
  const marks = [...(s.badChecksum ? ['badsum'] : []), ...(s.broadcast ? ['broadcast'] : [])];
  return [formatFlags(s.flags), ...fields, ...(s.len > 0 ? [`len ${s.len}`] : []), ...marks, ...options].join(' ');
}

/** The Linux kernel as the stack under test: packets through TUN, its sockets by way of the agent, time as it passes. */
import { PcapngWriter } from '../../../src/capture/pcapng-writer.ts';
import { type Agent, monotonic, type News } from './agent.ts';
import type { Backend, Call, SentFrame, StackEvent, Tuple } from './backend.ts';
import type { CoreBackendOptions } from './core-backend.ts';
import { decodeFrame } from './frame.ts';
import { LOCAL, socketOptions } from './kernel-settings.ts';

export const ETHER = 14;
export const MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
export const PEER_MAC = Uint8Array.of(2, 0, 0, 0, 0, 2);
/** What the kernel's users are told. The rest (drain, acked, soft, urgent) is between us and ours. */
const TOLD = ['accept', 'connect', 'data', 'end', 'closed'];
/** A busy machine, and timers of the kernel, which are up to an eighth late (its wheel has eight steps a level). */
const EARLY = 15_000;
const LATE = 100_000;
/** What a timer of the kernel may take longer than it says, after some seconds. */
const PATIENCE = 800_000;
/** The longest that anybody waits here. */
const WHENEVER = 17_000_000;
const LAST_SILENCE = 500_000;

export interface Performance {
  /** Number of the pass of time after which nothing is asked; it is cut short. */
  readonly lastPass?: number;
  /** The sockets offer what the link allows, not 1000. */
  readonly linkMss?: boolean;
}

let ports = 10_000;

/** Two scripts at once never share a port. */
export function freshPort(): number {
  ports = ports === 30_000 ? 10_000 : ports + 1;
  return ports;
}

export class KernelBackend implements Backend {
  readonly local: string;
  readonly lport = freshPort();
  readonly mac = MAC;
  readonly peerMac = PEER_MAC;
  readonly exact = false;
  happened = 0;
  readonly sent: SentFrame[] = [];
  readonly events: StackEvent[] = [];
  readonly #agent: Agent;
  readonly #options: CoreBackendOptions;
  readonly #frames: { readonly time: number; readonly bytes: Uint8Array; readonly out: boolean }[] = [];
  readonly #how: Performance;
  #passes = 0;
  #awake: (() => void) | undefined;

  constructor(agent: Agent, options: CoreBackendOptions, how: Performance = {}) {
    this.#how = how;
    this.#agent = agent;
    this.#options = options;
    this.local = LOCAL[options.family ?? 4];
    agent.subscribe(this.lport, (news) => this.hear(news));
  }

  early(after: number): number {
    return after === 0 ? Number.POSITIVE_INFINITY : EARLY + after / 7;
  }

  readonly patience = PATIENCE;

  late(after: number): number {
    return LATE + after / 7;
  }

  tells(event: string): boolean {
    return TOLD.includes(event);
  }

  now(): number {
    return monotonic();
  }

  async pass(then: number, enough: () => boolean = () => false): Promise<void> {
    const last = ++this.#passes === this.#how.lastPass;
    const until = Math.min(then, this.now() + (last ? LAST_SILENCE : WHENEVER));
    while (!enough()) {
      const rest = (until - this.now()) / 1000;
      if (rest <= 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, rest);
        this.#awake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#awake = undefined;
    }
    // What happened before now has been told when this is answered.
    if (!enough()) await this.#agent.request('sync', {});
  }

  async inject(frames: readonly Uint8Array[]): Promise<void> {
    await this.put(
      frames,
      frames.map((bytes) => bytes.subarray(ETHER)),
    );
  }

  /** Packets of these frames go to the device. */
  protected async put(frames: readonly Uint8Array[], packets: readonly Uint8Array[]): Promise<void> {
    for (const bytes of frames) this.#frames.push({ time: this.now(), bytes, out: false });
    const hex = packets.map((bytes) => Buffer.from(bytes).toString('hex'));
    const { t } = await this.#agent.request('inject', { lport: this.lport, frames: hex });
    this.happened = t;
  }

  /** An Ethernet frame of what came out of the device. */
  protected framed(packet: Uint8Array): Uint8Array {
    return ethernet(packet);
  }

  async call(tuple: Tuple, { name, words, text }: Call): Promise<string> {
    const { value, t } = await this.#agent.request('call', {
      ...tuple,
      name,
      words,
      family: this.#options.family ?? 4,
      text: Buffer.from(text ?? []).toString('hex'),
      tune: socketOptions(this.#options, this.#how.linkMss ?? false),
      manual: this.#options.reading === 'manual',
    });
    this.happened = t;
    return value;
  }

  async state(tuple: Tuple): Promise<string> {
    return (await this.#agent.request('state', tuple)).value;
  }

  capture(): Uint8Array {
    const chunks: Uint8Array[] = [];
    const writer = new PcapngWriter((chunk) => chunks.push(chunk.slice()), 'usertcp conformance');
    const face = writer.addInterface({ name: 'kernel' });
    for (const { time, bytes, out } of this.#frames)
      writer.packet(face, time, bytes, { direction: out ? 'out' : 'in' });
    return Buffer.concat(chunks);
  }

  async close(): Promise<void> {
    this.#agent.unsubscribe(this.lport);
    await this.#agent.request('forget', { lport: this.lport });
  }

  protected hear({ t, frame, type, detail = '', lport = 0, rport = 0, remote = '', text }: News): void {
    if (frame !== undefined) {
      const bytes = this.framed(Buffer.from(frame, 'hex'));
      if (decodeFrame(bytes) !== undefined) {
        this.#frames.push({ time: t, bytes, out: true });
        this.sent.push({ time: t, bytes });
      }
    } else if (type !== undefined) {
      const about = { time: t, type, detail, lport, rport, remote };
      this.events.push(text === undefined ? about : { ...about, text: Buffer.from(text, 'hex') });
    }
    this.#awake?.();
  }
}

function ethernet(packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ETHER + packet.length);
  frame.set(PEER_MAC, 0);
  frame.set(MAC, 6);
  frame.set(packet[0]! >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00], 12);
  frame.set(packet, ETHER);
  return frame;
}

/** Local port of a TCP packet; 0 for anything else. */
export function localPort(packet: Uint8Array): number {
  const six = packet[0]! >> 4 === 6;
  if (packet[six ? 6 : 9] !== 6) return 0;
  const l4 = six ? 40 : (packet[0]! & 15) * 4;
  return (packet[l4]! << 8) | packet[l4 + 1]!;
}

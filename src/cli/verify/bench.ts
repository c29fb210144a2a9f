/** What a check works with: a stack in the simulator, a peer, and words for what is expected of the stack. */
import type { Conn } from '../../shell/conn.ts';
import type { Connection } from '../../shell/connection.ts';
import type { Handlers } from '../../shell/handlers.ts';
import type { Stack } from '../../shell/stack.ts';
import { type HostOptions, World } from '../../sim.ts';
import { ACK, Peer, RST, type Seen, type Sent, SYN } from './peer.ts';

export interface Check {
  readonly ids: readonly string[];
  readonly what: string;
  readonly options?: HostOptions;
  run(b: Bench): Promise<void>;
}

export class NotMet extends Error {}

/** Throws when the stack did not do what it must. */
export function must(met: boolean, what: string): void {
  if (!met) throw new NotMet(what);
}

export const PORT = 80;
export const IRS = 1000;
export const MSS_1000 = [2, 4, 0x03, 0xe8];

export class Bench {
  readonly world: World;
  readonly stack: Stack;
  readonly peer: Peer;
  /** Of the connection at hand. */
  lport = PORT;
  rport = 40_000;
  iss = 0;
  readonly events: string[] = [];
  conn: Conn | undefined;

  constructor(options: HostOptions = {}, seed = 3) {
    this.world = new World({ seed });
    this.stack = this.world.host('10.0.0.1/24', options);
    this.peer = new Peer(this.world.wire, this.world.card(this.stack).mac, () => this.world.now);
  }

  wait(ms: number): Promise<void> {
    return this.world.run(ms);
  }

  serve(handlers: Handlers = {}): void {
    const { events } = this;
    this.stack.serve(PORT, {
      data: (_c, chunk) => void events.push(`data ${chunk.length}`),
      urgent: (_c, what) => void events.push(`urgent ${what}`),
      end: () => void events.push('end'),
      softError: (_c, error) => void events.push(`soft ${(error as { code?: string }).code}`),
      close: (_c, error) => void events.push(`close ${(error as { code?: string } | null)?.code ?? 'in order'}`),
      ...handlers,
      open: (c) => {
        this.conn = c;
        events.push('open');
      },
    });
  }

  send(s: Sent): void {
    this.peer.send(this.lport, this.rport, s);
  }

  /** Sends, lets the stack answer, and returns what it said. */
  async say(s: Sent, ms = 1): Promise<Seen[]> {
    this.send(s);
    return this.hear(ms);
  }

  /** What the stack says within `ms`. */
  async hear(ms = 1): Promise<Seen[]> {
    await this.wait(ms);
    return this.peer.seen.splice(0);
  }

  /** A connection to a served port; the peer's SYN has these options. */
  async accept(options: readonly number[] = MSS_1000, window?: number): Promise<Conn> {
    this.serve();
    const [synAck] = await this.say({ flags: SYN, seq: IRS, options, ...(window !== undefined && { window }) }, 10);
    must(synAck?.flags === (SYN | ACK) && synAck.ack === IRS + 1, 'a SYN is answered with SYN,ACK');
    this.iss = synAck!.seq;
    await this.say({ flags: ACK, seq: IRS + 1, ack: this.iss + 1, ...(window !== undefined && { window }) });
    must(this.conn !== undefined, 'the connection is established');
    return this.conn!;
  }

  /** An active open to the peer; resolves once the SYN has left. */
  async open(more: object = {}): Promise<{ readonly syn: Seen; readonly opened: Promise<Connection> }> {
    const opened = this.stack.open({ host: '10.0.0.2', port: 9000, ...more });
    opened.catch(() => {});
    const [syn] = await this.hear(10);
    must(syn?.flags === SYN, 'an active open sends a SYN');
    this.lport = syn!.sport;
    this.rport = syn!.dport;
    this.iss = syn!.seq;
    return { syn: syn!, opened };
  }

  /** An ACK of the peer, `taken` octets behind our ISS. */
  ack(taken: number, window = 32_000, ms = 1): Promise<Seen[]> {
    return this.say({ flags: ACK, seq: IRS + 1, ack: (this.iss + taken) | 0, window }, ms);
  }

  /** Relative to our ISS. */
  at(s: Seen | undefined): number {
    return s === undefined ? Number.NaN : (s.seq - this.iss) | 0;
  }

  /** Whether the peer finds the connection gone: a segment draws RST. */
  async gone(): Promise<boolean> {
    const heard = await this.say({ flags: ACK, seq: IRS + 1, ack: (this.iss + 1) | 0 });
    return heard.some((s) => (s.flags & RST) !== 0);
  }
}

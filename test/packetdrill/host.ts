/** A StackCore in virtual time, whose wire is whoever sends IP packets to `inject` and takes them from `packets`. */
import type { TcpDefaults } from '../../src/core/api.ts';
import { StackCore } from '../../src/core/stack-core.ts';
import { ScriptPort, SeededRng, SimLink, SimWire, VirtualClock } from '../../src/link/sim.ts';
import type { Clock } from '../../src/ports.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { ETHER_HEADER } from '../../src/wire/ethernet.ts';
import { neighbourAnswer } from '../conformance/script/neighbour.ts';

/** Ours until a script names another. */
export const LOCAL = { 4: '192.168.0.2', 6: 'fd3d:fa7b:d17d::2' } as const;
const BEGIN = 1_600_000_000_000_000;
const IPV4 = [0x08, 0x00];
const IPV6 = [0x86, 0xdd];
const ICMP6 = 58;
/** Solicitations, advertisements and reports are about the link, not about what is tried on it. */
const LINK_MESSAGES = [130, 131, 132, 133, 134, 135, 136, 143];

export interface HostOptions {
  readonly tcp: TcpDefaults;
  readonly mtu?: number;
  /** 'super': packets leave as large as they were handed over, as on a device that cuts them. */
  readonly offload?: 'cut' | 'super';
}

export interface Packet {
  readonly time: number;
  readonly bytes: Uint8Array;
}

export class Host {
  readonly clock = new VirtualClock(BEGIN);
  readonly core: StackCore;
  /** What left and nobody has taken yet. */
  readonly packets: Packet[] = [];
  /** Memory of what came, for EV_DATA. */
  readonly link: SimLink;
  readonly #port: ScriptPort;
  readonly #alarm: Clock = this.clock.alarm();
  readonly #known = new Set<string>(Object.values(LOCAL));
  readonly #dispatch: (words: Int32Array, count: number) => void;

  /** `dispatch` gets the events of each turn, and may make calls. */
  constructor(options: HostOptions, dispatch: (words: Int32Array, count: number) => void) {
    this.#dispatch = dispatch;
    const wire = new SimWire({ clock: this.clock });
    this.link = new SimLink(wire, { mtu: options.mtu ?? 1500, offload: options.offload ?? 'cut' });
    this.#port = new ScriptPort(wire, { onFrame: (frame, time) => this.#left(frame, time) });
    this.core = new StackCore({
      links: [this.link],
      memory: { region: (_name, bytes) => new ArrayBuffer(bytes) },
      rng: new SeededRng(1),
      maxConnections: 256,
      arenaBytes: 32 << 20,
      tcp: options.tcp,
    });
    for (const address of this.#known) this.core.ip.addAddress(parseAddress(address), 128, 0);
    // Whatever is asked for is a neighbour, and #left answers for it.
    this.core.ip.addRoute(parseAddress('0.0.0.0'), 96, null, 0);
    this.core.ip.addRoute(parseAddress('::'), 0, null, 0);
    this.link.start(
      (n) => this.turn(() => this.core.handleBurst(0, n, this.clock.now())),
      () => {},
    );
  }

  /** `words`: a local address somebody uses. */
  own(words: Int32Array): void {
    const key = words.join();
    if (this.#known.has(key) || words.every((word) => word === 0)) return;
    this.#known.add(key);
    this.core.ip.addAddress(words, 128, 0);
  }

  inject(packet: Uint8Array): void {
    const six = packet[0]! >> 4 === 6;
    const to = new Int32Array(4);
    const view = new DataView(packet.buffer, packet.byteOffset);
    if (six) for (let i = 0; i < 4; i++) to[i] = view.getInt32(24 + 4 * i);
    else to.set([0, 0, 0xffff, view.getInt32(16)]);
    this.own(to);
    const frame = new Uint8Array(ETHER_HEADER + packet.length);
    frame.set(this.link.mac);
    frame.set(this.#port.mac, 6);
    frame.set(six ? IPV6 : IPV4, 12);
    frame.set(packet, ETHER_HEADER);
    this.#port.send(frame);
    this.settle();
  }

  /** What has to happen at this very moment happens. */
  settle(): void {
    this.clock.run(this.clock.now());
  }

  /** What the shell's driver does, as documented at the top of core/api.ts. */
  turn(happens: () => void): void {
    const { core } = this;
    happens();
    do {
      this.#dispatch(core.events.words, core.events.count);
      core.events.count = 0;
      for (let n = core.pollTransmit(0, this.clock.now()); n > 0; n = core.pollTransmit(0, this.clock.now()))
        this.link.flush(n);
    } while (core.events.count > 0);
    core.pollEnd();
    this.#alarm.setAlarm(core.pollAlarm(), () => this.turn(() => core.handleTimers(this.clock.now())));
  }

  #left(frame: Uint8Array, time: number): void {
    const answer = neighbourAnswer(frame, this.#port.mac);
    if (answer !== undefined) return this.#port.send(answer);
    const four = frame[12] === IPV4[0] && frame[13] === IPV4[1];
    const six = frame[12] === IPV6[0] && frame[13] === IPV6[1];
    const bytes = frame.slice(ETHER_HEADER);
    if (!four && !(six && !(bytes[6] === ICMP6 && LINK_MESSAGES.includes(bytes[40]!)))) return;
    this.packets.push({ time, bytes });
  }
}

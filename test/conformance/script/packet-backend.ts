/** Our whole stack in a process of its own, over AF_PACKET: frames through TAP, calls by way of stack.mjs. */
import { fileURLToPath } from 'node:url';
import { Agent, type AgentConfig } from './agent.ts';
import type { Call, Tuple } from './backend.ts';
import { type CoreBackendOptions, SCRIPT_DEFAULTS } from './core-backend.ts';
import { ETHER, KernelBackend, localPort, MAC, PEER_MAC, type Performance } from './kernel-backend.ts';
import { LOCAL } from './kernel-settings.ts';
import { neighbourAnswer } from './neighbour.ts';

const STACK = fileURLToPath(new URL('./stack.mjs', import.meta.url));
/** Between looks at whether a frame has come through, and the most of them. */
const ROUND_MS = 4;
const ROUNDS = 20;

const mac = [...MAC].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
const TAP: AgentConfig = {
  device: 'tap0',
  tap: true,
  sysctl: { 'net.ipv6.conf.all.disable_ipv6': 1, 'net.ipv6.conf.default.disable_ipv6': 1 },
  setup: [`ip link set tap0 address ${mac} mtu 1500 up`],
};

const ARP = 0x06;
/** Sender addresses of ARP and of IPv6, in a frame. */
const ARP_SENDER = [28, 32] as const;
const IPV6_SOURCE = [22, 38] as const;

function isProbe(frame: Uint8Array): boolean {
  return frame.subarray(...(frame[13] === ARP ? ARP_SENDER : IPV6_SOURCE)).every((byte) => byte === 0);
}

/** A wire, and our stack at the end of it. */
export class PacketHost {
  readonly wire: Agent;
  readonly stack: Agent;
  /** Frames put on the wire so far. */
  injected = 0;

  private constructor(wire: Agent, stack: Agent) {
    this.wire = wire;
    this.stack = stack;
    wire.subscribe(0, ({ frame = '' }) => {
      const question = Buffer.from(frame, 'hex');
      // Somebody without an address asks whether it may have one: nobody else has.
      if (isProbe(question)) return;
      const answer = neighbourAnswer(question, PEER_MAC);
      if (answer !== undefined)
        void wire.request('inject', { lport: 0, frames: [Buffer.from(answer).toString('hex')] });
    });
  }

  static async start({ tcp = {}, ip = {} }: CoreBackendOptions): Promise<PacketHost> {
    const wire = await Agent.start(TAP, (frame) => localPort(frame.subarray(ETHER)));
    const config = {
      device: 'tap0',
      addresses: [`${LOCAL[4]}/24`, `${LOCAL[6]}/64`],
      tcp: { ...SCRIPT_DEFAULTS, ...tcp },
      ip,
    };
    const stack = await Agent.beside(wire.side, [process.execPath, STACK, JSON.stringify(config)]);
    return new PacketHost(wire, stack);
  }

  async close(): Promise<void> {
    await this.stack.close();
    await this.wire.close();
  }
}

export class PacketBackend extends KernelBackend {
  readonly #host: PacketHost;

  constructor(host: PacketHost, options: CoreBackendOptions, how: Performance = {}) {
    super(host.wire, options, how);
    this.#host = host;
    host.stack.subscribe(this.lport, (news) => this.hear(news));
  }

  override async inject(frames: readonly Uint8Array[]): Promise<void> {
    this.#host.injected += frames.length;
    await this.put(frames, frames);
    await this.#settle();
  }

  override async call(tuple: Tuple, { name, words, text }: Call): Promise<string> {
    const { value, t } = await this.#host.stack.request('call', {
      ...tuple,
      name,
      words,
      text: Buffer.from(text ?? []).toString('hex'),
    });
    this.happened = t;
    await this.#settle();
    return value;
  }

  override async state(tuple: Tuple): Promise<string> {
    return (await this.#host.stack.request('state', tuple)).value;
  }

  override async close(): Promise<void> {
    this.#host.stack.unsubscribe(this.lport);
    await this.#host.stack.request('forget', { lport: this.lport });
    await super.close();
  }

  protected override framed(frame: Uint8Array): Uint8Array {
    return frame;
  }

  /** What follows at once from what just happened has come when this ends. */
  async #settle(): Promise<void> {
    const awaited = this.#host.injected;
    let come = 0;
    for (let round = 0; come < awaited && round < ROUNDS; round++) {
      if (round > 0) await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
      come = Number((await this.#host.stack.request('sync', {})).value);
    }
    // A frame that the device's filter took is counted nowhere.
    if (come < awaited) this.#host.injected -= awaited - come;
    // One more turn, for what the last frame caused.
    await this.#host.stack.request('sync', {});
    await this.#host.wire.request('sync', {});
  }
}

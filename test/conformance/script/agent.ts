/** A host in a network namespace of its own: its packets come and go through agent.py, so do calls on its sockets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { capability, env, has } from '../../interop/harness/capability.ts';
import { Side } from '../../interop/harness/side.ts';

export interface AgentConfig {
  readonly device: string;
  /** Ethernet frames; otherwise IP packets. */
  readonly tap?: boolean;
  readonly sysctl?: Readonly<Record<string, string | number>>;
  /** Commands, run once the device is there. */
  readonly setup?: readonly string[];
}

/** What the agent says by itself: a packet of the host, or what one of its sockets learned. */
export interface News {
  readonly t: number;
  readonly frame?: string;
  readonly type?: string;
  readonly detail?: string;
  readonly lport?: number;
  readonly remote?: string;
  readonly rport?: number;
  readonly text?: string;
}

export interface Answer {
  readonly value: string;
  /** When it was done: earlier than when we hear of it. */
  readonly t: number;
}

const AGENT = fileURLToPath(new URL('./agent.py', import.meta.url));

/** Why there can be no agents here, or undefined. */
export function noAgents(): string | undefined {
  const can = capability();
  if (!can.ok) return can.reason;
  const reason = !existsSync('/dev/net/tun')
    ? 'there is no /dev/net/tun'
    : has('python3')
      ? undefined
      : 'not installed: python3';
  if (reason !== undefined) console.warn(`scripts on real stacks skipped: ${reason}`);
  return reason;
}

/** Microseconds of the clock that the agent uses too. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export class Agent {
  readonly side: Side;
  readonly #child: ChildProcess;
  readonly #sinks = new Map<number, (news: News) => void>();
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  #portOf: (packet: Uint8Array) => number;
  #next = 1;
  #said = '';
  #over = false;

  private constructor(side: Side, child: ChildProcess, portOf: (packet: Uint8Array) => number) {
    this.side = side;
    this.#child = child;
    this.#portOf = portOf;
    createInterface({ input: child.stdout! }).on('line', (line) => this.#line(line));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    child.stdin?.on('error', () => {});
    child.on('close', () => {
      this.#over = true;
      for (const { reject } of this.#waiting.values()) reject(new Error(`the agent ended: ${this.#said}`));
    });
  }

  /** `portOf`: local port of a packet that the host sent. */
  static async start(config: AgentConfig, portOf: (packet: Uint8Array) => number): Promise<Agent> {
    const can = capability();
    if (!can.ok) throw new Error(can.reason);
    return Agent.beside(await Side.create(can.how), ['python3', AGENT, JSON.stringify(config)], portOf);
  }

  /** A program that takes the same commands, in a namespace that is there. */
  static async beside(side: Side, argv: string[], portOf = (_packet: Uint8Array): number => 0): Promise<Agent> {
    const [command, ...args] = side.argv(...argv);
    const child = spawn(command!, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    const agent = new Agent(side, child, portOf);
    await new Promise<Answer>((resolve, reject) => agent.#waiting.set(0, { resolve, reject }));
    return agent;
  }

  /** What concerns a local port goes to `sink`. */
  subscribe(lport: number, sink: (news: News) => void): void {
    this.#sinks.set(lport, sink);
  }

  unsubscribe(lport: number): void {
    this.#sinks.delete(lport);
  }

  request(command: string, args: object): Promise<Answer> {
    const id = this.#next++;
    if (this.#over) return Promise.reject(new Error(`the agent ended: ${this.#said}`));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, do: command, ...args })}\n`);
    });
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    this.#child.kill('SIGKILL');
    await this.side.close();
  }

  #line(line: string): void {
    const message = JSON.parse(line) as News & { id?: number; value?: string; error?: string; ready?: boolean };
    const id = message.ready ? 0 : message.id;
    if (message.error !== undefined) this.#waiting.get(id!)?.reject(new Error(`agent: ${message.error}`));
    if (id !== undefined) {
      this.#waiting.get(id)?.resolve({ value: message.value ?? '', t: message.t });
      this.#waiting.delete(id);
      return;
    }
    const port = message.lport ?? this.#portOf(Buffer.from(message.frame ?? '', 'hex'));
    this.#sinks.get(port)?.(message);
  }
}

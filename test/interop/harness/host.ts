// A program in a namespace that is one end of a test: our stack or node:net, with the same calls (programs/host.mjs).
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addresses, type Lab } from './lab.ts';
import type { Message, Program } from './program.ts';
import type { Side } from './side.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** What came of one connection; see programs/behaviours.mjs. */
export interface Outcome {
  readonly error?: string | null;
  readonly events: readonly string[];
  readonly sent: number;
  readonly received: number;
  readonly sha: string;
  readonly stalled: number;
  readonly rounds: number;
  readonly ms: number;
  readonly us: number;
}

export interface Storm {
  /** How many connections had which history, or failed with which code. */
  readonly tally: Readonly<Record<string, number>>;
  readonly received: number;
  readonly shas: readonly string[];
  readonly ms: number;
}

export interface StackMetrics {
  readonly connections: number;
  readonly listeners: number;
  readonly rows: number;
  readonly links: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly core: Readonly<Record<string, number>>;
}

/** Why stacks cannot be made here, or undefined. Says it once. */
export function notBuilt(): string | undefined {
  const missing = ['dist/index.js', 'build/Release/usertcp.node'].filter(
    (file) => !existsSync(path(`../../../${file}`)),
  );
  if (missing.length === 0) return undefined;
  const reason = `not built: ${missing.join(', ')} (npm run build)`;
  console.warn(`interop skipped: ${reason}`);
  return reason;
}

export interface StackConfig extends Record<string, unknown> {
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export class Host {
  readonly program: Program;
  #calls = 0;

  private constructor(program: Program) {
    this.program = program;
  }

  /** Our stack on the lab's device, with the lab's addresses. `config`: options of createStack. */
  static stack(lab: Lab, { env, ...config }: StackConfig = {}): Promise<Host> {
    const { stack, prefix } = addresses;
    const own = [`${stack.v4}/${prefix.v4}`, `${stack.v6}/${prefix.v6}`];
    return Host.stackOn(lab.stack, { device: lab.device, addresses: own, env, ...config });
  }

  /** Our stack anywhere, with these options of createStack. */
  static stackOn(side: Side, { env, ...config }: StackConfig): Promise<Host> {
    return Host.#start(side, [JSON.stringify(config)], env);
  }

  /** node:net in the kernel's namespace, or in another one. */
  static kernel(lab: Lab, side: Side = lab.kernel): Promise<Host> {
    return Host.#start(side, []);
  }

  static async #start(side: Side, args: string[], env?: NodeJS.ProcessEnv): Promise<Host> {
    const program = side.node(path('../programs/host.mjs'), args, env);
    await program.ready();
    return new Host(program);
  }

  /** Begins a call; the promise is its answer. */
  async call<T = unknown>(call: string, args: Message = {}, timeout = 30_000): Promise<T> {
    const id = ++this.#calls;
    this.program.send({ id, call, ...args });
    const answer = await this.program.next((m) => m.id === id, timeout);
    if (answer.error !== undefined) throw new Error(`${call}: ${String(answer.error)}`);
    return answer.value as T;
  }

  connect(to: Message, what: Message, timeout?: number): Promise<Outcome> {
    return this.call<Outcome>('connect', { to, ...what }, timeout);
  }

  listen(what: Message): Promise<number> {
    return this.call<number>('listen', what);
  }

  results(args: Message = {}): Promise<Outcome[]> {
    return this.call<Outcome[]>('results', args);
  }

  metrics(): Promise<StackMetrics> {
    return this.call<StackMetrics>('metrics');
  }

  /** The counters of the only device. */
  async counters(): Promise<Readonly<Record<string, number>>> {
    const { links } = await this.metrics();
    const name = Object.keys(links).find((link) => link.startsWith('ut'));
    if (name === undefined) throw new Error(`no device among ${Object.keys(links).join(', ')}`);
    return links[name]!;
  }
}

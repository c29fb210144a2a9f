// programs/plain.mjs in a namespace, with or without `usertcp/register`.
import { fileURLToPath } from 'node:url';
import { addresses, type Lab } from './lab.ts';
import type { Message, Program } from './program.ts';
import type { Side } from './side.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
export const REGISTER = path('../../../dist/register.js');
export const REGISTER_SYNC = path('../../../dist/register-sync.js');

/** An error as the program saw it. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  readonly address: string;
  readonly port: number;
  readonly errors?: readonly Failure[];
}

export interface Connect {
  readonly events: readonly string[];
  readonly ms: number;
  readonly ends: { localAddress?: string; remoteAddress?: string; remotePort?: number; remoteFamily?: string };
  readonly error: Failure | null;
}

export class Plain {
  readonly program: Program;
  #calls = 0;

  constructor(program: Program) {
    this.program = program;
  }

  /** Over our stack on the lab's device. `env`: more of USERTCP_*. */
  static async ours(lab: Lab, env: NodeJS.ProcessEnv = {}, flags = ['--import', REGISTER]): Promise<Plain> {
    const { stack, prefix } = addresses;
    const own = `${stack.v4}/${prefix.v4},${stack.v6}/${prefix.v6}`;
    const more = path('../programs/plain-counts.mjs');
    return Plain.on(lab.stack, flags, {
      USERTCP_DEVICE: lab.device,
      USERTCP_ADDRESSES: own,
      MORE_CALLS: more,
      ...env,
    });
  }

  /** On the kernel alone, without flags. */
  static async on(side: Side, flags: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Plain> {
    const program = side.start([process.execPath, ...flags, path('../programs/plain.mjs')], env);
    await program.ready();
    return new Plain(program);
  }

  async call<T = unknown>(call: string, args: Message = {}, timeout = 20_000): Promise<T> {
    const id = ++this.#calls;
    this.program.send({ id, call, ...args });
    const answer = await this.program.next((m) => m.id === id, timeout);
    if (answer.failed !== undefined) throw Object.assign(new Error(), answer.failed);
    return answer.value as T;
  }

  get(url: string): Promise<string> {
    return this.call('get', { url });
  }

  connect(to: Message, timeout?: number): Promise<Connect> {
    return this.call('connect', { to }, timeout);
  }
}

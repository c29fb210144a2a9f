// A child process in a namespace that speaks JSON lines on its standard output; other lines are kept as text.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export type Message = Record<string, unknown>;
interface Waiter {
  match: (m: Message) => boolean;
  resolve: (m: Message) => void;
  reject: (e: Error) => void;
}

export class Program {
  readonly exited: Promise<number>;
  readonly messages: Message[] = [];
  out = '';
  err = '';
  readonly #child: ChildProcess;
  readonly #title: string;
  #waiters: Waiter[] = [];
  #over = false;

  constructor(child: ChildProcess, title: string) {
    this.#child = child;
    this.#title = title;
    child.stdin?.on('error', () => {});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    createInterface({ input: child.stdout! }).on('line', (line) => this.#line(line));
    this.exited = new Promise((resolve) => {
      const end = (code: number | null): void => {
        this.#over = true;
        for (const w of this.#waiters) w.reject(this.#ended(code));
        this.#waiters = [];
        resolve(code ?? -1);
      };
      child.on('close', end);
      child.on('error', () => end(-1));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** The first message, past or future, that matches. */
  next(match: (m: Message) => boolean, timeout = 15_000): Promise<Message> {
    const seen = this.messages.find(match);
    if (seen !== undefined) return Promise.resolve(seen);
    if (this.#over) return Promise.reject(this.#ended(this.#child.exitCode));
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { match, resolve, reject };
      const late = setTimeout(() => {
        this.#waiters = this.#waiters.filter((w) => w !== waiter);
        reject(new Error(`${this.#title}: no such message in ${timeout} ms\n${this.#said}`));
      }, timeout);
      waiter.resolve = (m) => {
        clearTimeout(late);
        resolve(m);
      };
      waiter.reject = (e) => {
        clearTimeout(late);
        reject(e);
      };
      this.#waiters.push(waiter);
    });
  }

  /** Waits for {"ready": …} or for a plain line that begins with `ready`. */
  ready(timeout?: number): Promise<Message> {
    return this.next((m) => 'ready' in m, timeout);
  }

  /** Sends one JSON line to the program's standard input. */
  send(message: Message): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Closes standard input, then SIGTERM, then SIGKILL after `grace` ms. */
  async stop(grace = 3_000): Promise<number> {
    this.#child.stdin?.end();
    this.kill('SIGTERM');
    const hard = setTimeout(() => this.kill('SIGKILL'), grace);
    const code = await this.exited;
    clearTimeout(hard);
    return code;
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#over) this.#child.kill(signal);
  }

  #line(line: string): void {
    this.out += `${line}\n`;
    const message: Message | undefined = line.startsWith('{')
      ? parse(line)
      : line.startsWith('ready')
        ? { ready: line }
        : undefined;
    if (message === undefined) return;
    this.messages.push(message);
    const hit = this.#waiters.filter((w) => w.match(message));
    this.#waiters = this.#waiters.filter((w) => !hit.includes(w));
    for (const w of hit) w.resolve(message);
  }

  #ended(code: number | null): Error {
    return new Error(`${this.#title}: ended with ${code}\n${this.#said}`);
  }

  /** The last of what it printed. */
  get #said(): string {
    return this.out.slice(-2000) + this.err.slice(-4000);
  }
}

function parse(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}

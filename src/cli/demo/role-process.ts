/** A role of the demo as its parent sees it. */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Namespaces } from './namespaces.ts';
import type { RoleOptions, Told } from './roles.ts';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

export interface Result {
  readonly bytes: number;
  readonly sha256: string;
  readonly seconds: number;
}

/** A promise settled from outside; one that nobody waits for may fail in silence. */
class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
  constructor() {
    this.promise.catch(() => {});
  }
}

export class RoleProcess {
  /** Payload bytes that moved so far, as told now and then. */
  moved = 0;
  warnings: readonly string[] = [];
  readonly #child: ChildProcess;
  readonly #ready = new Deferred<void>();
  readonly #done = new Deferred<Result>();

  constructor(namespaces: Namespaces, where: string, role: string, options: RoleOptions) {
    const command = [process.execPath, MAIN, 'demo', '--role', role, '--with', JSON.stringify(options)];
    this.#child = namespaces.run(where, command, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin!.on('error', () => {});
    this.#child.once('exit', (code) => this.#fail(new Error(`the ${role} ended with code ${code}`)));
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const told = JSON.parse(line) as Told;
      if ('ready' in told) {
        this.warnings = told.warnings;
        this.#ready.resolve();
      } else if ('moved' in told) this.moved = told.moved;
      else if ('done' in told) this.#done.resolve(told.done);
      else this.#fail(new Error(told.failed));
    });
  }

  ready(): Promise<void> {
    return this.#ready.promise;
  }

  result(): Promise<Result> {
    return this.#done.promise;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin!.end();
    await gone;
  }

  #fail(error: Error): void {
    this.#ready.reject(error);
    this.#done.reject(error);
  }
}

// One network namespace. It is held by a process that ends when its standard input closes, so that nothing is left
// behind however the test ends, and entered with nsenter; it has no name and touches nothing of the machine.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { env } from './capability.ts';
import { Program } from './program.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export class Side {
  readonly pid: number;
  readonly #holder: ChildProcess;
  readonly #enter: readonly string[];
  readonly #running = new Set<Program>();

  private constructor(holder: ChildProcess, userns: boolean) {
    this.#holder = holder;
    this.pid = holder.pid!;
    const user = userns ? ['-U', '--preserve-credentials'] : [];
    this.#enter = ['-t', String(this.pid), ...user, '-n', '--'];
  }

  /** `within`: a side whose user namespace owns the new one; links can only be made between namespaces of one owner. */
  static async create(how: 'root' | 'userns', within?: Side): Promise<Side> {
    const hold = ['sh', '-c', 'echo ready; exec cat'];
    const argv =
      how === 'root'
        ? ['unshare', '-n', ...hold]
        : within === undefined
          ? ['unshare', '-Urn', ...hold]
          : ['nsenter', ...within.#enter, 'unshare', '-n', ...hold];
    const holder = spawn(argv[0]!, argv.slice(1), { env, stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout!, 'data');
    const side = new Side(holder, how === 'userns');
    side.run('ip', 'link', 'set', 'lo', 'up');
    return side;
  }

  /** The command line that runs something in this namespace. */
  argv(...command: string[]): string[] {
    return ['nsenter', ...this.#enter, ...command];
  }

  /** Runs to the end; throws when it fails. */
  run(...command: string[]): string {
    return execFileSync('nsenter', [...this.#enter, ...command], {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs to the end and tells how it went. */
  try(command: string[], { input, timeout = 30_000 }: { input?: string | Buffer; timeout?: number } = {}): Ran {
    const r = spawnSync('nsenter', [...this.#enter, ...command], {
      env,
      encoding: 'utf8',
      timeout,
      maxBuffer: 1 << 28,
      ...(input === undefined ? {} : { input }),
    });
    return { code: r.status ?? -1, out: r.stdout ?? '', err: r.stderr ?? '' };
  }

  /** Starts a program that goes on until it ends or the lab closes. */
  start(command: string[], extra: NodeJS.ProcessEnv = {}): Program {
    const child = spawn('nsenter', [...this.#enter, ...command], {
      env: { ...env, ...extra },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const program = new Program(child, command.join(' '));
    this.#running.add(program);
    program.exited.finally(() => this.#running.delete(program));
    return program;
  }

  /** Starts a Node script; await `program.ready()` for the JSON line that has `ready`. */
  node(script: string, args: string[] = [], extra: NodeJS.ProcessEnv = {}): Program {
    return this.start([process.execPath, script, ...args], extra);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((p) => p.stop()));
    this.kill();
  }

  /** Without waiting: for the exit of the process. */
  kill(): void {
    for (const program of this.#running) program.kill('SIGKILL');
    this.#holder.stdin?.destroy();
    this.#holder.kill('SIGKILL');
  }
}

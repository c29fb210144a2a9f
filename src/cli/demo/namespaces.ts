/** Two network namespaces and a veth between them; removed again whatever happens. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { isRunning } from '../../shell/running.ts';

export const STACK4 = '10.99.0.2';
export const STACK6 = 'fd99::2';
export const PEER4 = '10.99.0.1';
export const PEER6 = 'fd99::1';
/** More addresses of the stack's end: of the connections that are captured. */
export const CLIENT4 = '10.99.0.4';
export const CAPTURED4 = '10.99.0.5';
/** The kernel in the stack's namespace: Node's own net listens here, on the same veth. */
export const KERNEL4 = '10.99.0.3';

export class Namespaces {
  /** Our stack lives here. */
  readonly ours = `usertcp-${process.pid}-a`;
  /** The kernel as peer. */
  readonly peer = `usertcp-${process.pid}-b`;
  readonly device = 'utcp0';
  readonly #children = new Set<ChildProcess>();

  /** Undefined when the right to make namespaces is missing; `reason` then says what ip said. */
  static create(): Namespaces | { readonly reason: string } {
    removeStale();
    const made = new Namespaces();
    process.once('exit', () => made.remove());
    for (const command of made.#commands()) {
      const { status, stderr, error } = spawnSync('ip', command.split(' '), { encoding: 'utf8' });
      if (status === 0) continue;
      made.remove();
      return { reason: `ip ${command}: ${error?.message ?? stderr.trim()}` };
    }
    return made;
  }

  /** Runs a command in one of the namespaces. */
  run(where: string, command: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', where, ...command], options);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Also from an exit handler: nothing here waits for the event loop. */
  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.#children.clear();
    for (const name of [this.ours, this.peer]) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  }

  #commands(): string[] {
    const { ours, peer, device } = this;
    return [
      `netns add ${ours}`,
      `netns add ${peer}`,
      `-n ${ours} link add ${device} type veth peer name ${device} netns ${peer}`,
      `-n ${ours} address add ${KERNEL4}/24 dev ${device}`,
      `-n ${peer} address add ${PEER4}/24 dev ${device}`,
      `-n ${peer} address add ${PEER6}/64 dev ${device} nodad`,
      ...[ours, peer].flatMap((name) => [`-n ${name} link set lo up`, `-n ${name} link set ${device} up`]),
    ];
  }
}

/** Namespaces of demos that were killed before they could tidy up. */
function removeStale(): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const [name, pid] of (stdout ?? '').matchAll(/^usertcp-(\d+)-[ab]/gm)) {
    if (!isRunning(Number(pid))) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  }
}

/** `usertcp demo`: the stack against the Linux kernel on a veth, every byte checked, in under a minute. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { native } from '../../link/native.ts';
import { kernelFacts } from '../../shell/coexist/kernel-facts.ts';
import { NFT_ENV } from '../../shell/coexist/nft.ts';
import { ladder } from '../ladder.ts';
import type { Terminal } from '../terminal.ts';
import { downloadHash, downloadSpeed, type Transfer, uploadHash } from './curl.ts';
import { CAPTURED4, CLIENT4, KERNEL4, Namespaces, PEER4, STACK4, STACK6 } from './namespaces.ts';
import { GIB, MIB, payloadHash } from './payload.ts';
import { gigabits, outcome, type Speeds } from './race.ts';
import { RoleProcess } from './role-process.ts';
import { simulatedDemo } from './simulated.ts';

const DOWNLOAD = GIB;
const UPLOAD = 256 * MIB;
const CLIENT = 256 * MIB;
/** Of the two connections that are drawn. */
const DRAWN = 64 * MIB;
const RACE = 512 * MIB;
/** A machine's speed changes from second to second. */
const ROUNDS = 5;
/** ms after which the comparison of speeds, which proves nothing, is left out: the demo takes less than a minute. */
const PATIENCE_MS = 40_000;
const PORT = 8080;
/** Set in the process that runs inside of the user namespace. */
const INNER = 'USERTCP_DEMO_INNER';
const PROGRESS_MS = 200;
const ADDRESSES = [`${STACK4}/24`, `${STACK6}/64`];

/** Returns the exit code. */
export async function runDemo(terminal: Terminal): Promise<number> {
  const lacks = lacking();
  if (lacks !== undefined) {
    terminal.line(`The wire is simulated: ${lacks}`);
    return simulatedDemo(terminal);
  }
  const namespaces = Namespaces.create();
  if (namespaces instanceof Namespaces) return withNamespaces(namespaces, terminal);
  if (process.env[INNER] === undefined && userNamespaceWorks()) return inUserNamespace();
  terminal.line(`No right to make network namespaces here (${namespaces.reason}): the wire is simulated instead.`);
  return simulatedDemo(terminal);
}

/** Why there can be no wire on this machine; undefined = there can, given the right. `ip` is asked by whoever makes the namespaces. */
function lacking(): string | undefined {
  try {
    native();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const absent = (command: string, env?: NodeJS.ProcessEnv): boolean =>
    spawnSync(command, ['--version'], { stdio: 'ignore', env }).error !== undefined;
  const missing = ['curl', 'bash', 'sha256sum'].filter((command) => absent(command));
  // A namespace forwards when its host does, and beside a kernel that forwards the stack needs its rules.
  if (kernelFacts().forwards4 && absent('nft', NFT_ENV)) missing.push('nft');
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
}

async function withNamespaces(namespaces: Namespaces, terminal: Terminal): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'usertcp-demo-'));
  const tidy = (): void => {
    namespaces.remove();
    rmSync(directory, { recursive: true, force: true });
  };
  const interrupted = (): void => {
    tidy();
    process.exit(130);
  };
  process.once('exit', tidy).once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return (await new Demo(namespaces, terminal, directory).run()) ? 0 : 1;
  } finally {
    tidy();
    process.off('exit', tidy).off('SIGINT', interrupted).off('SIGTERM', interrupted);
  }
}

/** Network, mounts and root of our own; /run must be ours, too, because `ip netns` keeps its names there. */
const UNSHARE = ['--user', '--map-root-user', '--net', '--mount'];

function userNamespaceWorks(): boolean {
  return spawnSync('unshare', [...UNSHARE, 'true'], { stdio: 'ignore' }).status === 0;
}

async function inUserNamespace(): Promise<number> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const script = 'mount -t tmpfs tmpfs /run && exec "$@"';
  const child = spawn('unshare', [...UNSHARE, 'sh', '-c', script, 'sh', process.execPath, main, 'demo'], {
    stdio: 'inherit',
    env: { ...process.env, [INNER]: '1' },
  });
  process.on('SIGINT', () => {}).on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

class Demo {
  readonly #ns: Namespaces;
  readonly #terminal: Terminal;
  readonly #directory: string;
  readonly #started = performance.now();
  #failures = 0;

  constructor(namespaces: Namespaces, terminal: Terminal, directory: string) {
    this.#ns = namespaces;
    this.#terminal = terminal;
    this.#directory = directory;
  }

  /** Whether every hash was right. */
  async run(): Promise<boolean> {
    this.#terminal.line(
      this.#terminal.bold(`usertcp at ${STACK4} and ${STACK6}, the Linux kernel at the other end of a veth`),
    );
    const server = new RoleProcess(this.#ns, this.#ns.ours, 'server', {
      device: this.#ns.device,
      addresses: ADDRESSES,
      port: PORT,
    });
    await server.ready();
    for (const warning of server.warnings) this.#terminal.line(this.#terminal.faint(`note: ${warning}`));
    await this.#curlAgainst(server);
    await this.#client();
    await this.#drawn();
    if (performance.now() - this.#started < PATIENCE_MS) await this.#speeds(server);
    else this.#terminal.line(this.#terminal.faint('note: this machine is busy, speeds are not compared'));
    await server.stop();
    return this.#failures === 0;
  }

  async #curlAgainst(server: RoleProcess): Promise<void> {
    this.#terminal.progress('  … hashing what will be sent');
    const down = payloadHash(DOWNLOAD);
    const up = payloadHash(UPLOAD);
    for (const [family, host] of [
      ['IPv4', STACK4],
      ['IPv6', `[${STACK6}]`],
    ]) {
      const url = `http://${host}:${PORT}`;
      await this.#step(`curl downloads 1 GiB over ${family}`, DOWNLOAD, down, server, () =>
        downloadHash(this.#ns, `${url}/bytes/${DOWNLOAD}`),
      );
      await this.#step(`curl uploads 256 MiB over ${family}`, UPLOAD, up, server, () =>
        uploadHash(this.#ns, `${url}/`, UPLOAD),
      );
    }
  }

  /** Our client against the kernel's server; the connection is captured and drawn from where our end begins. */
  async #client(): Promise<void> {
    const peer = new RoleProcess(this.#ns, this.#ns.peer, 'kernel-server', { port: PORT });
    await peer.ready();
    const client = new RoleProcess(this.#ns, this.#ns.ours, 'client', {
      device: this.#ns.device,
      addresses: [`${CLIENT4}/24`],
      url: `http://${PEER4}:${PORT}/bytes/${CLIENT}`,
      capture: this.#file('client'),
    });
    await this.#step('our client downloads 256 MiB from the kernel', CLIENT, payloadHash(CLIENT), client, () =>
      client.result(),
    );
    await client.stop();
    await peer.stop();
  }

  /** One download from our HTTP server, captured. It closes first, so our end is seen to go all the way to TIME_WAIT. */
  async #drawn(): Promise<void> {
    const server = new RoleProcess(this.#ns, this.#ns.ours, 'server', {
      device: this.#ns.device,
      addresses: [`${CAPTURED4}/24`],
      port: PORT,
      capture: this.#file('server'),
    });
    await server.ready();
    const url = `http://${CAPTURED4}:${PORT}/bytes/${DRAWN}`;
    await this.#step('curl downloads 64 MiB and says "Connection: close"', DRAWN, payloadHash(DRAWN), server, () =>
      downloadHash(this.#ns, url, ['--header', 'Connection: close']),
    );
    await server.stop();
    this.#draw('That connection of our server, from its capture; # is the state of our end', 'server');
    this.#draw('And the one of our client', 'client');
  }

  #draw(title: string, name: string): void {
    this.#terminal.line();
    this.#terminal.line(this.#terminal.bold(title));
    const options = { color: this.#terminal.color, width: this.#terminal.columns ?? 100 };
    this.#terminal.line(ladder(readFileSync(this.#file(name)), options));
  }

  #file(name: string): string {
    return join(this.#directory, `${name}.pcapng`);
  }

  async #speeds(server: RoleProcess): Promise<void> {
    const kernel = new RoleProcess(this.#ns, this.#ns.ours, 'kernel-server', { port: PORT + 1 });
    await kernel.ready();
    const path = `bytes/${RACE}`;
    const speeds: Speeds[] = [];
    do {
      const theirs = await this.#watched("Node's net sends 512 MiB", RACE, kernel, () =>
        downloadSpeed(this.#ns, `http://${KERNEL4}:${PORT + 1}/${path}`),
      );
      const ours = await this.#watched('usertcp sends 512 MiB', RACE, server, () =>
        downloadSpeed(this.#ns, `http://${STACK4}:${PORT}/${path}`),
      );
      speeds.push({ ours, theirs });
    } while (speeds.length < ROUNDS && performance.now() - this.#started < PATIENCE_MS);
    await kernel.stop();
    this.#terminal.line(
      this.#terminal.bold('The same HTTP server and curl, 512 MiB from each in turn, nobody hashing'),
    );
    for (const line of outcome(speeds)) this.#terminal.line(line);
  }

  async #step(
    what: string,
    bytes: number,
    expected: string,
    moving: RoleProcess,
    work: () => Promise<Transfer>,
  ): Promise<void> {
    const { sha256, seconds } = await this.#watched(what, bytes, moving, work);
    const right = sha256 === expected;
    if (!right) this.#failures++;
    const verdict = right
      ? this.#terminal.good('same SHA-256')
      : this.#terminal.bad(`SHA-256 is ${sha256}, not ${expected}`);
    this.#terminal.line(`  ${what}: ${seconds.toFixed(1)} s, ${gigabits(bytes / seconds)}, ${verdict}`);
  }

  /** Shows how far the work is, by what `moving` tells. */
  async #watched<T>(what: string, bytes: number, moving: RoleProcess, work: () => Promise<T>): Promise<T> {
    const before = moving.moved;
    const timer = setInterval(() => {
      const percent = Math.min(100, Math.floor((100 * (moving.moved - before)) / bytes));
      this.#terminal.progress(`  … ${what} ${percent} %`);
    }, PROGRESS_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }
}

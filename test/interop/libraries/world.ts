// Two hosts on one wire: the namespace whose Node programs run on our stack by `--import dist/register.js`, and the kernel's.
// A program is the same file on either side, and knows nothing of us.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addresses, Lab, type Message, type Program } from '../harness/index.ts';
import { certificates } from './certificates.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const REGISTER = path('../../../dist/register.js');
/** USERTCP_STOCK=1: our part is played by the kernel too, which shows whether a scenario is right. */
const STOCK = process.env.USERTCP_STOCK === '1';

export type Who = 'our server' | 'our client';
export const both: readonly Who[] = ['our server', 'our client'];

export class World {
  readonly lab: Lab;
  /** Removed at the end, however it comes. */
  readonly folder: string;
  #running: Program[] = [];
  readonly #remove = (): void => rmSync(this.folder, { recursive: true, force: true });

  private constructor(lab: Lab, folder: string) {
    this.lab = lab;
    this.folder = folder;
    process.once('exit', this.#remove);
  }

  static async create(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'usertcp-libraries-'));
    const world = new World(await Lab.create({ offloads: true }), folder);
    chmodSync(folder, 0o755);
    certificates(folder);
    if (STOCK) {
      const { stack, prefix } = addresses;
      world.lab.stack.run('ip', 'addr', 'add', `${stack.v4}/${prefix.v4}`, 'dev', world.lab.device);
    }
    return world;
  }

  /** A program on our stack. */
  ours(name: string, role: string, options: Message = {}): Program {
    const { stack, prefix } = addresses;
    const own = `${stack.v4}/${prefix.v4},${stack.v6}/${prefix.v6}`;
    const env = { USERTCP_DEVICE: this.lab.device, USERTCP_ADDRESSES: own };
    const script = this.#script(name, role, options);
    if (STOCK) return this.#started(this.lab.stack.start([process.execPath, ...script]));
    return this.#started(this.lab.stack.start([process.execPath, '--import', REGISTER, ...script], env));
  }

  /** The same program on the kernel. */
  stock(name: string, role: string, options: Message = {}): Program {
    return this.#started(this.lab.kernel.start([process.execPath, ...this.#script(name, role, options)]));
  }

  #started(program: Program): Program {
    this.#running.push(program);
    return program;
  }

  /** Ends the Node programs: a wire bears one stack with our address. */
  async curtain(): Promise<void> {
    const running = this.#running.reverse();
    this.#running = [];
    for (const program of running) await program.stop();
  }

  /** Starts both ends, and returns the client, which is told where the server is. */
  async cast(who: Who, name: string, options: Message = {}): Promise<Program> {
    const serves = who === 'our server';
    const server = serves ? this.ours(name, 'server', options) : this.stock(name, 'server', options);
    await server.ready(40_000);
    const host = serves ? addresses.stack.v4 : addresses.kernel.v4;
    const to = { host, ...options };
    return serves ? this.stock(name, 'client', to) : this.ours(name, 'client', to);
  }

  /** A client whose server is a real one, at these ports of the kernel: ours, or a stock one by way of a relay on our stack. */
  async reach(who: Who, name: string, ports: number[], options: Message = {}): Promise<Program> {
    if (who === 'our client') return this.ours(name, 'client', { host: addresses.kernel.v4, ...options });
    const relay = this.ours('relay', 'server', { host: addresses.kernel.v4, ports });
    await relay.ready(40_000);
    return this.stock(name, 'client', { host: addresses.stack.v4, ...options });
  }

  /** Runs a shell line in the kernel's namespace, and returns what it prints. */
  sh(line: string, input?: string): string {
    const r = this.lab.kernel.try(['sh', '-c', line], { ...(input !== undefined && { input }) });
    if (r.code !== 0) throw new Error(`${line}: ${r.code} ${r.out.slice(-1000)} ${r.err.slice(-1000)}`);
    return r.out.trim();
  }

  async close(): Promise<void> {
    await this.lab.close();
    process.off('exit', this.#remove);
    this.#remove();
  }

  #script(name: string, role: string, options: Message): string[] {
    return [path(`programs/${name}.mjs`), role, JSON.stringify({ folder: this.folder, ...options })];
  }
}

/** One test for each scenario that a client plays, and one that nothing keeps it alive afterwards. */
export function played(names: readonly string[], world: () => World, start: (world: World) => Promise<Program>): void {
  let client: Program;
  beforeAll(async () => {
    client = await start(world());
  });
  afterAll(async () => {
    await world().curtain();
  });
  test.each(names)('%s', async (name) => {
    const told = await client.next((m) => m.scenario === name || m.played === true, 30_000);
    expect(told.outcome ?? 'not played').toBe('ok');
  });
  test('ends by itself', async () => {
    await client.next((m) => m.played === true, 30_000);
    const late = setTimeout(() => client.kill('SIGKILL'), 8_000);
    expect(await client.exited, client.err).toBe(0);
    clearTimeout(late);
    expect(client.messages.map((m) => m.scenario).filter((name) => name !== undefined)).toEqual(names);
    expect(client.err).toBe('');
  });
}

/**
 * The rules between the kernel and our packets. Ingress rules hide them from it after we have seen them; watch rules
 * count, and drop, what it does about them all the same. The tables are owned by a child `nft -i` whose standard input
 * is our pipe: when we end, however suddenly, the child reads the end of file, the kernel removes its tables, and the
 * shell around it runs what else is to be undone.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { StackError } from '../errors.ts';
import { chainName, tableName } from './claims.ts';
import { NFT_ENV } from './nft.ts';
import type { Plan, Wish } from './plan.ts';

const ATTEMPTS = 50;
const PAUSE_MS = 20;
const INSTALL = 'sudo apt-get install nftables';
const GRANT =
  'sudo npx usertcp open DEVICE -- node app.js has it done for you; or run in a namespace of your own (unshare -Urn)';
/**
 * $@ is the command that undoes the rest, if any. A service manager tells all processes of a service to end at once: the end
 * of our pipe alone ends the guard and its nft, which inherits what is ignored. Node does not, so that the undoing is begun
 * anew when a signal ends it; that the shell may tell to a pipe which nobody reads any more.
 */
const GUARD = 'trap "" TERM INT HUP QUIT PIPE; nft -i; [ $# -eq 0 ] || "$@" || "$@"';

/** What the kernel did in our place: how often, and in words. */
export interface Offence {
  readonly packets: number;
  readonly what: string;
}

export interface Counts {
  /** Packets for us that were hidden from the kernel. */
  readonly hidden: number;
  readonly offences: readonly Offence[];
}

export class Fence {
  readonly table: string;
  readonly #child: ChildProcess;

  private constructor(table: string, child: ChildProcess) {
    this.table = table;
    this.#child = child;
  }

  /**
   * Resolves when the kernel lists the rules. Rejects with StackError that says what is missing and how to get it.
   * `afterwards` runs when the tables are gone, also after `kill -9`; what it undoes is done by `armed`, which is called when nothing
   * can keep it from running any more.
   */
  static async install(
    where: Pick<Wish, 'device' | 'vlan'>,
    plan: Plan,
    afterwards: readonly string[] = [],
    armed = (): void => {},
  ): Promise<Fence> {
    const table = tableName(randomBytes(3).toString('hex'));
    // A session of its own: Ctrl-C at the terminal must not take the rules away while connections still end in order.
    const child = spawn('sh', ['-c', GUARD, 'usertcp-guard', ...afterwards], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: NFT_ENV,
      detached: true,
    });
    const complaint = { text: '', over: false };
    child.on('error', (error) => {
      complaint.text += error.message;
      complaint.over = true;
    });
    child.on('exit', () => {
      complaint.over = true;
    });
    child.stdin!.on('error', () => {});
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      complaint.text += text;
    });
    armed();
    child.stdin!.write(script(table, where, plan));
    const fence = new Fence(table, child);
    try {
      await fence.#listed(plan.rules.length + plan.watch.length, complaint);
    } catch (error) {
      child.stdin!.end();
      throw error;
    }
    child.unref();
    for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref?(): void }).unref?.();
    return fence;
  }

  /** Whether the guard has ended. */
  get over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What the rules saw so far; undefined when they are gone, or when we may not look any more. */
  async counts(): Promise<Counts | undefined> {
    const text = await list(this.table);
    if (!text.includes(this.table)) return undefined;
    let hidden = 0;
    const offences: Offence[] = [];
    for (const [, count, what] of text.matchAll(/counter packets (\d+) bytes \d+ drop(?: comment "([^"]*)")?/g)) {
      const packets = Number(count);
      if (what === undefined) hidden += packets;
      else if (packets > 0) offences.push({ packets, what });
    }
    return { hidden, offences };
  }

  /** Resolves when the kernel has removed the tables and what was to follow is done. */
  async remove(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      if (this.over) return resolve();
      this.#child.ref();
      this.#child.once('exit', () => resolve());
    });
    this.#child.stdin!.end();
    await gone;
  }

  async #listed(rules: number, complaint: { readonly text: string; readonly over: boolean }): Promise<void> {
    for (let i = 0; i < ATTEMPTS; i++) {
      if (complaint.over || /Error|not found/.test(complaint.text)) break;
      const text = await list(this.table);
      if (text.includes(this.table) && text.split(/\bdrop\b/).length > rules) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    throw new StackError('ERR_USERTCP_NFT', explain(complaint.text));
  }
}

function script(table: string, { device, vlan }: Pick<Wish, 'device' | 'vlan'>, { rules, watch }: Plan): string {
  const chain = chainName(vlan);
  return [
    `add table netdev ${table} { flags owner; }`,
    `add chain netdev ${table} ${chain} { type filter hook ingress device "${device}" priority filter; policy accept; }`,
    ...rules.map((rule) => `add rule netdev ${table} ${chain} ${rule.replace(/drop$/, 'counter drop')}`),
    `add table inet ${table} { flags owner; }`,
    ...['output', 'forward'].map(
      (hook) => `add chain inet ${table} ${hook} { type filter hook ${hook} priority raw; policy accept; }`,
    ),
    ...watch.map(
      ({ hook, match, proves }) => `add rule inet ${table} ${hook} ${match} counter drop comment "${proves}"`,
    ),
    '',
  ].join('\n');
}

/** Both tables as text, '' when there are none. */
async function list(table: string): Promise<string> {
  const texts = ['netdev', 'inet'].map(
    (family) =>
      new Promise<string>((resolve) => {
        execFile('nft', ['list', 'table', family, table], { env: NFT_ENV }, (_error, stdout) => resolve(stdout));
      }),
  );
  return (await Promise.all(texts)).join('\n');
}

function explain(text: string): string {
  if (/ENOENT|not found/.test(text)) return `nft is not installed; to install: ${INSTALL}`;
  if (/not permitted|denied/.test(text)) return `nft needs CAP_NET_ADMIN; ${GRANT}`;
  return `nft did not take the ingress rules: ${text.trim() || 'no answer in a second'}`;
}

/**
 * Rules that hide our packets from the kernel after we have seen them: an nftables chain at netdev ingress. The table is
 * owned by a child `nft -i` whose standard input is our pipe: when we end, however suddenly, the child reads the end
 * of file and the kernel removes the table with it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { StackError } from '../errors.ts';

const ATTEMPTS = 50;
const PAUSE_MS = 20;
const NFT_PATH = '/usr/sbin:/sbin';
const INSTALL = 'sudo apt-get install nftables';
const GRANT = 'run as root, or in a namespace of your own (unshare -Urn)';

const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:${NFT_PATH}` };

export class IngressDrop {
  readonly table: string;
  readonly #child: ChildProcess;

  private constructor(table: string, child: ChildProcess) {
    this.table = table;
    this.#child = child;
  }

  /** Resolves when the kernel lists the rules. Rejects with StackError that says what is missing and how to get it. */
  static async install(device: string, rules: readonly string[]): Promise<IngressDrop> {
    const table = `usertcp_${process.pid}_${randomBytes(3).toString('hex')}`;
    const child = spawn('nft', ['-i'], { stdio: ['pipe', 'ignore', 'pipe'], env });
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
    child.stdin!.write(
      [
        `add table netdev ${table} { flags owner; }`,
        `add chain netdev ${table} ingress { type filter hook ingress device "${device}" priority filter; policy accept; }`,
        ...rules.map((rule) => `add rule netdev ${table} ingress ${rule}`),
        '',
      ].join('\n'),
    );
    const drop = new IngressDrop(table, child);
    try {
      await drop.#listed(rules.length, complaint);
    } catch (error) {
      child.kill();
      throw error;
    }
    child.unref();
    for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref?(): void }).unref?.();
    return drop;
  }

  /** Whether the kernel still has the rules. */
  async present(): Promise<boolean> {
    return (await list(this.table)).includes('drop');
  }

  /** Resolves when the kernel has removed the table. */
  async remove(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return resolve();
      this.#child.ref();
      this.#child.once('exit', () => resolve());
    });
    this.#child.stdin!.end();
    await gone;
  }

  async #listed(rules: number, complaint: { readonly text: string; readonly over: boolean }): Promise<void> {
    for (let i = 0; i < ATTEMPTS; i++) {
      if (complaint.over || complaint.text.includes('Error')) break;
      const drops = (await list(this.table)).split(/\bdrop\b/).length - 1;
      if (drops >= rules) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    throw new StackError('ERR_USERTCP_NFT', explain(complaint.text));
  }
}

function list(table: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('nft', ['list', 'table', 'netdev', table], { env }, (_error, stdout) => resolve(stdout));
  });
}

function explain(text: string): string {
  if (text.includes('ENOENT')) return `nft is not installed; to install: ${INSTALL}`;
  if (/not permitted|denied/.test(text)) return `nft needs CAP_NET_ADMIN; ${GRANT}`;
  return `nft did not take the ingress rules: ${text.trim() || 'no answer in a second'}`;
}

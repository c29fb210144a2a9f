// Whether this process may make network namespaces, and how; otherwise the reason, for the line of a skipped group.
import { spawnSync } from 'node:child_process';

export type Capability =
  | { readonly ok: true; readonly how: 'root' | 'userns' }
  | { readonly ok: false; readonly reason: string };

/** `ip` and friends live in sbin, which an ordinary user's PATH may lack. */
export const env: NodeJS.ProcessEnv = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

const works = (...argv: string[]): boolean => spawnSync(argv[0]!, argv.slice(1), { env, stdio: 'ignore' }).status === 0;

export function has(command: string): boolean {
  return works('sh', '-c', `command -v ${command}`);
}

let known: Capability | undefined;

/** Says why once in each process when the answer is no. */
export function capability(): Capability {
  if (known === undefined) {
    known = probe();
    if (!known.ok) console.warn(`interop skipped: ${known.reason}`);
  }
  return known;
}

function probe(): Capability {
  if (process.platform !== 'linux') return { ok: false, reason: `${process.platform} has no network namespaces` };
  const lacks = ['ip', 'unshare', 'nsenter'].filter((c) => !has(c));
  if (lacks.length > 0)
    return { ok: false, reason: `not installed: ${lacks.join(', ')} (Debian: iproute2, util-linux)` };
  const veth = 'ip link add utp0 type veth peer name utp1';
  if (works('unshare', '-n', 'sh', '-c', veth)) return { ok: true, how: 'root' };
  if (works('unshare', '-Urn', 'sh', '-c', veth)) return { ok: true, how: 'userns' };
  return { ok: false, reason: 'neither root nor unprivileged user namespaces may make a veth pair here' };
}

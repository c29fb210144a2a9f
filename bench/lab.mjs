// Where benches run: a mount namespace with a /run of its own, so that names of network namespaces collide with nobody's
// and the kernel takes them away with the last process. Without root, in a user namespace as well.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGroup } from '../scripts/group.mjs';
import { path, run, say, which } from '../scripts/prepare.mjs';

export const binaries = process.env.PEERS_BIN ?? join(tmpdir(), 'peers-bin');
export const peersDir = path('bench/peers');
const how = () => (process.getuid?.() === 0 ? '-m' : '-Urnm');
const shell = 'mount -t tmpfs tmpfs /run && exec "$0" "$@"';

/** Why a bench cannot run here, or undefined. */
export function cannot() {
  if (process.platform !== 'linux') return `${process.platform} has no network namespaces`;
  const lacks = ['ip', 'unshare', 'python3', 'gcc', 'ethtool'].filter((command) => !which(command));
  if (lacks.length > 0) return `not installed: ${lacks.join(', ')}`;
  const veth = 'ip netns add utp && ip link add utp0 type veth peer name utp1 netns utp && ip link del utp0';
  const r = spawnSync('unshare', [`${how()}n`, 'sh', '-c', shell, 'sh', '-c', veth], { stdio: 'ignore' });
  return r.status === 0 ? undefined : 'neither root nor unprivileged user namespaces may make a veth pair here';
}

/** Starts this program again inside, once, and ends with its code. A signal that ends this one ends all that was started inside. */
export async function enterNamespace() {
  if (process.env.USERTCP_BENCH_INSIDE) return;
  await unshared([how(), 'sh', '-c', shell, process.execPath, ...process.argv.slice(1)], { USERTCP_BENCH_INSIDE: '1' });
}

/** Goes on as `unshare` with these arguments. */
export async function unshared(argv, more) {
  const env = { ...process.env, ...more };
  const inside = startGroup('unshare', argv, { stdio: ['inherit', 'inherit', 'inherit'], env, grace: 3000 });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => inside.stop(signal));
  process.exit(await inside.ended);
}

export function buildPeers() {
  if (!which('gcc')) {
    say('no gcc: the load client cannot be built, so nothing can be measured');
    process.exit(1);
  }
  if (run(join(peersDir, 'build.sh'), [], { quiet: true, env: { PEERS_BIN: binaries } }) !== 0) {
    say('a peer did not build (see above); going on with the others');
  }
}

/** The veth pair of bench/peers/ns.sh, until this process ends. */
export function wire(env = {}) {
  const down = () => spawnSync(join(peersDir, 'ns.sh'), ['down'], { stdio: 'ignore' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  if (run(join(peersDir, 'ns.sh'), ['up'], { env }) !== 0) {
    down();
    process.exit(1);
  }
  process.on('exit', down);
}

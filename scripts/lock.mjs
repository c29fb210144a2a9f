// node scripts/lock.mjs: completes package-lock.json after a change of dependencies. A registry mirror that does not
// carry the binaries of other platforms makes npm leave their optional entries out, and then `npm ci` refuses the lock
// everywhere. Also takes out download addresses, which would tie everyone to one registry.
import { readFileSync, writeFileSync } from 'node:fs';
import { path } from './prepare.mjs';

const file = path('package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const packages = lock.packages;
const systems = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32', 'aix'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

/** Name parts tell the platform: every project names its binaries that way. */
function platform(name) {
  const parts = name.split(/[/-]/);
  const os = name === 'fsevents' ? 'darwin' : systems.find((s) => parts.includes(s));
  const cpu = processors.find((p) => parts.includes(p));
  const libc = ['musl', 'glibc', 'gnu'].find((l) => parts.includes(l))?.replace('gnu', 'glibc');
  // In the order npm itself writes.
  return {
    ...(cpu ? { cpu: [cpu] } : {}),
    dev: true,
    ...(libc ? { libc: [libc] } : {}),
    optional: true,
    ...(os ? { os: [os] } : {}),
  };
}

let added = 0;
for (const [at, entry] of Object.entries(packages)) {
  delete entry.resolved;
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (packages[`${at}/node_modules/${name}`] || packages[`node_modules/${name}`]) continue;
    const version = range.replace(/^[~^]/, '');
    packages[`node_modules/${name}`] = { version, ...platform(name) };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} optional entries added`);

// npm run build: generated files are checked, TypeScript → dist, C++ → build/Release. Does nothing when nothing changed.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkNode, ensureModules, ensurePackages, path, run, say, which } from './prepare.mjs';

function files(dir, keep) {
  return readdirSync(path(dir), { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile() && keep.test(e.name))
    .map((e) => `${e.parentPath ?? e.path}/${e.name}`);
}

/** Names, sizes and times of everything that decides what tsc writes; so a removed file counts as a change. */
function fingerprint() {
  const inputs = [...files('src', /\.ts$/), path('tsconfig.json'), path('node_modules/typescript/package.json')];
  return inputs
    .sort()
    .map((f) => `${f} ${statSync(f).size} ${statSync(f).mtimeMs}`)
    .join('\n');
}

/** What dist holds of sources that are gone. */
function removeOrphans() {
  for (const file of files('dist', /\.(js|js\.map|d\.ts)$/)) {
    const source = file.slice(path('dist').length).replace(/\.(js|js\.map|d\.ts)$/, '.ts');
    if (!existsSync(path('src') + source)) rmSync(file);
  }
}

function buildTypeScript() {
  const marker = path('.cache/dist.inputs');
  const now = fingerprint();
  const fresh = existsSync(path('dist')) && existsSync(marker) && readFileSync(marker, 'utf8') === now;
  if (fresh) return true;
  if (run(process.execPath, [path('node_modules/typescript/bin/tsc'), '-p', path('tsconfig.json')]) !== 0) return false;
  removeOrphans();
  mkdirSync(path('.cache'), { recursive: true });
  writeFileSync(marker, now);
  return true;
}

/** True when built or when there is nothing to build it with: everything but a real interface works without. */
function buildNative() {
  if (!existsSync(path('scripts/build-native.mjs'))) return true;
  const lacks = ['g++', 'make', 'python3'].filter(
    (c) => !which(c) && !(c === 'g++' && (process.env.CXX || which('clang++'))),
  );
  if (process.platform !== 'linux' || lacks.length > 0) {
    const why = process.platform === 'linux' ? `no ${lacks.join(', ')}` : `${process.platform} is not Linux`;
    say(`native part not built (${why}): the simulated wire works, real interfaces do not`);
    return true;
  }
  return run(process.execPath, [path('scripts/build-native.mjs')]) === 0;
}

export function build() {
  if (run(process.execPath, [path('scripts/generate-tcb.mjs'), '--check']) !== 0) return false;
  if (!buildTypeScript()) {
    say('tsc found errors');
    return false;
  }
  if (!buildNative()) {
    say('the native part did not compile');
    return false;
  }
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  checkNode();
  ensurePackages('build');
  ensureModules();
  process.exit(build() ? 0 : 1);
}

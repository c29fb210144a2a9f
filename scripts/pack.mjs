// What `npm pack` puts into the tarball, and whether a program that installs it can use it.
// Files: dist is exactly the compiled src, the rest is the list in .ci/pack-files.txt (`scripts/ci.sh pack --update` writes
// it), and no binding.gyp, which would start a build at the consumer's install. Then publint and arethetypeswrong look at
// the tarball, and it is unpacked where nothing else is and used, on Linux by its own prebuilt addon.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prebuild } from './prebuild.mjs';
import { path, root, run, say } from './prepare.mjs';

const snapshot = path('.ci/pack-files.txt');

export function pack(update = false) {
  const made = prebuild();
  const dir = mkdtempSync(join(tmpdir(), 'usertcp-pack-'));
  try {
    const r = spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', dir], {
      cwd: root,
      encoding: 'utf8',
    });
    if (r.status !== 0) {
      say(`npm pack: ${r.stderr}`);
      return { failed: 1 };
    }
    const [{ files, filename, size, unpackedSize }] = JSON.parse(r.stdout);
    say(`${filename}: ${Math.round(size / 1024)} KiB packed, ${Math.round(unpackedSize / 1024)} KiB unpacked`);
    const tarball = join(dir, filename);
    return sum([
      ...contents(
        files.map((f) => f.path),
        update,
      ),
      publint(tarball),
      typesAreRight(tarball),
      ...consume(tarball, dir, made),
    ]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** `checks` are true, false, or why there was none. */
function sum(checks) {
  const reasons = checks.filter((check) => typeof check === 'string');
  for (const why of reasons) say(`pack: skipped: ${why}`);
  return {
    passed: checks.filter((check) => check === true).length,
    failed: checks.filter((check) => check === false).length,
    skipped: reasons.length,
  };
}

function contents(files, update) {
  const modules = readdirSync(path('src'), { recursive: true })
    .filter((f) => f.endsWith('.ts'))
    .map((f) => `dist/${f.slice(0, -3)}`);
  const compiled = modules.flatMap((m) => [`${m}.js`, `${m}.js.map`, `${m}.d.ts`]);
  const rest = files.filter((f) => !f.startsWith('dist/')).sort();
  if (update) writeFileSync(snapshot, `${rest.join('\n')}\n`);
  const wanted = existsSync(snapshot) ? readFileSync(snapshot, 'utf8').trim().split('\n') : [];
  return [
    ['the tarball lacks', [...compiled, ...wanted].filter((f) => !files.includes(f))],
    ['the tarball should not have', files.filter((f) => ![...compiled, ...wanted].includes(f))],
    ['would start a build at install', files.filter((f) => f.endsWith('binding.gyp'))],
  ].map(([what, list]) => {
    if (list.length > 0) say(`${what}: ${list.join(' ')}`);
    return list.length === 0;
  });
}

function publint(tarball) {
  const bin = path('node_modules/publint/src/cli.js');
  return existsSync(bin) ? run(process.execPath, [bin, 'run', tarball, '--strict']) === 0 : 'publint is not installed';
}

function typesAreRight(tarball) {
  const bin = path('node_modules/@arethetypeswrong/cli/dist/index.js');
  if (!existsSync(bin)) return '@arethetypeswrong/cli is not installed';
  return run(process.execPath, [bin, tarball, '--profile', 'esm-only', '--format', 'table-flipped']) === 0;
}

/** A project that has the package and what it depends on, and no compiler's output of ours. */
function consume(tarball, dir, made) {
  const modules = join(dir, 'project/node_modules');
  mkdirSync(join(modules, 'usertcp'), { recursive: true });
  if (run('tar', ['-xzf', tarball, '-C', join(modules, 'usertcp'), '--strip-components=1']) !== 0) return [false];
  for (const name of readdirSync(path('node_modules'))) {
    if (!name.startsWith('.') && name !== 'usertcp') symlinkSync(path('node_modules', name), join(modules, name));
  }
  const program = join(dir, 'project/consumer.mjs');
  writeFileSync(program, readFileSync(path('test/package/consumer.mjs')));
  const use = (platform) => run(process.execPath, ['--no-warnings', program, platform], { cwd: dir }) === 0;
  const native = made.includes(process.arch)
    ? use('linux')
    : `no prebuilt addon for ${process.arch} could be made: nothing loads one`;
  return [process.platform === 'linux' ? native : 'not on Linux', use('darwin'), use('win32')];
}

// What `npm pack` would put into the tarball, against what it should: dist is exactly the compiled src, the rest is the
// list in .ci/pack-files.txt (`scripts/ci.sh pack --update` writes it), and no binding.gyp, which would start a build
// at the consumer's install.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { path, root, say } from './prepare.mjs';

const snapshot = path('.ci/pack-files.txt');

export function pack(update = false) {
  const r = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (r.status !== 0) {
    say(`npm pack: ${r.stderr}`);
    return { failed: 1 };
  }
  const files = JSON.parse(r.stdout)[0]
    .files.map((f) => f.path)
    .filter((f) => !f.startsWith('prebuilds/'));
  const modules = readdirSync(path('src'), { recursive: true })
    .filter((f) => f.endsWith('.ts'))
    .map((f) => `dist/${f.slice(0, -3)}`);
  const compiled = modules.flatMap((m) => [`${m}.js`, `${m}.js.map`, `${m}.d.ts`]);
  const rest = files.filter((f) => !f.startsWith('dist/')).sort();
  if (update) writeFileSync(snapshot, `${rest.join('\n')}\n`);
  const wanted = existsSync(snapshot) ? readFileSync(snapshot, 'utf8').trim().split('\n') : [];
  const checks = [
    ['the tarball lacks', [...compiled, ...wanted].filter((f) => !files.includes(f))],
    ['the tarball should not have', files.filter((f) => ![...compiled, ...wanted].includes(f))],
    ['would start a build at install', files.filter((f) => f.endsWith('binding.gyp'))],
  ];
  for (const [what, list] of checks) if (list.length > 0) say(`${what}: ${list.join(' ')}`);
  const failed = checks.filter(([, list]) => list.length > 0).length;
  return { passed: checks.length - failed, failed };
}

// Runs scripts/smoke.mjs, built by this Node, under other Node versions: the addon must not need a build for each.
import { existsSync, mkdirSync } from 'node:fs';
import { path, run } from './prepare.mjs';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';

function one(major) {
  const at = path(`.cache/node-${major}`);
  const node = `${at}/node_modules/node-linux-${arch}/bin/node`;
  if (!existsSync(node)) {
    mkdirSync(at, { recursive: true });
    const args = [
      'install',
      '--prefix',
      at,
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    const code = run('npm', [...args, `node-linux-${arch}@${major}`], { quiet: true, timeout: 180_000 });
    if (code !== 0 || !existsSync(node)) return { why: `node-linux-${arch}@${major} cannot be fetched` };
  }
  return run(node, [path('scripts/smoke.mjs')], { timeout: 120_000 }) === 0 ? { passed: 1 } : { failed: 1 };
}

/** [name, result] for this Node and each major version. */
export function smoke(majors) {
  const here =
    run(process.execPath, [path('scripts/smoke.mjs')], { timeout: 120_000 }) === 0 ? { passed: 1 } : { failed: 1 };
  const others = process.platform === 'linux' ? majors.map((m) => [`smoke: Node ${m}`, one(m)]) : [];
  return [[`smoke: Node ${process.versions.node}`, here], ...others];
}

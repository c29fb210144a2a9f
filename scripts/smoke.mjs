// One look at the built package under whatever Node runs this: does it load, as a module and by require, with and
// without the addon, and does a simulated transfer arrive?
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { path } from './prepare.mjs';

const require = createRequire(import.meta.url);
const did = [];
const here = (file) => existsSync(path(file));

for (const file of ['dist/index.js', 'dist/sim.js']) {
  if (!here(file)) continue;
  const module = await import(path(file));
  assert.ok(Object.keys(module).length > 0, `${file} exports nothing`);
  assert.deepEqual(
    Object.keys(require(path(file)))
      .filter((k) => k !== '__esModule')
      .sort(),
    Object.keys(module).sort(),
  );
  did.push(file);
}

const addons = here('build/Release') ? readdirSync(path('build/Release')).filter((f) => f.endsWith('.node')) : [];
for (const file of addons) {
  assert.ok(Object.keys(require(path('build/Release', file))).length > 0, `${file} exports nothing`);
  did.push(file);
}

if (here('scripts/smoke-sim.mjs') && here('dist/sim.js')) {
  await (await import('./smoke-sim.mjs')).transfer();
  did.push('a simulated transfer');
}

console.log(`smoke ${process.version}: ${did.join(', ') || 'nothing is built yet'}`);
process.exit(did.length > 0 ? 0 : 1);

// Builds build/Release/usertcp.node with node-gyp. Needs no network: when Node's headers lie beside the executable
// (every distribution and nodejs.org's archives put them there) they are used instead of being downloaded.
//   node scripts/build-native.mjs [--force]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { headersBesideNode } from './headers.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = join(root, 'build/Release/usertcp.node');
const stampFile = join(root, 'build/usertcp.stamp');

/** Everything the binary depends on: sources, headers, build files, and the Node that loads it. */
function stamp() {
  const hash = createHash('sha256').update(`${process.version} ${process.arch} ${process.platform}`);
  const files = ['binding.gyp', 'native/sources.txt'];
  for (const folder of ['native/core', 'native/node']) {
    for (const name of readdirSync(join(root, folder)).sort()) files.push(`${folder}/${name}`);
  }
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

const wanted = stamp();
const built = existsSync(output) && existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
const force = process.argv.includes('--force');
if (built === wanted && !force) {
  console.log('native: build/Release/usertcp.node is up to date');
  process.exit(0);
}
if (process.platform !== 'linux') {
  console.log(`native: skipped, AF_PACKET and TAP are Linux; this is ${process.platform}`);
  process.exit(0);
}

const gyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
const nodedir = headersBesideNode();
const args = [gyp, ...(force ? ['rebuild'] : ['configure', 'build']), '--jobs', '2', ...(nodedir ? ['--nodedir', nodedir] : [])];
console.log(`native: node-gyp ${args.slice(1).join(' ')}`);
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
if (status !== 0 || !existsSync(output)) {
  console.error('native: the build failed. It needs python3, make and g++ 10 or newer: apt install python3 make g++');
  if (!nodedir) console.error('native: no headers beside this Node, so node-gyp had to download them.');
  process.exit(1);
}
mkdirSync(dirname(stampFile), { recursive: true });
writeFileSync(stampFile, wanted);
console.log('native: built build/Release/usertcp.node');

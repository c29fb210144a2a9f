// Whether the suite can run: it needs libraries, in a tree of their own beside this file, and servers of Debian.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { capability, has, notBuilt } from '../harness/index.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const SERVERS = ['nginx', 'redis-server', 'mosquitto', 'h2load', 'openssl', 'curl', 'setpriv'];

let why: string | undefined;
let looked = false;

/** Why these tests cannot run here; says it once in each process. */
export function lacking(): string | undefined {
  if (looked) return why;
  looked = true;
  const can = capability();
  if (!can.ok) return (why = can.reason);
  why = notBuilt();
  if (why !== undefined) return why;
  const missing = SERVERS.filter((command) => !has(command));
  if (!installed()) missing.push('the libraries of test/interop/libraries/package.json');
  if (missing.length === 0) return undefined;
  why = `not installed: ${missing.join(', ')} (bash scripts/ci.sh libraries installs them and runs this)`;
  console.warn(`libraries skipped: ${why}`);
  return why;
}

interface Tree {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}
const tree = (file: string): Tree => JSON.parse(readFileSync(`${here}${file}`, 'utf8')) as Tree;

function installed(): boolean {
  if (!existsSync(`${here}node_modules/.package-lock.json`)) return false;
  const have = tree('node_modules/.package-lock.json').packages;
  const want = Object.entries(tree('package-lock.json').packages);
  return want.every(([name, { version }]) => name === '' || have[name]?.version === version);
}

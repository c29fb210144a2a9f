// node scripts/api.mjs: writes docs/api, the reference of every public name, from the comments in src. --check fails where it is not up to
// date, or where a public name has no comment. The tools have a tree of their own (ADR 46).
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { path, run, say } from './prepare.mjs';

const check = process.argv.includes('--check');
const tools = path('scripts/api');
const docs = path('docs/api');
const typedoc = join(tools, 'node_modules/typedoc/bin/typedoc');

if (!existsSync(typedoc)) {
  const how = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (run('npm', how, { cwd: tools, quiet: true, timeout: 300_000 }) !== 0 || !existsSync(typedoc)) {
    say('typedoc cannot be installed here: `npm ci` in scripts/api says why');
    process.exit(3);
  }
}

const out = check ? mkdtempSync(join(tmpdir(), 'usertcp-api-')) : docs;
try {
  const code = run(process.execPath, [typedoc, '--options', join(tools, 'typedoc.json'), '--out', out]);
  if (code !== 0) process.exitCode = 1;
  else if (check) compare();
} finally {
  if (check) rmSync(out, { recursive: true, force: true });
}

function compare() {
  const [made, kept] = [pages(out), pages(docs)];
  const names = new Set([...made.keys(), ...kept.keys()]);
  const stale = [...names].filter((name) => made.get(name) !== kept.get(name)).sort();
  if (stale.length === 0) return;
  say(`docs/api is not up to date; \`npm run docs:api\` writes: ${stale.join(', ')}`);
  process.exitCode = 1;
}

/** Text of every page by its name. */
function pages(folder) {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
  const files = names.filter((name) => name.endsWith('.md'));
  return new Map(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

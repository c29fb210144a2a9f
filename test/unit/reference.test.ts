// docs/api is written by `npm run docs:api`; scripts/ci.sh lint compares it word by word. Here: that no public name is missing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const doors: Record<string, string> = { index: 'usertcp', net: 'usertcp/net', sim: 'usertcp/sim' };

/** Names that a door exports. */
function exportsOf(source: string): string[] {
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) => list!.split(','));
  const own = source.matchAll(/^export (?:const|function|interface|class|type) (\w+)/gm);
  return [...lists.map((name) => name.trim().replace(/^type /, '')), ...[...own].map(([, name]) => name!)].filter(
    Boolean,
  );
}

test.each(Object.entries(doors))('every name that src/%s.ts exports has a page under docs/api/%s', (door, folder) => {
  const at = join(root, 'docs/api', folder);
  const pages = readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((name) => /^[a-z-]+\/\w+\.md$/.test(name))
    .map((name) => name.replace(/.*\/|\.md$/g, ''));
  const names = exportsOf(read(`src/${door}.ts`));
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !pages.includes(name))).toEqual([]);
});

test('every door of the package is one of the reference', () => {
  const manifest = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
  const entries = (JSON.parse(read('scripts/api/typedoc.json')) as { entryPoints: string[] }).entryPoints;
  const wanted = Object.keys(manifest.exports).filter((name) => !name.endsWith('.json'));
  expect(entries.map((file) => file.replace(/.*\/src\/|\.ts$/g, '')).sort()).toEqual(
    wanted.map((name) => name.slice(2) || 'index').sort(),
  );
});

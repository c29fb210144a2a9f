// Which tests there are and which are asked for.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const GROUPS = ['net', 'http', 'https', 'tls', 'http2'];

/** net, http, https, tls, http2, or undefined: 'parallel/test-net-server-close.js' is of net. (http2 is not http.) */
export function group(name) {
  return GROUPS.find((one) => name.split('/')[1].match(new RegExp(`^test-${one}[-.]`)));
}

export function listTests(dir) {
  return ['parallel', 'sequential'].flatMap((folder) =>
    readdirSync(join(dir, folder))
      .filter((file) => /\.m?js$/.test(file))
      .map((file) => `${folder}/${file}`)
      .filter(group)
      .sort(),
  );
}

export function choose(tests, groups, only) {
  const pattern = only && new RegExp(only);
  return tests.filter((name) => groups.includes(group(name)) && (!pattern || pattern.test(name)));
}

/**
 * Excluded names that no tree in the cache has: the list must not outlive its tests. With one tree nothing is said: a test may be of
 * another version.
 */
export function missing(dir, excluded) {
  const cache = join(dir, '../..');
  const trees = readdirSync(cache).filter((name) => /^\d+\.\d+\.\d+$/.test(name));
  if (trees.length < 2) return [];
  return [...excluded.keys()].filter((name) => !trees.some((tree) => existsSync(join(cache, tree, 'test', name))));
}

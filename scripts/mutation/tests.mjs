// Loads the tests through vite, with vitest's `test` and `describe` exchanged for a list.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createServer } from 'vite';

const FOLDERS = ['test/unit/core', 'test/conformance'];
/** The first reads docs and the sources of tests, the second exchanges a module; the others are about layers below and beside TCP. */
const LEFT_OUT = [
  'test/conformance/requirements.test.ts',
  'test/unit/core/tcp/eviction.test.ts',
  'test/unit/core/ip/',
  'test/unit/core/udp/',
];
/** The same script over the other family: it doubles the time of a mutant that lives, and TCP seldom sees a difference. */
const TWIN = / \(IPv6\)$/;
const registry = resolve('scripts/mutation/registry.mjs');

const listed = {
  name: 'usertcp:listed-tests',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('.ts')) return null;
    const text = code
      .replace(/from 'vitest'/g, `from '${registry}'`)
      // Snapshots want vitest around them; a file is only text to compare with.
      .replace(/\.toMatchFileSnapshot\('([^']+)'\)/g, (_, name) => {
        return `.toBe(${JSON.stringify(readFileSync(join(dirname(id), name), 'utf8'))})`;
      })
      // Coverage is counted only while `counting` is on: the count costs more than the code it counts.
      .replace('var c = cov.static;', 'if (!ns.counting) return;\n$&');
    return { code: text, map: null };
  },
};

export function testFiles() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(folder, name))
      .filter((name) => !LEFT_OUT.some((start) => name.startsWith(start))),
  ).sort();
}

export class Tests {
  #server;
  /** By id: what a test is and what is known of it. */
  all = new Map();

  async open() {
    this.#server = await createServer({
      configFile: false,
      logLevel: 'error',
      server: { middlewareMode: true, watch: null, ws: false, hmr: false },
      optimizeDeps: { noDiscovery: true },
      oxc: { target: 'es2022' },
      plugins: [listed],
    });
    await this.load();
  }

  /** Everything anew: sources, tests and what they keep in their modules. */
  async load() {
    this.#server.moduleGraph.invalidateAll();
    const { begin, tests } = await this.#server.ssrLoadModule(registry);
    for (const file of testFiles()) {
      begin(file);
      await this.#server.ssrLoadModule(resolve(file));
    }
    const before = this.all;
    this.all = new Map();
    for (const one of tests()) {
      if (TWIN.test(one.id)) continue;
      const { ms = 0, kills = 0 } = before.get(one.id) ?? {};
      this.all.set(one.id, { ...one, ms, kills });
    }
  }

  /** What went wrong, or undefined. */
  async fails(one) {
    try {
      await one.body();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  close() {
    return this.#server.close();
  }
}

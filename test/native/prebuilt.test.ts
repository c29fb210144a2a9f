// What the addons need of the machine they are loaded on: the developer's build and, where `npm run prebuilds` made them,
// those of the tarball. The last judge is a program of musl.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { has } from '../interop/harness/index.ts';

interface Needs {
  readonly libraries: string[];
  readonly symbols: { name: string; version?: string; weak: boolean }[];
}
const script: string = '../../scripts/prebuild.mjs';
const { FROM_NODE, needs, objections } = (await import(script)) as {
  FROM_NODE: RegExp;
  needs(file: string): Needs;
  objections(file: string): string[];
};

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const files = ['build/Release/usertcp.node', 'prebuilds/linux-x64.node', 'prebuilds/linux-arm64.node'].filter((path) =>
  existsSync(at(path)),
);
const MUSL = '/usr/lib/x86_64-linux-musl/libc.so';

describe.skipIf(!has('readelf') || files.length === 0)('of the machine they need', () => {
  test.each(files)('%s: the C library alone, in a version that Node needs itself', (path) => {
    expect(objections(at(path))).toEqual([]);
    expect(needs(at(path)).symbols.length).toBeGreaterThan(50);
  });

  test.skipIf(!existsSync(MUSL))('nothing that musl lacks', () => {
    const defined = execFileSync('nm', ['-D', '--defined-only', MUSL], { encoding: 'utf8' });
    const names = new Set(defined.split('\n').map((line) => line.split(' ').at(-1)));
    for (const path of files) {
      const wanted = needs(at(path)).symbols.filter(({ name, weak }) => !weak && !FROM_NODE.test(name));
      expect(wanted.filter(({ name }) => !names.has(name)).map(({ name }) => `${path}: ${name}`)).toEqual([]);
    }
  });
});

const forHere = files.filter((path) => !path.includes('arm64'));
const skip = process.arch !== 'x64' || !has('musl-gcc') || !has('readelf') || forHere.length === 0;
if (skip) console.warn('native: no program of musl loads the addon: not installed: musl-gcc (Debian: musl-tools)');

describe.skipIf(skip)('a program of musl', () => {
  const dir = mkdtempSync(join(tmpdir(), 'usertcp-musl-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each(forHere)('loads %s and lets it register', (path) => {
    const names = needs(at(path)).symbols.map(({ name }) => name);
    const stubs = names.filter((name) => FROM_NODE.test(name) && name !== 'napi_is_exception_pending');
    const lines = stubs.map((name) => `int ${name}(void) { ++calls; return 0; }`);
    writeFileSync(join(dir, 'stubs.c'), `int calls;\n${lines.join('\n')}\n`);
    const host = join(dir, 'host');
    execFileSync('musl-gcc', ['-rdynamic', '-o', host, at('test/native/musl-host.c'), join(dir, 'stubs.c')]);
    expect(execFileSync('readelf', ['-l', host], { encoding: 'utf8' })).toContain('/ld-musl-');
    const said = execFileSync(host, [at(path)], { encoding: 'utf8' });
    expect(said).toMatch(/^Node-API 8, \d\d+ calls\n$/);
  });
});

// The floors: who may import whom, what the pure core may name, how long a file may be.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

function list(dir: string, keep: RegExp): string[] {
  if (!existsSync(join(root, dir))) return [];
  return readdirSync(join(root, dir), { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile() && keep.test(e.name))
    .map((e) => relative(root, join(e.parentPath, e.name)))
    .filter((file) => !file.includes('node_modules/'));
}
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const uncommented = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');

// First match wins. stack*.ts stands between the shell and the API: the one staircase through core, link and shell.
const FLOORS: [RegExp, number, string][] = [
  [/^src\/(wire\/|ports\.ts$|ports\/|core\/seq\.ts$)/, 0, 'base'],
  [/^src\/core\//, 1, 'core'],
  [/^src\/link\//, 2, 'link'],
  [/^src\/capture\//, 2, 'capture'],
  [/^src\/shell\//, 3, 'shell'],
  [/^src\/(stack[^/]*|options)\.ts$/, 3.5, 'stack'],
  [/^src\/(api\/|cli\/.*|[^/]+\.ts$)/, 4, 'api'],
  [/^examples\//, 5, 'examples'],
];
function place(file: string): { floor: number; name: string } {
  if (file.startsWith('src/cli/')) return { floor: 5, name: 'cli' };
  const found = FLOORS.find(([pattern]) => pattern.test(file));
  if (found === undefined) throw new Error(`${file} stands on no floor: name its folder in test/architecture.test.ts`);
  return { floor: found[1], name: found[2] };
}

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}
function importsOf(file: string): Import[] {
  const statement =
    /\b(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...uncommented(read(file)).matchAll(statement)].map((m) => {
    const target = (m[2] ?? m[3])!;
    const to = target.startsWith('.') ? join(dirname(file), target).replace(/\.js$/, '.ts') : target;
    return { from: file, to, typeOnly: m[1] !== undefined };
  });
}

const sources = [...list('src', /\.ts$/), ...list('examples', /\.ts$/)];
const imports = sources.flatMap(importsOf);
const relatives = imports.filter((i) => i.to.startsWith('src/') && place(i.from).name !== 'examples');

test('imports go down only', () => {
  const bad = relatives.filter((i) => {
    const from = place(i.from);
    const to = place(i.to);
    if (to.floor > from.floor) return true;
    if (from.name === 'link' || from.name === 'capture') return to.name === 'core';
    return from.name === 'shell' && to.name === 'link';
  });
  expect(bad.map((i) => `${i.from} → ${i.to}`)).toEqual([]);
});

test('only the stack sees core, link and shell at once', () => {
  const bad = sources.filter((file) => {
    const seen = new Set(relatives.filter((i) => i.from === file).map((i) => place(i.to).name));
    return place(file).name !== 'stack' && ['core', 'link', 'shell'].every((name) => seen.has(name));
  });
  expect(bad).toEqual([]);
});

test('the core and the wire formats are pure', () => {
  const impure =
    /\bDate\b|\bMath\.(random|cbrt|pow|exp|log\w*)\b|\*\*|\bset(Timeout|Interval|Immediate)\b|\bPromise\b|\basync\b|\bawait\b|\bEventEmitter\b|\bnode:|\bprocess\.|\bperformance\.|\bBuffer\b|\bqueueMicrotask\b/;
  const bad = sources
    .filter((file) => /^src\/(core|wire)\//.test(file))
    .flatMap((file) =>
      uncommented(read(file))
        .split('\n')
        .filter((line) => impure.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(bad).toEqual([]);
  expect(
    imports.filter((i) => place(i.from).floor <= 1 && !i.to.startsWith('src/')).map((i) => `${i.from} → ${i.to}`),
  ).toEqual([]);
});

test('no cycle of imports that exist at run time', () => {
  const next = new Map(
    sources.map((file) => [file, relatives.filter((i) => i.from === file && !i.typeOnly).map((i) => i.to)]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: string[]): void => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (trail.includes(file) || done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...trail, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  expect(cycles).toEqual([]);
});

test('no file needs a table of contents', () => {
  const limits: [string, RegExp, number][] = [
    ['src', /\.ts$/, 350],
    ['examples', /\.ts$/, 60],
    ['scripts', /\.(mjs|sh)$/, 350],
    ['bench', /\.m?[jt]s$/, 350],
    ['test', /\.ts$/, 400],
    ['test/native', /\.(cc|h)$/, 400],
    ['native', /\.(cc|h)$/, 300],
  ];
  const long = limits.flatMap(([dir, keep, limit]) =>
    list(dir, keep)
      .map((file) => ({
        file,
        lines: read(file).trimEnd().split('\n').length,
        // Generated from row.ts: nobody reads it from top to bottom.
        limit: file === 'src/core/tcp/tcb.ts' ? Infinity : limit,
      }))
      .filter(({ lines, limit: most }) => lines > most)
      .map(({ file, lines, limit: most }) => `${file}: ${lines} lines, at most ${most}`),
  );
  expect(long).toEqual([]);
});

test('native/core knows nothing of Node, nor of native/node', () => {
  const bad = list('native/core', /\.(cc|h)$/).filter((file) =>
    /#include\s*[<"](napi|node_api|node|uv|v8)[./"h>]|#include\s*"(\.\.\/)*node\//.test(read(file)),
  );
  expect(bad).toEqual([]);
});

test('each decision has a number of its own', () => {
  const numbers = readdirSync(join(root, 'docs/adr'))
    .filter((file) => /^\d{4}-/.test(file))
    .map((file) => file.slice(0, 4));
  expect(numbers.length).toBeGreaterThan(10);
  expect(numbers.filter((n, at) => numbers.indexOf(n) !== at)).toEqual([]);
});

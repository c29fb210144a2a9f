/** The shared object, and programs that load it, made by the C compiler when they are wanted. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const CACHE = path('../../.cache/packetdrill');
const { CC = 'cc' } = process.env;

/** Why nothing can be compiled here, or undefined. */
export function noCompiler(): string | undefined {
  return spawnSync(CC, ['--version']).status === 0 ? undefined : `no C compiler: ${CC}`;
}

export function buildBridge(): string {
  return compile('bridge.c', 'bridge.so', ['-shared', '-fPIC']);
}

export function buildDriver(): string {
  return compile('driver.c', 'driver', []);
}

/** Beside the old one, then in its place: others may have it open. */
function compile(source: string, target: string, flags: readonly string[]): string {
  mkdirSync(CACHE, { recursive: true });
  const made = `${CACHE}/${target}`;
  const fresh = `${made}.${process.pid}`;
  const args = [
    '-std=gnu11',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    ...flags,
    '-o',
    fresh,
    path(source),
    '-ldl',
    '-lpthread',
  ];
  const run = spawnSync(CC, args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${source}: ${run.stderr}`);
  renameSync(fresh, made);
  return made;
}

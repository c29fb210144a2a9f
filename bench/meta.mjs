// What a measurement ran on.
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { root } from '../scripts/prepare.mjs';

const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() || undefined;

export function meta() {
  return {
    date: new Date().toISOString(),
    argv: process.argv.slice(2),
    commit: git('rev-parse', '--short=12', 'HEAD'),
    // Rows that are being written are no change of what is measured.
    changed: (git('status', '--porcelain', '--untracked-files=no') ?? '') !== '',
    kernel: release(),
    node: process.version,
    cpu: cpus()[0]?.model,
    cpus: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

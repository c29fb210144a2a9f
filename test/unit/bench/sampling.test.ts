import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

// V8 compiles in step with the program, so that each run compiles the same: else what it inlines, and so boxes, is a matter of luck.
const sampled = (label: string, flags: string[]): { stack: number; bench: number } => {
  const args = ['--predictable', ...flags, 'bench/micro/sampling.mjs', label];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
};

test.each([
  ['in-order segment in', 'what V8 inlines', []],
  ['in-order segment in', 'only accessors inlined', ['--max-inlined-bytecode-size=27']],
  ['ACK in, 2,896 B out', 'what V8 inlines', []],
  ['ACK in, 2,896 B out', 'only accessors inlined', ['--max-inlined-bytecode-size=27']],
])(
  '%s, %s: the core allocates nothing in steady state',
  (label, _inlined, flags) => {
    expect(sampled(label, flags).stack).toBeLessThan(0.1);
  },
  60_000,
);

import { expect, it } from 'vitest';

const { compilations } = await import(new URL('../../../bench/compilations.mjs', import.meta.url).href);

const lines = [
  'ready',
  '[marking 0x2158d335d091 <JSFunction f (sfi = 0xd6ad7562c31)> for optimization to TURBOFAN, ConcurrencyMode::kConcurrent, reason: hot and stable]',
  '[compiling method 0x2158d335d091 <JSFunction f (sfi = 0xd6ad7562c31)> (target TURBOFAN), mode: ConcurrencyMode::kConcurrent]',
  '[completed compiling 0x3c91507c29b9 <JSFunction f (sfi = 0xd6ad7562c31)> (target TURBOFAN) - took 0.004, 1.040, 0.014 ms]',
  '[completed optimizing 0x3c91507c29b9 <JSFunction f (sfi = 0xd6ad7562c31)> (target TURBOFAN)]',
  '[completed compiling 0x3c91507c29c0 <JSFunction #burst (sfi = 0xd6ad7562c32)> (target MAGLEV) - took 0.1, 0.2, 0.3 ms]',
  '[bailout (kind: deopt-eager, reason: overflow): begin. deoptimizing 0x0fc9a88ffdf1 <JSFunction (sfi = 0xd6ad7562b79)>, 0x0d6ad7564379 <Code TURBOFAN>, opt id 0]',
  '[bailout (kind: deopt-lazy, reason: (unknown)): begin. deoptimizing 0x0fc9a88ffdb1 <JSFunction f (sfi = 0xd6ad7562c31)>, 0x0d6ad7563e61 <Code TURBOFAN>, opt id 1]',
];

it('counts what V8 compiled and what it threw away, once each', () => {
  expect(compilations(lines)).toEqual({ compiled: ['f', '#burst'], deoptimized: ['(anonymous)', 'f'], ms: 1.7 });
  expect(compilations([])).toEqual({ compiled: [], deoptimized: [], ms: 0 });
});

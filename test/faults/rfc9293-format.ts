/** RFC 9293 §3.1, §3.2: header, checksum, options. */
import type { Fault } from './fault.ts';

export const format: readonly Fault[] = [
  {
    name: 'unknown-option-ends-the-options',
    ids: ['MUST-6'],
    file: 'src/wire/tcp-options.ts',
    from: `      into.otherKind = kind;
      return true;`,
    to: `      into.otherKind = kind;
      return false;`,
    tests: ['test/conformance/3.1-format.test.ts'],
  },
];

/** RFC 9293 §3.1, §3.2, §3.7.1: header, checksum, options, sizes. */
import type { Fault } from './fault.ts';

export const format: readonly Fault[] = [
  {
    name: 'window-is-signed',
    ids: ['MUST-1'],
    file: 'src/core/tcp/established.ts',
    from: 'seg.rawWnd << (tcb.scales & 0xff)',
    to: '((seg.rawWnd << 16) >> 16) << (tcb.scales & 0xff)',
    tests: ['test/conformance/rfc9293-sending.test.ts'],
  },
  {
    name: 'checksum-without-pseudo-header',
    ids: ['MUST-2'],
    file: 'src/wire/encode.ts',
    from: 'pseudo(out, l3, PROTO_TCP, size)); // [MUST-2]',
    to: '0); // [MUST-2]',
    tests: ['test/conformance/rfc9293-sending.test.ts'],
  },
  {
    name: 'checksum-not-verified',
    ids: ['MUST-3'],
    file: 'src/wire/parse.ts',
    from: 'if (!trusted && !verifies(b, l4, length, pseudo(b, l3, PROTO_TCP, length)))',
    to: 'if (length < 0)',
    tests: ['test/conformance/rfc9293-sending.test.ts'],
  },
  {
    name: 'nop-takes-two-octets',
    ids: ['MUST-4'],
    file: 'src/wire/tcp-options.ts',
    from: `      o++;
      continue;`,
    to: `      o += 2;
      continue;`,
    tests: ['test/conformance/3.1-format.test.ts'],
  },
  {
    name: 'options-taken-for-text',
    ids: ['MUST-5'],
    file: 'src/wire/parse.ts',
    from: 'payload(out, at, KIND_TCP, l4 + header, length - header)',
    to: 'payload(out, at, KIND_TCP, l4 + TCP_HEADER, length - TCP_HEADER)',
    tests: ['test/conformance/3.1-format.test.ts'],
  },
  {
    name: 'unknown-option-ends-the-options',
    ids: ['MUST-6'],
    file: 'src/wire/tcp-options.ts',
    from: `      takeOther(b, o, kind, length, into);
      return true;`,
    to: `      takeOther(b, o, kind, length, into);
      return false;`,
    tests: ['test/conformance/3.1-format.test.ts'],
  },
  {
    name: 'bad-option-length-throws',
    ids: ['MUST-7'],
    file: 'src/wire/tcp-options.ts',
    from: '      into.seen |= OPT_BAD;',
    to: `      if (length !== -1) throw new Error('bad option');
      into.seen |= OPT_BAD;`,
    tests: ['test/conformance/3.1-format.test.ts'],
  },
  {
    name: 'timestamps-read-aligned',
    ids: ['MUST-64'],
    file: 'src/wire/tcp-options.ts',
    from: 'into.tsVal = get32(b, o + 2);',
    to: 'into.tsVal = get32(b, (o + 2) & ~3);',
    tests: ['test/conformance/3.1-format.test.ts'],
  },
  {
    name: 'mss-outside-of-syn',
    ids: ['MUST-65'],
    file: 'src/core/tcp/emit.ts',
    from: `  addSack(t, tcb, tx, base);
`,
    to: `  addSack(t, tcb, tx, base);
  tx[base + TX_OPT_OFF] = t.arena.scratch(4);
  tx[base + TX_OPT_LEN] = writeSynOptions(t.arena.bytes, tx[base + TX_OPT_OFF]!, 1460, -1, false);
`,
    tests: ['test/conformance/rfc9293-sending.test.ts'],
  },
  {
    name: 'mss-option-length-wrong',
    ids: ['MUST-68'],
    file: 'src/wire/tcp-options.ts',
    from: '(KIND_MSS << 8) | 4',
    to: '(KIND_MSS << 8) | 3',
    tests: ['test/conformance/rfc9293-sending.test.ts'],
  },
  {
    name: 'padding-is-not-zero',
    ids: ['MUST-69'],
    file: 'src/wire/tcp-options.ts',
    from: 'NOP_WS = 0x01030300',
    to: 'NOP_WS = 0x00030300',
    tests: ['test/conformance/rfc9293-sending.test.ts'],
  },
  {
    name: 'advertised-mss-with-headers',
    ids: ['MUST-67'],
    file: 'src/core/tcp/mss.ts',
    from: 'Math.min(mtu - ipHeader(tcb) - TCP_HEADER, 0xffff)',
    to: 'Math.min(mtu, 0xffff)',
    tests: ['test/conformance/3.1-format.test.ts'],
  },
  {
    name: 'mss-option-not-obeyed',
    ids: ['MUST-14'],
    file: 'src/core/tcp/syn-options.ts',
    from: 'o.seen & OPT_MSS ? o.mss : defaultMss(tcb)',
    to: 'defaultMss(tcb)',
    tests: ['test/conformance/3.1-format.test.ts'],
  },
  {
    name: 'default-mss-too-large',
    ids: ['MUST-15'],
    file: 'src/core/tcp/mss.ts',
    from: 'const DEFAULT_MSS_V4 = 536;',
    to: 'const DEFAULT_MSS_V4 = 1460;',
    tests: ['test/conformance/3.1-format.test.ts'],
  },
  {
    name: 'options-not-taken-off-the-size',
    ids: ['MUST-16'],
    file: 'src/core/tcp/mss.ts',
    from: 'tcb.sndMss = size - optionsOnText(tcb);',
    to: 'tcb.sndMss = size;',
    tests: ['test/conformance/3.1-format.test.ts'],
  },
];

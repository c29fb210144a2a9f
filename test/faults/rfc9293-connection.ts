/** RFC 9293 §3.4 to §3.6, §3.9: numbers, opening, closing, addresses, what is not for us. */
import type { Fault } from './fault.ts';

export const connection: readonly Fault[] = [
  {
    name: 'isn-clock-stands-still',
    ids: ['MUST-8'],
    file: 'src/core/isn.ts',
    from: '(((now / 4) | 0) + this.hash[0]!)',
    to: '((now & 0) + this.hash[0]!)',
    tests: ['test/unit/core/isn.test.ts'],
  },
  {
    name: 'isn-key-is-known',
    ids: ['MUST-9'],
    file: 'src/core/isn.ts',
    from: 'sipHash24(this.key, words',
    to: 'sipHash24(new Int32Array(4), words',
    tests: ['test/unit/core/isn.test.ts'],
  },
  {
    name: 'no-simultaneous-open',
    ids: ['MUST-10'],
    file: 'src/core/tcp/arrives/syn-sent.ts',
    from: '  else simultaneousOpen(t, tcb, seg);',
    to: '  else if (seg.len < 0) simultaneousOpen(t, tcb, seg);',
    tests: ['test/conformance/figures-opening.test.ts'],
  },
  {
    name: 'origin-of-syn-received-forgotten',
    ids: ['MUST-11'],
    file: 'src/core/tcp/arrives/rst.ts',
    from: 'if (tcb.flags & F_PASSIVE) backToListen(t, tcb);',
    to: 'if (tcb.flags === 0) backToListen(t, tcb);',
    tests: ['test/unit/core/tcp/half-opens.test.ts'],
  },
  {
    name: 'active-open-goes-back-to-listen',
    ids: ['MUST-11'],
    file: 'src/core/tcp/arrives/rst.ts',
    from: 'if (tcb.flags & F_PASSIVE) backToListen(t, tcb);',
    to: 'if (tcb.state === SYN_RECEIVED) backToListen(t, tcb);',
    tests: ['test/conformance/3.10.7.4-second-rst.test.ts'],
  },
  {
    name: 'reset-looks-like-an-end',
    ids: ['MUST-12'],
    file: 'src/core/tcp/arrives/rst.ts',
    from: 'tcb.state & (CLOSING | LAST_ACK | TIME_WAIT) ? OK : ECONNRESET',
    to: 'tcb.state & (CLOSING | LAST_ACK | TIME_WAIT) ? ECONNRESET : OK',
    tests: ['test/unit/api/rfc9293.test.ts'],
  },
  {
    name: 'time-wait-lasts-one-msl',
    ids: ['MUST-13'],
    file: 'src/core/tcp/lifecycle.ts',
    from: '2 * t.defaults.msl',
    to: 't.defaults.msl',
    tests: ['test/conformance/timeouts-retransmission.test.ts'],
  },
  {
    name: 'listen-disturbs-connections',
    ids: ['MUST-41'],
    file: 'src/core/tcp/calls.ts',
    from: '  tcb.ports = port << 16;',
    to: '  for (let r = 0; r < t.rows.top; r++) t.rows.words[r * ROW_WORDS] = port << 16;',
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
  {
    name: 'listen-needs-a-quiet-port',
    ids: ['MUST-42'],
    file: 'src/core/tcp/calls.ts',
    from: 'if (t.listeners.exact(laddr, 0, port) >= 0) return EADDRINUSE;',
    to: 'if (t.listeners.exact(laddr, 0, port) >= 0 || t.rows.used > 0) return EADDRINUSE;',
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
  {
    name: 'local-address-not-checked',
    ids: ['MUST-43'],
    file: 'src/core/tcp/calls.ts',
    from: `    if (!t.ip.isOurs(laddr, 0)) return EADDRNOTAVAIL;
`,
    to: '',
    tests: ['test/conformance/calls-open-status.test.ts'],
  },
  {
    name: 'source-is-the-first-address',
    ids: ['MUST-44'],
    file: 'src/core/ip/addresses.ts',
    from: '      if (wins) best = own;',
    to: '      if (best < 0) best = own;',
    tests: ['test/unit/core/ip/addresses.test.ts'],
  },
  {
    name: 'local-address-wanders',
    ids: ['MUST-45'],
    file: 'src/core/tcp/emit.ts',
    from: `  tx[base + TX_ROW] = tcb.row;
`,
    to: `  tx[base + TX_ROW] = tcb.row;
  if (tcb.sndMss > 0) tcb.i32[tcb.at + 4]!++;
`,
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
  {
    name: 'connect-to-a-group',
    ids: ['MUST-46'],
    file: 'src/core/tcp/calls.ts',
    from: 'if (isMulticast(raddr, 0) || isLimitedBroadcast(raddr, 0)) return EINVAL;',
    to: 'if (isMulticast(raddr, 0) && isLimitedBroadcast(raddr, 0)) return EINVAL;',
    tests: ['test/conformance/calls-open-status.test.ts'],
  },
  {
    name: 'ip-options-end-the-packet',
    ids: ['MUST-50'],
    file: 'src/wire/ip-headers.ts',
    from: 'if (header < IPV4_HEADER || header > limit - o)',
    to: 'if (header !== IPV4_HEADER || header > limit - o)',
    tests: ['test/conformance/3.10.7.4-third-fourth.test.ts'],
  },
  {
    name: 'errors-of-others-are-ours',
    ids: ['MUST-54'],
    file: 'src/core/ip/icmp.ts',
    from: `      !this.addresses.isOurs(key, KEY_LADDR)
`,
    to: `      this.addresses.isOurs(key, KEY_LADDR)
`,
    tests: ['test/unit/core/ip/icmp.test.ts'],
  },
  {
    name: 'source-quench-is-an-error',
    ids: ['MUST-55'],
    file: 'src/core/ip/icmp.ts',
    from: `      case ICMP4_TIME_EXCEEDED:
      case ICMP4_PARAMETER_PROBLEM:`,
    to: `      case 4:
      case ICMP4_TIME_EXCEEDED:
      case ICMP4_PARAMETER_PROBLEM:`,
    tests: ['test/unit/core/ip/icmp.test.ts'],
  },
  {
    name: 'soft-errors-end-an-opening',
    ids: ['MUST-56'],
    file: 'src/core/tcp/icmp-errors.ts',
    from: 'if (hard && opening)',
    to: 'if (opening)',
    tests: ['test/unit/core/tcp/icmp-errors.test.ts'],
  },
  {
    name: 'answers-to-groups',
    ids: ['MUST-57'],
    file: 'src/core/arrival.ts',
    from: 'if (group || !t.ip.isOurs(identity, KEY_LADDR) ||',
    to: 'if (',
    tests: ['test/conformance/3.10.7.1-closed.test.ts'],
  },
  {
    name: 'answers-to-nobody',
    ids: ['MUST-63'],
    file: 'src/core/arrival.ts',
    from: ' || !t.ip.isValidSource(seg.link, identity, KEY_RADDR)) {',
    to: ') {',
    tests: ['test/conformance/3.10.7.1-closed.test.ts'],
  },
];

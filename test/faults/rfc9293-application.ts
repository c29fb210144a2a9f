/** RFC 9293 §3.8.4, §3.8.5, §3.9.1: what the application sets and learns. */
import type { Fault } from './fault.ts';

export const application: readonly Fault[] = [
  {
    name: 'keep-alive-cannot-be-turned-off',
    ids: ['MUST-24'],
    file: 'src/core/tcp/settings.ts',
    from: `  tcb.flags &= ~F_KEEPALIVE;
`,
    to: `  if (k === null) return;
  tcb.flags &= ~F_KEEPALIVE;
`,
    tests: ['test/conformance/rfc9293-timers.test.ts'],
  },
  {
    name: 'keep-alive-on-by-default',
    ids: ['MUST-25'],
    file: 'src/core/tcp/lifecycle.ts',
    from: 'if (options.keepAlive !== undefined) setKeepAlive(tcb, options.keepAlive);',
    to: 'setKeepAlive(tcb, options.keepAlive ?? { idle: 7_200_000, interval: 1000, count: 9 });',
    tests: ['test/conformance/timeouts-user.test.ts'],
  },
  {
    name: 'keep-alive-on-a-busy-connection',
    ids: ['MUST-26'],
    file: 'src/core/tcp/timeouts.ts',
    from: 'if (tcb.sndUna !== tcb.sndNxt || idle < tcb.keepIdle) {',
    to: 'if (idle < 0) {',
    tests: ['test/conformance/rfc9293-timers.test.ts', 'test/conformance/timeouts-user.test.ts'],
  },
  {
    name: 'keep-alive-interval-fixed',
    ids: ['MUST-27'],
    file: 'src/core/tcp/lifecycle.ts',
    from: 'tcb.keepInterval = k.interval;',
    to: 'tcb.keepInterval = 75_000;',
    tests: ['test/conformance/rfc9293-timers.test.ts'],
  },
  {
    name: 'keep-alive-after-one-hour',
    ids: ['MUST-28'],
    file: 'src/shell/connect.ts',
    from: 'idle: 7_200_000',
    to: 'idle: 3_600_000',
    tests: ['test/conformance/rfc9293-timers.test.ts'],
  },
  {
    name: 'one-lost-probe-ends-it',
    ids: ['MUST-29'],
    file: 'src/core/tcp/timeouts.ts',
    from: 'if (sent >= allowed) {',
    to: 'if (sent >= 1) {',
    tests: ['test/conformance/timeouts-user.test.ts'],
  },
  {
    name: 'urg-flag-not-set',
    ids: ['MUST-30'],
    file: 'src/core/tcp/emit.ts',
    from: `    bits |= URG;
`,
    to: '',
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
  {
    name: 'urgent-data-reaches-1000-octets',
    ids: ['MUST-31'],
    file: 'src/core/tcp/emit.ts',
    from: 'Math.min(diff(tcb.sndUp, seq), 0xffff)',
    to: 'Math.min(diff(tcb.sndUp, seq), 1000)',
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
  {
    name: 'advance-of-the-mark-is-not-told',
    ids: ['MUST-32'],
    file: 'src/core/tcp/arrives/urg.ts',
    from: `    report(t, tcb, EV_URGENT, 1, up);
`,
    to: '',
    tests: ['test/conformance/3.10.7.4-sixth-seventh.test.ts'],
  },
  {
    name: 'urgent-data-counted-from-what-came',
    ids: ['MUST-33'],
    file: 'src/core/tcp/status.ts',
    from: 'diff(tcb.rcvUp, tcb.rcvNxt) + tcb.rcvUser;',
    to: 'diff(tcb.rcvUp, tcb.rcvNxt);',
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
  {
    name: 'r1-is-not-told',
    ids: ['MUST-47'],
    file: 'src/core/tcp/timeouts.ts',
    from: '    report(t, tcb, EV_SOFT_ERROR, ETIMEDOUT);',
    to: '',
    tests: ['test/unit/api/rfc9293.test.ts'],
  },
  {
    name: 'diffserv-not-set',
    ids: ['MUST-48'],
    file: 'src/core/tcp/lifecycle.ts',
    from: 'tcb.ip = ((options.tos ?? 0) & 0xfc) |',
    to: 'tcb.ip = 0 |',
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
  {
    name: 'ttl-not-set',
    ids: ['MUST-49'],
    file: 'src/core/tcp/lifecycle.ts',
    from: '((options.ttl ?? d.ttl) << 8)',
    to: '(d.ttl << 8)',
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
  {
    name: 'urgent-pointer-at-the-last-octet',
    ids: ['MUST-62'],
    file: 'src/core/tcp/calls.ts',
    from: 'tcb.sndUp = add(tcb.sndNxt, unsent(tcb));',
    to: 'tcb.sndUp = add(tcb.sndNxt, unsent(tcb) - 1);',
    tests: ['test/conformance/rfc9293-ip.test.ts'],
  },
];

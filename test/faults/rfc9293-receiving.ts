/** RFC 9293 §3.8.6, §3.10.7.4: windows and acknowledgments. */
import type { Fault } from './fault.ts';

export const receiving: readonly Fault[] = [
  {
    name: 'window-opens-by-an-octet',
    ids: ['MUST-39'],
    file: 'src/core/tcp/receive-window.ts',
    from: 'if (diff(possibleEdge(tcb), tcb.rcvAdv) < worthOffering(tcb)) return;',
    to: 'if (diff(possibleEdge(tcb), tcb.rcvAdv) < 1) return;',
    tests: ['test/conformance/timeouts-window.test.ts'],
  },
  {
    name: 'ack-delayed-too-long',
    ids: ['MUST-40'],
    file: 'src/core/tcp/receive-window.ts',
    from: 'arm(t, tcb, TIMER_DELACK, t.defaults.delayedAck);',
    to: 'arm(t, tcb, TIMER_DELACK, 600);',
    tests: ['test/conformance/timeouts-window.test.ts'],
  },
  {
    name: 'an-ack-for-each-segment',
    ids: ['MUST-58', 'MUST-59'],
    file: 'src/core/stack-core.ts',
    from: `      arrival(t, this.tcb, link, rx, base, rxMemory);
`,
    to: `      arrival(t, this.tcb, link, rx, base, rxMemory);
      for (let r = t.dirty.shift(); r >= 0; r = t.dirty.shift()) {
        const one = this.tcb.select(r);
        one.flags |= 1 << 7;
        output(t, one, link);
      }
`,
    tests: ['test/conformance/3.10.7.4-sixth-seventh.test.ts'],
  },
  {
    name: 'closed-window-hears-nothing',
    ids: ['MUST-66'],
    file: 'src/core/tcp/arrives/sequence.ts',
    from: '    return seg.seq === tcb.rcvNxt;',
    to: '    return seg.seq === tcb.rcvNxt && window > 0;',
    tests: ['test/conformance/rfc9293-windows.test.ts', 'test/conformance/3.10.7.4-second-rst.test.ts'],
  },
];

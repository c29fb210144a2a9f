// What makes a client of Fast Open leave an address alone (RFC 7413 §4.1.3.1), beside what scripts show (test/conformance/fast-open.test.ts).
import { expect, test } from 'vitest';
import { fastOpenFailed } from '../../../../src/core/tcp/fast-open.ts';
import { ESTABLISHED, SYN_SENT } from '../../../../src/core/tcp/figure5.ts';
import { F2_TFO_ASKED } from '../../../../src/core/tcp/row.ts';
import { RADDR } from '../../../../src/core/tcp/tcb.ts';
import { bench } from './bench.ts';

test('a SYN that asked and failed; no SYN that did not ask, and nothing after the handshake [RFC 7413 §4.1.3.1]', () => {
  for (const [state, asked, left] of [
    [SYN_SENT, true, true],
    [SYN_SENT, false, false],
    [ESTABLISHED, true, false],
  ] as const) {
    const { t, tcb } = bench();
    tcb.state = state;
    if (asked) tcb.flags2 |= F2_TFO_ASKED;
    fastOpenFailed(t, tcb);
    expect([state, asked, t.cookieCache.mayTry(tcb.i32, tcb.at + RADDR, t.tick)]).toEqual([state, asked, !left]);
    expect((tcb.flags2 & F2_TFO_ASKED) !== 0).toBe(asked && !left);
  }
});

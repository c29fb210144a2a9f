/** What the core counts (RFC 4022 where it has a name for it): once, for the event it is named after, and for nothing else. */
import { expect, test } from 'vitest';
import type { CoreCounters } from '../../src/core/tcp/counters.ts';
import { perform } from './script/conform.ts';
import { bring, type CoreBackend, type Script, type StateName } from './script/index.ts';

type Counts = Partial<CoreCounters>;
/** Counted in every script here, and checked by what leaves and arrives. */
const LEFT_OUT = new Set(['inSegs', 'outSegs', 'activeOpens', 'passiveOpens']);

const counted = (s: Script): [string, number][] =>
  Object.entries((s.backend as CoreBackend).core.counters).filter(([name]) => !LEFT_OUT.has(name));

/** What the script adds to the counters, from `state` on. */
function counts(title: string, state: StateName, script: string, expected: Counts, settings: object = {}): void {
  test(title, () =>
    perform(
      4,
      async (s) => {
        await bring(s, state, state === 'SYN_RECEIVED' ? 'passive' : 'active');
        const before = new Map(counted(s));
        await s.run(script);
        const news = counted(s).map(([name, n]) => [name, n - (before.get(name) ?? 0)] as const);
        expect(Object.fromEntries(news.filter(([, n]) => n !== 0))).toEqual(expected);
      },
      settings,
    ),
  );
}

counts('a RST ends ESTABLISHED', 'ESTABLISHED', '+0 < R seq 1', { estabResets: 1 });
counts('a RST in TIME_WAIT, where it is believed', 'TIME_WAIT', '+0 < R seq 2', {}, { tcp: { rfc1337: false } });
counts('a RST ends a half-open connection', 'SYN_RECEIVED', '+0 < R seq 1', { attemptFails: 1 });
counts('a SYN is refused', 'SYN_SENT', '+0 < R. seq 0 ack 1', { attemptFails: 1 });
counts('a RST that may be a guess', 'ESTABLISHED', '+0 < R seq 2\n+0 > . seq 1 ack 1', { challengeAcks: 1 });
counts('text behind a hole', 'ESTABLISHED', '+0 < . seq 11 ack 1 len 10\n+0 > . seq 1 ack 1', { outOfOrder: 1 });
counts(
  'text that comes again',
  'ESTABLISHED',
  '+0 < P. seq 1 ack 1 len 10\n+.04 > . seq 1 ack 11\n+0 < P. seq 1 ack 1 len 10\n+0 > . seq 1 ack 11 <...>',
  { duplicateText: 1 },
);
counts('text after the FIN', 'CLOSE_WAIT', '+0 < . seq 2 ack 1 len 10', { textAfterFin: 1 });
counts('a FIN after the FIN', 'CLOSE_WAIT', '+0 < F. seq 2 ack 1\n+0 > . seq 1 ack 2', {});
counts('an ACK after the FIN', 'CLOSE_WAIT', '+0 < . seq 2 ack 1', {});
counts('a timeout', 'ESTABLISHED', 'send 10\n+0 > P. seq 1 len 10\n+1 > P. seq 1 len 10', {
  timeouts: 1,
  retransSegs: 1,
});
counts('a zero window probe', 'ESTABLISHED', '+0 < . seq 1 ack 1 win 0\nsend 10\n+1 > . seq 1 len 1', {
  zeroWindowProbes: 1,
});
counts('a keep-alive probe', 'ESTABLISHED', 'keepalive 10000 1000 3\n+10 > . seq 0 ack 1', { keepaliveProbes: 1 });
counts(
  'an old timestamp',
  'LISTEN',
  `
  +0 < S seq 0 win 1000 <mss 1000, ts 100 0>
  +0 > S. seq 0 ack 1 <...>
  +0 < . seq 1 ack 1 <ts 101 0>
  +0 < P. seq 1 ack 1 len 10 <ts 50 0>
  +0 > . seq 1 ack 1 <...>
`,
  { pawsDrops: 1, challengeAcks: 1 },
);
counts('text for nobody', 'FIN_WAIT_2', 'giveup\n+0 < P. seq 1 ack 2 len 10\n+0 > R. seq 2', {
  orphansReset: 1,
  outRsts: 1,
});

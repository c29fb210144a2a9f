/** RFC 9293 §3.10.7.4, fifth, at its edges: places where a small change of the code once went unnoticed (docs/mutation.md). */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('the send window', () => {
  conform('a segment that was overtaken does not bring its old window [UNTAGGED-11] [UNTAGGED-23]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 11 ack 1 len 10 win 5000
      +0 > . seq 1 ack 1
      +0 < P. seq 1 ack 1 len 10 win 500
      +0 > . seq 1 ack 21
      send 2000
      +0 > . seq 1 ack 21 len 1000
      +0 > P. seq 1001 ack 21 len 1000
    `;
  });

  conform('nor does one whose ACK is old, though its text is new [UNTAGGED-11] [UNTAGGED-23]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 1000
      +0 > P. seq 1 ack 1 len 1000
      +.1 < P. seq 1 ack 1001 len 10 win 5000
      +* > . seq 1001 ack 11
      +0 < P. seq 11 ack 501 len 10 win 500
      +* > . seq 1001 ack 21
      send 2000
      +0 > . seq 1001 ack 21 len 1000
      +0 > P. seq 2001 ack 21 len 1000
    `;
  });
});

describe('a FIN behind the last text', () => {
  for (const [window, what] of [
    [1000, 'waits when the text fills the window'],
    [1001, 'goes along when there is room for it too'],
  ] as const) {
    conform(`${what} [SHLD-15] [UNTAGGED-26]`, async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +0 < . seq 1 ack 1 win 0
        send 1000
        close
        +0 > nothing
        +.1 < . seq 1 ack 1 win ${window}
        +0 > ${window === 1000 ? 'P' : 'FP'}. seq 1 ack 1 len 1000
        +.1 < . seq 1 ack ${window + 1} win 1000
        ${window === 1000 ? '+0 > F. seq 1001 ack 1\n+.1 < . seq 1 ack 1002' : ''}
        expect FIN_WAIT_2
      `;
    });
  }
});

describe('R2 and the persist timer', () => {
  conform(
    'duplicates with an open window do not put off the end [MUST-20] [MUST-21]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        send 10
        +0 > P. seq 1 ack 1 len 10
        +1 > P. seq 1 ack 1 len 10
        +.1 < . seq 1 ack 1
        +1.9 > P. seq 1 ack 1 len 10
        +.1 < . seq 1 ack 1
        +3.9 > P. seq 1 ack 1 len 10
        wait 8s
        event closed ETIMEDOUT
      `;
    },
    { tcp: { dataRetries: 3 } },
  );

  conform(
    'acknowledged in part with the window closed: still probed, and not given up [MUST-36] [MUST-37]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        send 2000
        +0 > . seq 1 ack 1 len 1000
        +0 > P. seq 1001 ack 1 len 1000
        +.1 < . seq 1 ack 1 win 0
        +.1 < . seq 1 ack 1001 win 0
      `;
      for (let n = 0; n < 6; n++) await s.run('+* > P. seq 1001 ack 1 len 1\n+.01 < . seq 1 ack 1001 win 0');
      await s.run(
        'expect ESTABLISHED\n+0 < . seq 1 ack 1001 win 5000\n+0 > . seq 1001 ack 1 len 1\n+0 > P. seq 1002 ack 1 len 999',
      );
      await s.run('+.1 < . seq 1 ack 2001\nsilence 100s');
    },
    { tcp: { dataRetries: 3 } },
  );

  conform(
    'opened by a segment that is itself not acceptable: probing ends, the RTO is in force again [T288] [MUST-66]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      const fill = Array.from({ length: 10 }, (_, n) => {
        return `+0 <${n < 9 ? '+' : ''} . seq ${1 + 1000 * n} ack 1 len 1000 win 0`;
      });
      await s.run`
        ${fill.join('\n')}
        +0 > . seq 1 ack 10001 win 0
        send 10
        +1 > . seq 1 ack 10001 len 1
        +0 < . seq 10002 ack 1 win 0
        +0 > . seq 1 ack 10001 win 0
        +2 > P. seq 1 ack 10001 len 1
        +.1 < . seq 10002 ack 2 win 5000
        +0 > P. seq 2 ack 10001 len 9
        +1 > P. seq 2 ack 10001 len 9
        +2 > P. seq 2 ack 10001 len 9
        +4 > P. seq 2 ack 10001 len 9
        +.1 < . seq 10002 ack 11 win 5000
        +0 > . seq 11 ack 10001 win 0
        silence 100s
      `;
    },
    { reading: 'manual' },
  );

  conform(
    'progress begins the user timeout anew [T233] [MUST-21]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        send 2000
        +0 > . seq 1 ack 1 len 1000
        +0 > P. seq 1001 ack 1 len 1000
        +.9 < . seq 1 ack 1001
        +* > P. seq 1001 ack 1 len 1000
        +* > P. seq 1001 ack 1 len 1000
        wait 1s
        no event closed
        wait 1.2s
        event closed ETIMEDOUT
      `;
    },
    { tcp: { userTimeout: 5000 } },
  );
});

describe('urgent text', () => {
  conform('points until it is acknowledged, and no longer [MUST-30] [MUST-62]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send urgent 2000
      +0 > .U seq 1 ack 1 len 1000 urg 2000
      +0 > P.U seq 1001 ack 1 len 1000 urg 1000
      +.1 < . seq 1 ack 1001
      +* > P.U seq 1001 ack 1 len 1000 urg 1000
      +.1 < . seq 1 ack 2001
      send 10
      +0 > P. seq 2001 ack 1 len 10
    `;
  });
});

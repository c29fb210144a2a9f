// Timeouts upon timeouts, and what they leave behind: the round trip, ssthresh, and the way back when nothing was lost.
// The round trip is 100 ms, MSS 1000, RTO 300 ms.
import { describe, expect } from 'vitest';
import { type CoreBackend, conform, type Script } from './script/index.ts';

const QUICK = { tcp: { minRto: 200, congestion: 'newreno' } };

async function open(s: Script, options = 'mss 1000', ack = ''): Promise<void> {
  await s.run(
    `listen\n+0 < S seq 0 win 60000 <${options}>\n+0 > S. seq 0 ack 1\n+.1 < . seq 1 ack 1 ${ack}\nexpect ESTABLISHED`,
  );
}
const info = (s: Script) => (s.backend as CoreBackend).core.info(65);

/** Sends n segments; those beyond the initial window of ten wait. */
const flight = (n: number): string =>
  `send ${n}000\n${Array.from({ length: Math.min(n, 10) }, (_, i) => `+0 > ${i === n - 1 ? 'P.' : '.'} seq ${1 + 1000 * i} len 1000`).join('\n')}`;

/** n duplicates, each of which lets a new segment out from `next` on. */
const letOut = (n: number, next: number): string =>
  Array.from({ length: n }, (_, i) => `+0 < . seq 1 ack 1 win 60000\n+0 > . seq ${next + 1000 * i} len 1000`).join(
    '\n',
  );

describe('what a timeout makes of ssthresh', () => {
  conform(
    'in fast recovery it stays as it was: what duplicates let out has left the network [RFC 5681 §3.1-h]',
    async (s) => {
      await open(s);
      await s.run(flight(40));
      await s.run`
        +.1 < . seq 1 ack 1 win 60000
        +0 > . seq 10001 len 1000
        +0 < . seq 1 ack 1 win 60000
        +0 > . seq 11001 len 1000
        +0 < . seq 1 ack 1 win 60000
        +0 > . seq 1 len 1000
      `;
      expect(info(s)).toMatchObject({ ssthresh: 6000, cwnd: 6000, recoveries: 1 });
      await s.run('+0 < . seq 1 ack 1 win 60000\n'.repeat(3));
      await s.run(letOut(12, 12_001));
      await s.run('+.3 > . seq 1 len 1000');
      expect(info(s)).toMatchObject({ ssthresh: 6000, cwnd: 1000, timeouts: 1 });
    },
    QUICK,
  );

  conform(
    'what was lost and did not leave again is not in flight when the next segment is lost twice [RFC 5681 §3.1-h]',
    async (s) => {
      await open(s);
      await s.run(flight(10));
      await s.run('+* > . seq 1 len 1000');
      expect(info(s)).toMatchObject({ ssthresh: 5000, cwnd: 1000 });
      await s.run`
        +.1 < . seq 1 ack 1001 win 60000
        +0 > . seq 1001 len 1000
        +0 > . seq 2001 len 1000
        +* > . seq 1001 len 1000
      `;
      expect(info(s)).toMatchObject({ ssthresh: 2000, cwnd: 1000 });
    },
    QUICK,
  );
});

describe('text that lay behind a hole', () => {
  conform(
    'gives no sample of the round trip, or each timeout makes the next one longer [RFC 6298 §3-a] [MUST-18]',
    async (s) => {
      await open(s);
      await s.run(flight(3));
      const { srttUs } = info(s);
      await s.run`
        +* > . seq 1 len 1000
        +.1 < . seq 1 ack 3001 win 60000
      `;
      expect(info(s).srttUs).toBe(srttUs);
    },
    QUICK,
  );

  conform(
    'nor does it when a timestamp tells: the echo is of what filled the hole [RFC 7323 §4.1]',
    async (s) => {
      await open(s, 'mss 1012, ts 1 0', '<ts 2 0>');
      await s.run(flight(3));
      await s.run`
        +* > . seq 1 len 1000
        +.1 < . seq 1 ack 3001 win 60000 <ts 3 400>
      `;
      expect(info(s).srttUs).toBeLessThan(102_000);
    },
    QUICK,
  );

  conform(
    'what left after the hole was filled gives one [RFC 6298 §3-a]',
    async (s) => {
      await open(s);
      await s.run(flight(2));
      await s.run`
        +* > . seq 1 len 1000
        +.05 < . seq 1 ack 1001 win 60000
        +0 > P. seq 1001 len 1000
        send 1000
        +0 > P. seq 2001 len 1000
        +.2 < . seq 1 ack 3001 win 60000
      `;
      expect(info(s).srttUs).toBeGreaterThan(105_000);
    },
    QUICK,
  );
});

describe('a path that became slower than several timeouts', () => {
  conform(
    'the echo of what was sent first takes all of them back [RFC 3522 §3.2] [RFC 4015 §3.2]',
    async (s) => {
      await open(s, 'mss 1012, sackOK, ts 1 0', '<ts 2 0>');
      await s.run(flight(10));
      await s.run`
        +* > P. seq 9001 len 1000
        +* > . seq 1 len 1000
        +* > . seq 1 len 1000
        +* > . seq 1 len 1000
        +.1 < . seq 1 ack 1001 <ts 3 100>
      `;
      expect(info(s)).toMatchObject({ undone: 1, cwnd: 10_000 });
    },
    QUICK,
  );
});

describe('a link that was away, and took the ACKs of what had arrived along', () => {
  conform(
    'what it repeats is reported: the echo of before is no proof, nor a round trip [RFC 3522 §3.2] [RFC 7323 §4.1]',
    async (s) => {
      await open(s, 'mss 1012, sackOK, ts 1 0', '<ts 2 0>');
      await s.run(flight(4));
      await s.run`
        +* > P. seq 3001 len 1000
        +* > . seq 1 len 1000
        +* > . seq 1 len 1000
        +* > . seq 1 len 1000
        +.1 < . seq 1 ack 4001 <ts 3 100, sack 1:1001>
      `;
      expect(info(s)).toMatchObject({ undone: 0, ssthresh: 2000 });
      expect(info(s).srttUs).toBeLessThan(102_000);
    },
    QUICK,
  );

  conform(
    'after one timeout the report takes it back, and the round trip stays what it was [RFC 2883 §5] [RFC 4015 §3.3]',
    async (s) => {
      await open(s, 'mss 1012, sackOK, ts 1 0', '<ts 2 0>');
      await s.run(flight(2));
      await s.run`
        +* > P. seq 1001 len 1000
        +* > . seq 1 len 1000
        +.1 < . seq 1 ack 1001 <ts 3 100, sack 1:1001>
      `;
      expect(info(s).undone).toBe(1);
      expect(info(s).srttUs).toBeLessThan(102_000);
    },
    QUICK,
  );

  conform(
    'a peer without SACK cannot report: after several timeouts its echo proves nothing [RFC 3522 §3.2]',
    async (s) => {
      await open(s, 'mss 1012, ts 1 0', '<ts 2 0>');
      await s.run(flight(4));
      await s.run`
        +* > . seq 1 len 1000
        +* > . seq 1 len 1000
        +.1 < . seq 1 ack 4001 <ts 3 100>
      `;
      expect(info(s).undone).toBe(0);
    },
    QUICK,
  );
});

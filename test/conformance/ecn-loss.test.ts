// Marks and losses of one window are one sign of congestion, and each reduction is told (RFC 3168 §6.1.2).
// The round trip is 100 ms, MSS 1000.
import { describe, expect } from 'vitest';
import { type CoreBackend, conform, type Script } from './script/index.ts';

const QUICK = { tcp: { minRto: 200, congestion: 'newreno' } };
const CUBIC = { tcp: { minRto: 200, congestion: 'cubic' } };
const DCTCP = { tcp: { minRto: 200, congestion: 'dctcp' } };
const info = (s: Script) => (s.backend as CoreBackend).core.info(65);

/** Ten of `n` segments leave. */
async function begin(s: Script, n: number): Promise<void> {
  await s.run('listen\n+0 < SEW seq 0 win 60000 <mss 1000, sackOK>\n+0 > S.E seq 0 ack 1\n+.1 < . seq 1 ack 1');
  const ten = Array.from(
    { length: 10 },
    (_, i) => `+0 > ${i === n - 1 ? 'P.' : '.'} seq ${1 + 1000 * i} len 1000 tos 2`,
  );
  await s.run(`send ${n}000\n${ten.join('\n')}`);
}

/** The first segment was marked; the window is smaller by the time that a later one is found to be lost. */
async function markThenLoss(s: Script, n: number): Promise<void> {
  await begin(s, n);
  await s.run('+.1 < .E seq 1 ack 1001');
}

describe('a mark, and a loss of the same window', () => {
  conform(
    'reduce it once [RFC 3168 §6.1.2-a]',
    async (s) => {
      await markThenLoss(s, 12);
      expect(info(s)).toMatchObject({ cwnd: 5000, ssthresh: 5000 });
      await s.run`
        +0 < .E seq 1 ack 6001
        +0 > .W seq 10001 len 1000 tos 2
        +0 < .E seq 1 ack 7001
        +0 > P. seq 11001 len 1000 tos 2
        +.1 < . seq 1 ack 7001 <sack 8001:12001>
        +0 > . seq 7001 len 1000 tos 0
      `;
      expect(info(s)).toMatchObject({ ssthresh: 5000, recoveries: 1 });
    },
    QUICK,
  );

  conform(
    'with CUBIC, too [RFC 9438 §4.6-a]',
    async (s) => {
      await markThenLoss(s, 14);
      expect(info(s)).toMatchObject({ cwnd: 7000, ssthresh: 7000 });
      await s.run`
        +0 < .E seq 1 ack 4001
        +0 > .W seq 10001 len 1000
        +0 < .E seq 1 ack 7001
        +0 > . seq 11001 len 1000
        +0 > . seq 12001 len 1000
        +0 > P. seq 13001 len 1000
        +.1 < . seq 1 ack 7001 <sack 8001:14001>
        +0 > . seq 7001 len 1000
      `;
      expect(info(s)).toMatchObject({ ssthresh: 7000, recoveries: 1 });
    },
    CUBIC,
  );

  conform(
    'not so a loss of what left after the reduction [RFC 3168 §6.1.2-a]',
    async (s) => {
      await markThenLoss(s, 15);
      await s.run`
        +0 < .E seq 1 ack 6001
        +0 > .W seq 10001 len 1000
        +0 < .E seq 1 ack 10001
        +0 > . seq 11001 len 1000
        +0 > . seq 12001 len 1000
        +0 > . seq 13001 len 1000
        +0 > P. seq 14001 len 1000
        +.1 < . seq 1 ack 10001 <sack 11001:15001>
        +0 > . seq 10001 len 1000
      `;
      expect(info(s)).toMatchObject({ ssthresh: 2500, recoveries: 1 });
    },
    QUICK,
  );

  conform(
    'nor DCTCP, which answers marks by how many they are, and losses as others do [RFC 8257 §3.5]',
    async (s) => {
      await markThenLoss(s, 12);
      expect(info(s)).toMatchObject({ cwnd: 5000 });
      await s.run`
        +0 < .E seq 1 ack 6001
        +0 > .W seq 10001 len 1000
        +0 < .E seq 1 ack 7001
        +0 > P. seq 11001 len 1000
        +.1 < . seq 1 ack 7001 <sack 8001:12001>
        +0 > . seq 7001 len 1000
      `;
      expect(info(s)).toMatchObject({ ssthresh: 2500 });
    },
    DCTCP,
  );
});

describe('CWR goes with the first new text after any reduction', () => {
  conform(
    'after a fast retransmit [RFC 3168 §6.1.2-a]',
    async (s) => {
      await begin(s, 12);
      await s.run`
        +.1 < . seq 1 ack 1 <sack 1001:4001>
        +0 > . seq 1 len 1000 tos 0
        +.05 < . seq 1 ack 10001
        +0 > .W seq 10001 len 1000 tos 2
        +0 > P. seq 11001 len 1000 tos 2
      `;
    },
    QUICK,
  );

  conform(
    'after a timeout [RFC 3168 §6.1.2-a]',
    async (s) => {
      await begin(s, 10);
      await s.run`
        +* > P. seq 9001 len 1000 tos 0
        +* > . seq 1 len 1000 tos 0
        +.1 < . seq 1 ack 10001
        send 1000
        +0 > P.W seq 10001 len 1000 tos 2
      `;
    },
    QUICK,
  );
});

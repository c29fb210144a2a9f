// RACK-TLP (RFC 8985): what counts as lost, and what the end of a flight does. The round trip is 100 ms, MSS 1000.
import { describe, expect } from 'vitest';
import { type CoreBackend, conform, type Script } from './script/index.ts';

/** SRTT 100 ms, RTO 300 ms. */
async function open(s: Script, options = 'mss 1000, sackOK'): Promise<void> {
  await s.run(
    `listen\n+0 < S seq 0 win 60000 <${options}>\n+0 > S. seq 0 ack 1\n+.1 < . seq 1 ack 1\nexpect ESTABLISHED`,
  );
}
const QUICK = { tcp: { minRto: 200 } };
const info = (s: Script) => (s.backend as CoreBackend).core.info(65);

/** Sends n full segments, which all leave at once. */
const flight = (n: number, from = 1): string =>
  `send ${n}000\n${Array.from({ length: n }, (_, i) => `+0 > ${i === n - 1 ? 'P.' : '.'} seq ${from + 1000 * i} len 1000`).join('\n')}`;

describe('RACK [RFC 2018 §5] [RFC 6675 §5.1]', () => {
  conform(
    'three segments SACKed and no reordering seen: lost at once [RFC 8985 §6.2-b] [RFC 5681 §3.2-c]',
    async (s) => {
      await open(s);
      await s.run(flight(5));
      await s.run`
      +.1 < . seq 1 ack 1 <sack 1001:2001>
      +0 < . seq 1 ack 1 <sack 1001:3001>
      +0 > nothing
      +0 < . seq 1 ack 1 <sack 1001:4001>
      +0 > . seq 1 len 1000
      +0 > nothing
    `;
      expect(info(s)).toMatchObject({ recoveries: 1, retransmits: 1, ssthresh: 2500 });
    },
    QUICK,
  );

  for (const [named, what] of [
    [4001, 'names the text alone'],
    [4002, 'names the FIN, too'],
  ] as const) {
    conform(
      `text that a FIN goes along with is SACKed, and the block ${what} [RFC 6675 §3]`,
      async (s) => {
        await open(s);
        await s.run`
          +0 < . seq 1 ack 1 win 0
          send 4000
          close
          +.1 < . seq 1 ack 1 win 60000
          +0 > . seq 1 len 1000
          +0 > . seq 1001 len 1000
          +0 > . seq 2001 len 1000
          +0 > FP. seq 3001 len 1000
          +.1 < . seq 1 ack 1 <sack 1001:${named}>
          +0 > . seq 1 len 1000
          +.1 < . seq 1 ack 4002
          expect FIN_WAIT_2
        `;
      },
      QUICK,
    );
  }

  conform(
    'fewer: a quarter of min_RTT later, by the reordering timer [RFC 8985 §6.2-c] [RFC 8985 §6.2-b]',
    async (s) => {
      await open(s);
      await s.run(flight(2));
      await s.run`
      +.1 < . seq 1 ack 1 <sack 1001:2001>
      silence 24ms
      +.001 > . seq 1 len 1000
      +.1 < . seq 1 ack 2001
      silence 2s
    `;
    },
    QUICK,
  );

  conform(
    'it was reordered, not lost: nothing is sent again, and from now on RACK waits [RFC 8985 §6.2-d] [RFC 8985 §6.2-b]',
    async (s) => {
      await open(s);
      await s.run(flight(5));
      await s.run`
      +.1 < . seq 1 ack 1 <sack 1001:2001>
      +.01 < . seq 1 ack 2001
      +0 < . seq 1 ack 5001
      silence 1s
    `;
      await s.run(flight(5, 5001));
      await s.run`
      +.1 < . seq 1 ack 5001 <sack 6001:10001>
      silence 24ms
      +.001 > . seq 5001 len 1000
    `;
      expect(info(s)).toMatchObject({ recoveries: 1, retransmits: 1 });
    },
    QUICK,
  );

  conform(
    'a duplicate reported: the window grows by a quarter of min_RTT [RFC 8985 §6.2-b] [RFC 2883 §5]',
    async (s) => {
      await open(s);
      await s.run(flight(2));
      await s.run`
      +.1 < . seq 1 ack 1 <sack 1001:2001>
      +.025 > . seq 1 len 1000
      +.01 < . seq 1 ack 2001
      +.09 < . seq 1 ack 2001 <sack 1:1001>
      silence 1s
    `;
      expect(info(s)).toMatchObject({ spuriousRetransmits: 1, undone: 1 });
      await s.run(flight(2, 2001));
      await s.run`
      +.1 < . seq 1 ack 2001 <sack 3001:4001>
      silence 49ms
      +.001 > . seq 2001 len 1000
    `;
    },
    QUICK,
  );

  conform(
    'a retransmission that is lost goes again when text sent after it arrives [RFC 8985 §6.2-c] [RFC 8985 §9.2]',
    async (s) => {
      await open(s);
      await s.run(flight(5));
      await s.run`
      send 2000
      +0 > . seq 5001 len 1000
      +0 > P. seq 6001 len 1000
      +.1 < . seq 1 ack 1 <sack 1001:5001>
      +0 > . seq 1 len 1000
      +0 < . seq 1 ack 1 <sack 1001:7001>
      send 2000
      +0 > . seq 7001 len 1000
      +0 > P. seq 8001 len 1000
      +.1 < . seq 1 ack 1 <sack 1001:8001>
      +0 > . seq 1 len 1000
      +.1 < . seq 1 ack 9001
      silence 2s
    `;
      expect(info(s)).toMatchObject({ recoveries: 1, retransmits: 2 });
    },
    QUICK,
  );

  conform(
    'text that is sent once stays queued until it is cumulatively acknowledged [RFC 6675 §4-a] [RFC 2018 §5-b] [RFC 2018 §8]',
    async (s) => {
      await open(s);
      await s.run(flight(3));
      await s.run`
      +.1 < . seq 1 ack 1 <sack 1:3001>
      +.2 > . seq 1 len 1000
      +0 < . seq 1 ack 1001
      +0 > . seq 1001 len 1000
      +0 > P. seq 2001 len 1000
      +.1 < . seq 1 ack 3001
      silence 2s
    `;
    },
    QUICK,
  );

  conform(
    'what was SACKed before a timeout is not sent again [RFC 6675 §5.1-c] [RFC 8985 §6.3]',
    async (s) => {
      await open(s);
      await s.run(flight(5));
      await s.run`
      +.1 < . seq 1 ack 1 <sack 1001:2001 3001:4001>
      +.025 > . seq 1 len 1000
      +.28 > . seq 1 len 1000
      +.1 < . seq 1 ack 2001 <sack 3001:4001>
      +0 > . seq 2001 len 1000
      +0 > P. seq 4001 len 1000
      +.1 < . seq 1 ack 5001
      silence 2s
    `;
    },
    QUICK,
  );
});

describe('tail loss probe', () => {
  conform(
    'the end of a flight is lost: the last segment goes again, and SACK shows the rest [RFC 8985 §7.2] [RFC 8985 §7.3]',
    async (s) => {
      await open(s);
      await s.run(flight(3));
      await s.run`
      silence 199ms
      +.001 > P. seq 2001 len 1000
      +.1 < . seq 1 ack 1 <sack 2001:3001>
      +0 > . seq 1 len 1000
      +.1 < . seq 1 ack 1001 <sack 2001:3001>
      +0 > . seq 1001 len 1000
      +.1 < . seq 1 ack 3001
      silence 2s
    `;
      expect(info(s)).toMatchObject({ tailLossProbes: 1, recoveries: 1 });
      expect((s.backend as CoreBackend).core.counters.timeouts).toBe(0);
    },
    QUICK,
  );

  conform(
    'the same with timestamps: what arrives above a hole is not echoed, and is the probe all the same [RFC 8985 §7.3] [RFC 8985 §6.2-a]',
    async (s) => {
      await s.run`
      listen
      +0 < S seq 0 win 60000 <mss 1012, sackOK, ts 1 0>
      +0 > S. seq 0 ack 1
      +.1 < . seq 1 ack 1 <ts 2 0>
      send 3000
      +0 > . seq 1 len 1000
      +0 > . seq 1001 len 1000
      +0 > P. seq 2001 len 1000
      silence 199ms
      +.001 > P. seq 2001 len 1000
      +.1 < . seq 1 ack 1 <ts 3 0, sack 2001:3001>
      +0 > . seq 1 len 1000
      +.1 < . seq 1 ack 1001 <ts 4 400, sack 2001:3001>
      +0 > . seq 1001 len 1000
      +.1 < . seq 1 ack 3001 <ts 5 500>
      silence 2s
    `;
      expect(info(s)).toMatchObject({ tailLossProbes: 1, recoveries: 1 });
      expect((s.backend as CoreBackend).core.counters.timeouts).toBe(0);
    },
    QUICK,
  );

  conform(
    'new text is the better probe, and cwnd does not hold it back [RFC 8985 §7.3]',
    async (s) => {
      await open(s);
      await s.run(`send 11000\n${'+0 > . len 1000\n'.repeat(10)}+0 > nothing`);
      await s.run`
      +.2 > P. seq 10001 len 1000
      +.1 < . seq 1 ack 11001
      silence 2s
    `;
      expect(info(s)).toMatchObject({ tailLossProbes: 1, recoveries: 0, retransmits: 0 });
    },
    QUICK,
  );

  conform(
    'a lone segment may wait for its delayed ACK; the probe comes no later than the timeout [RFC 8985 §7.2] [RFC 8985 §7.3]',
    async (s) => {
      await open(s);
      await s.run`
      send 1000
      +0 > P. seq 1 len 1000
      silence 299ms
      +.001 > P. seq 1 len 1000
      +.3 > P. seq 1 len 1000
      +.6 > P. seq 1 len 1000
    `;
      expect(info(s)).toMatchObject({ tailLossProbes: 1 });
      expect((s.backend as CoreBackend).core.counters.timeouts).toBe(2);
    },
    QUICK,
  );

  conform(
    'one probe at a time, then the retransmission timer [RFC 8985 §7.3] [RFC 8985 §8]',
    async (s) => {
      await open(s);
      await s.run(flight(3));
      await s.run`
      +.2 > P. seq 2001 len 1000
      silence 299ms
      +.001 > . seq 1 len 1000
    `;
    },
    QUICK,
  );

  conform(
    'the probe repaired the loss by itself: congestion control hears of it [RFC 8985 §7.4.2]',
    async (s) => {
      await open(s);
      await s.run(flight(3));
      await s.run`
      +.2 > P. seq 2001 len 1000
      +.1 < . seq 1 ack 3001
    `;
      expect(info(s)).toMatchObject({ recoveries: 0 });
      await s.run(flight(2, 3001));
      await s.run('+.1 < . seq 1 ack 5001');
      expect(info(s)).toMatchObject({ recoveries: 1, ssthresh: 2000, cwnd: 2000 });
    },
    QUICK,
  );

  conform(
    'the probe was needless: a D-SACK says so [RFC 8985 §7.4.2]',
    async (s) => {
      await open(s);
      await s.run(flight(3));
      await s.run`
      +.2 > P. seq 2001 len 1000
      +.05 < . seq 1 ack 3001
      +.05 < . seq 1 ack 3001 <sack 2001:3001>
    `;
      await s.run(flight(2, 3001));
      await s.run('+.1 < . seq 1 ack 5001');
      expect(info(s)).toMatchObject({ recoveries: 0, spuriousRetransmits: 1 });
    },
    QUICK,
  );

  conform(
    'or a duplicate ACK from a peer that does not report duplicates [RFC 8985 §7.4.2]',
    async (s) => {
      await open(s);
      await s.run(flight(3));
      await s.run`
      +.2 > P. seq 2001 len 1000
      +.05 < . seq 1 ack 3001
    `;
      await s.run(flight(2, 3001));
      await s.run('+.05 < . seq 1 ack 3001 win 60000\n+.1 < . seq 1 ack 5001');
      expect(info(s)).toMatchObject({ recoveries: 0 });
    },
    QUICK,
  );

  conform(
    'none without SACK [RFC 8985 §4]',
    async (s) => {
      await open(s, 'mss 1000');
      await s.run(flight(3));
      await s.run('silence 299ms\n+.001 > . seq 1 len 1000');
    },
    QUICK,
  );
});

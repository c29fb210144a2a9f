// Recovery without SACK (RFC 5681, RFC 6582, RFC 3042), its pace (RFC 9937), and taking back what was done for nothing
// (RFC 5682, RFC 3522, RFC 4015, RFC 2883). The round trip is 100 ms, MSS 1000, RTO 300 ms.
import { describe, expect } from 'vitest';
import { type CoreBackend, conform, type Script } from './script/index.ts';

const QUICK = { tcp: { minRto: 200 } };

async function open(s: Script, options = 'mss 1000', ack = ''): Promise<void> {
  await s.run(
    `listen\n+0 < S seq 0 win 60000 <${options}>\n+0 > S. seq 0 ack 1\n+.1 < . seq 1 ack 1 ${ack}\nexpect ESTABLISHED`,
  );
}
const info = (s: Script) => (s.backend as CoreBackend).core.info(65);

/** Sends n segments; those beyond the initial window of ten wait. */
const flight = (n: number): string =>
  `send ${n}000\n${Array.from({ length: Math.min(n, 10) }, (_, i) => `+0 > ${i === n - 1 ? 'P.' : '.'} seq ${1 + 1000 * i} len 1000`).join('\n')}`;

describe('without SACK', () => {
  conform(
    'each of the first two duplicates lets one new segment out [RFC 3042 §2] [RFC 5681 §3.2-d]',
    async (s) => {
      await open(s);
      await s.run(flight(14));
      await s.run`
        +.1 < . seq 1 ack 1 win 60000
        +0 > . seq 10001 len 1000
        +0 < . seq 1 ack 1 win 60000
        +0 > . seq 11001 len 1000
        +0 > nothing
      `;
      expect(info(s)).toMatchObject({ cwnd: 10_000, recoveries: 0 });
    },
    QUICK,
  );

  conform(
    'the third begins recovery; a partial ACK sends the next hole, the full one ends it [RFC 5681 §3.2-c] [RFC 5681 §3.2-e] [RFC 6582 §3.2-b] [RFC 6582 §3.2-c]',
    async (s) => {
      await open(s);
      await s.run(flight(10));
      const dup = '+0 < . seq 1 ack 1 win 60000\n';
      await s.run(`+.1 < . seq 1 ack 1 win 60000\n${dup}+0 > nothing\n${dup}+0 > . seq 1 len 1000`);
      expect(info(s)).toMatchObject({ ssthresh: 5000, cwnd: 5000, recoveries: 1 });
      await s.run`
        +.1 < . seq 1 ack 4001 win 60000
        +0 > . seq 4001 len 1000
        +.1 < . seq 1 ack 10001 win 60000
        silence 2s
      `;
      expect(info(s)).toMatchObject({ ssthresh: 5000, retransmits: 2 });
      expect(info(s).cwnd).toBeLessThanOrEqual(5000);
    },
    QUICK,
  );

  conform(
    'after a timeout duplicates of what was sent before it begin nothing [RFC 6582 §3.2-d] [RFC 6582 §4] [RFC 6582 §3.2-a]',
    async (s) => {
      await open(s);
      await s.run(flight(5));
      await s.run('+.3 > . seq 1 len 1000');
      for (let n = 0; n < 5; n++) await s.run('+.01 < . seq 1 ack 1 win 60000\n+0 > nothing');
      expect(info(s)).toMatchObject({ recoveries: 0 });
      await s.run('+.1 < . seq 1 ack 5001 win 60000\nsilence 2s');
    },
    QUICK,
  );
});

describe('F-RTO', () => {
  conform(
    'two ACKs that move on, although only one segment went again: the timeout was spurious [RFC 5682 §2.1] [RFC 4015 §3.2]',
    async (s) => {
      await open(s);
      await s.run(flight(12));
      await s.run`
        +.3 > . seq 1 len 1000
        +.01 < . seq 1 ack 1001 win 60000
        +0 > . seq 10001 len 1000
        +0 > P. seq 11001 len 1000
        +.01 < . seq 1 ack 2001 win 60000
        +0 > nothing
      `;
      expect(info(s)).toMatchObject({ undone: 1, retransmits: 1 });
      expect(info(s).cwnd).toBeGreaterThanOrEqual(10_000);
      await s.run('+.01 < . seq 1 ack 12001 win 60000\nsilence 2s');
    },
    QUICK,
  );

  conform(
    'a duplicate behind the first: the timeout was right, and the rest goes again [RFC 5682 §2.1]',
    async (s) => {
      await open(s);
      await s.run(flight(12));
      await s.run`
        +.3 > . seq 1 len 1000
        +.1 < . seq 1 ack 1001 win 60000
        +0 > . seq 10001 len 1000
        +0 > P. seq 11001 len 1000
        +.1 < . seq 1 ack 1001 win 60000
        +0 > . seq 1001 len 1000
      `;
      expect(info(s)).toMatchObject({ undone: 0, ssthresh: 5000 });
    },
    QUICK,
  );

  conform(
    'a duplicate instead of the first: likewise [RFC 5682 §2.1]',
    async (s) => {
      await open(s);
      await s.run(flight(12));
      await s.run`
        +.3 > . seq 1 len 1000
        +.1 < . seq 1 ack 1 win 60000
        +.1 < . seq 1 ack 1001 win 60000
        +0 > . seq 1001 len 1000
        +0 > . seq 2001 len 1000
      `;
    },
    QUICK,
  );

  conform(
    'the first ACK covers everything: nobody can tell, and slow start goes on [RFC 5682 §2.1]',
    async (s) => {
      await open(s);
      await s.run(flight(3));
      await s.run('+.3 > . seq 1 len 1000\n+.1 < . seq 1 ack 3001 win 60000\nsilence 2s');
      expect(info(s)).toMatchObject({ undone: 0, ssthresh: 2000 });
    },
    QUICK,
  );

  conform(
    'with SACK: originals below the old SND.NXT arrive [RFC 5682 §3]',
    async (s) => {
      await open(s, 'mss 1000, sackOK');
      await s.run(flight(12));
      await s.run`
        +.2 > . seq 10001 len 1000
        +.3 > . seq 1 len 1000
        +.01 < . seq 1 ack 1001
        +0 > P. seq 11001 len 1000
        +.01 < . seq 1 ack 1001 <sack 2001:3001>
        +0 > nothing
      `;
      expect(info(s)).toMatchObject({ undone: 1 });
    },
    QUICK,
  );
});

describe('Eifel and D-SACK', () => {
  conform(
    'the echo is older than the retransmission: the timeout was spurious at the first ACK [RFC 3522 §3.2] [RFC 4015 §3.2]',
    async (s) => {
      await open(s, 'mss 1000, ts 1 0', '<ts 2 0>');
      await s.run('send 2964\n+0 > . seq 1 len 988\n+0 > . seq 989 len 988\n+0 > P. seq 1977 len 988');
      await s.run('+.3 > . seq 1 len 988 <ts * 2>');
      await s.run('+.01 < . seq 1 ack 989 win 60000 <ts 3 100>');
      expect(info(s)).toMatchObject({ undone: 1, retransmits: 1 });
      // RFC 4015 §3.3: the one sample says 310 ms.
      expect(info(s).srttUs).toBe(310_000);
    },
    QUICK,
  );

  conform(
    'the echo is that of the retransmission: it was needed [RFC 3522 §3.2] [RFC 7323 §4.1]',
    async (s) => {
      await open(s, 'mss 1000, ts 1 0', '<ts 2 0>');
      await s.run('send 2964\n+0 > . seq 1 len 988\n+0 > . seq 989 len 988\n+0 > P. seq 1977 len 988');
      await s.run(
        '+.3 > . seq 1 len 988\n+.1 < . seq 1 ack 989 win 60000 <ts 3 400>\n+0 > . seq 989 len 988\n+0 > P. seq 1977 len 988',
      );
      expect(info(s)).toMatchObject({ undone: 0 });
      // The echo lifts Karn's rule: 100 ms again, and the timer is not backed off any more.
      expect(info(s).rtoMs).toBeLessThan(320);
    },
    QUICK,
  );

  conform(
    'fast recovery for a segment that was only late, told by its echo at the end [RFC 3522 §3.2]',
    async (s) => {
      await open(s, 'mss 1012, sackOK, ts 1 0', '<ts 2 0>');
      await s.run(flight(5));
      await s.run`
        +.1 < . seq 1 ack 1 <ts 3 100, sack 1001:4001>
        +0 > . seq 1 len 1000
        +.01 < . seq 1 ack 5001 <ts 3 100>
        silence 2s
      `;
      expect(info(s)).toMatchObject({ recoveries: 1, undone: 1, cwnd: 10_000 });
    },
    QUICK,
  );

  conform(
    'every retransmission reported as a duplicate: the windows come back [RFC 2883 §5]',
    async (s) => {
      await open(s, 'mss 1000, sackOK');
      await s.run(flight(5));
      await s.run`
        +.1 < . seq 1 ack 1 <sack 1001:4001>
        +0 > . seq 1 len 1000
        +.01 < . seq 1 ack 5001
      `;
      expect(info(s)).toMatchObject({ ssthresh: 2500, undone: 0 });
      await s.run('+.1 < . seq 1 ack 5001 <sack 1:1001>');
      expect(info(s)).toMatchObject({ undone: 1, cwnd: 10_000, spuriousRetransmits: 1 });
      expect(info(s).ssthresh).toBeGreaterThan(1e9);
    },
    QUICK,
  );

  for (const [when, report] of [
    ['before the hole is filled', '< . seq 1 ack 1 <sack 4001:5001 1001:5001>\n+.05 < . seq 1 ack 5001'],
    ['with the ACK of all', '< . seq 1 ack 5001 <sack 4001:5001>'],
  ] as const) {
    conform(
      `what a tail loss probe sent twice is no part of the recovery behind it, reported ${when} [RFC 2883 §5] [RFC 8985 §7.4.2]`,
      async (s) => {
        await open(s, 'mss 1000, sackOK');
        await s.run(flight(5));
        await s.run(`
          +.2 > P. seq 4001 len 1000
          +.01 < . seq 1 ack 1 <sack 1001:5001>
          +0 > . seq 1 len 1000
          +.1 ${report}
        `);
        expect(info(s)).toMatchObject({ recoveries: 1, spuriousRetransmits: 1, undone: 0, ssthresh: 2500 });
      },
      QUICK,
    );
  }

  conform(
    'nor of a timeout [RFC 2883 §5] [RFC 8985 §7.4.2]',
    async (s) => {
      await open(s, 'mss 1000, sackOK');
      await s.run(flight(3));
      await s.run`
        +.2 > P. seq 2001 len 1000
        +.3 > . seq 1 len 1000
        +.01 < . seq 1 ack 1 <sack 2001:3001 1001:3001>
        +.1 < . seq 1 ack 3001
      `;
      expect(info(s)).toMatchObject({ spuriousRetransmits: 1, undone: 0 });
    },
    QUICK,
  );
});

describe('proportional rate reduction [RFC 5681 §4.3] [RFC 2018 §5.1] [RFC 8985 §9.3]', () => {
  conform(
    'one leaves for two delivered until the flight is down to ssthresh, then one for one; cwnd ends there [RFC 9937 §6.2] [RFC 6675 §5-d] [RFC 6675 §5-c]',
    async (s) => {
      await open(s, 'mss 1000, sackOK');
      await s.run(flight(20));
      await s.run`
        +.1 < . seq 1 ack 1 <sack 1001:4001>
        +0 > . seq 1 len 1000
        +0 > nothing
        +0 < . seq 1 ack 1 <sack 1001:5001>
        +0 > . seq 10001 len 1000
        +0 < . seq 1 ack 1 <sack 1001:6001>
        +0 > nothing
        +0 < . seq 1 ack 1 <sack 1001:7001>
        +0 > nothing
        +0 < . seq 1 ack 1 <sack 1001:8001>
        +0 > . seq 11001 len 1000
        +0 < . seq 1 ack 1 <sack 1001:9001>
        +0 > . seq 12001 len 1000
        +0 < . seq 1 ack 1 <sack 1001:10001>
        +0 > . seq 13001 len 1000
        +.1 < . seq 1 ack 10001
        +0 > . seq 14001 len 1000
      `;
      expect(info(s)).toMatchObject({ cwnd: 5000, ssthresh: 5000 });
    },
    QUICK,
  );
});

describe('what a mark took away stays away [RFC 3168 §6.1.2]', () => {
  const marked = async (s: Script, n: number) => {
    await s.run('listen\n+0 < SEW seq 0 win 60000 <mss 1000, sackOK>\n+0 > S.E seq 0 ack 1\n+.1 < . seq 1 ack 1');
    await s.run(flight(n));
  };

  conform(
    'a mark behind a recovery, and then the word that nothing was lost in it',
    async (s) => {
      await marked(s, 5);
      await s.run`
        +.1 < . seq 1 ack 1 <sack 1001:4001>
        +0 > . seq 1 len 1000
        +.01 < . seq 1 ack 5001
        send 1000
        +0 > P.W seq 5001 len 1000
        +.1 < .E seq 1 ack 6001
        +.1 < .E seq 1 ack 6001 <sack 1:1001>
      `;
      expect(info(s)).toMatchObject({ spuriousRetransmits: 1, undone: 0 });
      expect(info(s).cwnd).toBeLessThan(5000);
    },
    QUICK,
  );

  conform(
    'a mark within a recovery, which is its answer: a duplicate takes nothing back [RFC 2883 §5]',
    async (s) => {
      await marked(s, 10);
      await s.run`
        +.1 < . seq 1 ack 1 <sack 1001:4001>
        +0 > . seq 1 len 1000
        +.01 <+ .E seq 1 ack 5001
        < .E seq 1 ack 5001 <sack 1:1001>
      `;
      expect(info(s)).toMatchObject({ spuriousRetransmits: 1, undone: 0, ssthresh: 5000 });
      await s.run('+.1 < .E seq 1 ack 10001\n+0 > nothing');
      expect(info(s).cwnd).toBe(5000);
    },
    QUICK,
  );

  conform(
    'a mark behind a timeout for nothing: what still arrives is not sent again, and the windows stay [RFC 5682 §2.1] [RFC 4015 §3.2]',
    async (s) => {
      await marked(s, 12);
      await s.run`
        +.2 > . seq 10001 len 1000 tos 2
        +.3 > . seq 1 len 1000
        +.01 < .E seq 1 ack 1001
        +0 > P.W seq 11001 len 1000
        +.01 < .E seq 1 ack 1001 <sack 2001:3001>
        +0 > nothing
      `;
      expect(info(s)).toMatchObject({ undone: 1, retransmits: 1, ssthresh: 5500 });
      expect(info(s).cwnd).toBeLessThanOrEqual(5500);
    },
    QUICK,
  );
});

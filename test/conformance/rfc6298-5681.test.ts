// RFC 6298 §5: when the retransmission timer runs. RFC 5681 §2, §3.2: what a duplicate ACK is, and what each of them does.
import { describe, expect } from 'vitest';
import { bring, type CoreBackend, conform, type Script } from './script/index.ts';

const info = (s: Script) => (s.backend as CoreBackend).core.info(65);

describe('the retransmission timer', () => {
  conform('runs from the first segment; another behind it changes nothing [RFC 6298 §5.1, §5.4]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 1000
      +0 > P. seq 1 len 1000
      wait 400ms
      send 1000
      +0 > P. seq 1001 len 1000
      +.6 > . seq 1 len 1000
    `;
  });

  conform(
    'begins anew with an ACK of new text, and stops when nothing is outstanding [RFC 6298 §5.2, §5.3]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      send 2000
      +0 > . seq 1 len 1000
      +0 > P. seq 1001 len 1000
      +.5 < . seq 1 ack 1001
      +1 > P. seq 1001 len 1000
      +.1 < . seq 1 ack 2001
      silence 60s
    `;
    },
  );

  conform(
    'nothing goes again sooner than one RTO after it left, duplicates or not [RFC 6298 §5-a] [RFC 6298 §1]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      send 1000
      +0 > P. seq 1 len 1000
      +.3 < . seq 1 ack 1
      +.3 < . seq 1 ack 1
      +.4 > P. seq 1 len 1000
      +.5 < . seq 1 ack 1
      +1.5 > P. seq 1 len 1000
    `;
    },
  );
});

const OPEN = `
  listen
  +0 < S seq 0 win 60000 <mss 1000>
  +0 > S. seq 0 ack 1
  +.1 < . seq 1 ack 1 win 60000
`;
const TEN = Array.from({ length: 10 }, (_, n) => `+0 > . seq ${1 + 1000 * n} len 1000`).join('\n');
const DUPLICATE = '+0 < . seq 1 ack 1 win 60000\n';

describe('duplicate acknowledgments', () => {
  conform('another window, or text, and it is none [RFC 5681 §2]', async (s) => {
    await s.run(`${OPEN}\nsend 30000\n${TEN}`);
    await s.run`
      +.1 < . seq 1 ack 1 win 59000
      +0 < . seq 1 ack 1 win 58000
      +0 < . seq 1 ack 1 win 57000
      +0 < . seq 1 ack 1 win 56000
      +0 > nothing
    `;
    expect(info(s)).toMatchObject({ recoveries: 0, cwnd: 10_000 });
  });

  conform(
    'in recovery each says that one more has left, and an ACK of all ends it at ssthresh [RFC 5681 §3.2-f] [RFC 5681 §3.2-g]',
    async (s) => {
      await s.run(`${OPEN}\nsend 30000\n${TEN}`);
      await s.run`
        +.1 < . seq 1 ack 1 win 60000
        +0 > . seq 10001 len 1000
        +0 < . seq 1 ack 1 win 60000
        +0 > . seq 11001 len 1000
        +0 < . seq 1 ack 1 win 60000
        +0 > . seq 1 len 1000
      `;
      expect(info(s)).toMatchObject({ ssthresh: 6000, cwnd: 6000 });
      await s.run(`${DUPLICATE}${DUPLICATE}${DUPLICATE}+0 > nothing`);
      await s.run(`${DUPLICATE}+0 > . seq 12001 len 1000\n${DUPLICATE}+0 > . seq 13001 len 1000`);
      // min(ssthresh, FlightSize + SMSS), RFC 6582 §3.2 step 3: the flight is empty, so that is no burst.
      await s.run(
        '+.1 < . seq 1 ack 14001 win 60000\n+0 > . seq 14001 len 1000\n+0 > . seq 15001 len 1000\n+0 > nothing',
      );
      expect(info(s)).toMatchObject({ ssthresh: 6000, cwnd: 2000 });
    },
  );

  conform('we send one at once for text behind a hole [RFC 5681 §3.2-a]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 101 ack 1 len 100
      +0 > . seq 1 ack 1
      +0 < P. seq 201 ack 1 len 100
      +0 > . seq 1 ack 1
    `;
  });
});

describe('what ends late', () => {
  conform(
    'a peer that never stops sending its FIN keeps its TIME-WAIT entry for half an hour, not for ever [T291]',
    async (s) => {
      await bring(s, 'TIME_WAIT');
      for (let n = 0; n < 31; n++) await s.run('wait 50s\n+0 < F. seq 1 ack 2\n+0 > . seq 2 ack 2\nexpect TIME_WAIT');
      await s.run('wait 50s\n+0 < F. seq 1 ack 2\n+0 > . seq 2 ack 2\nwait 11s\nexpect GONE');
    },
  );
});

/** RFC 9293 §3.10.7.4, first: is the segment acceptable? */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';
import { forEachState } from './states.ts';

const UNACCEPTABLE = {
  SYN_RECEIVED: 'T097',
  ESTABLISHED: 'T099',
  FIN_WAIT_1: 'T101',
  FIN_WAIT_2: 'T103',
  CLOSE_WAIT: 'T105',
  CLOSING: 'T107',
  LAST_ACK: 'T109',
  TIME_WAIT: 'T111',
};
describe('an unacceptable segment is answered with <SEQ=SND.NXT><ACK=RCV.NXT><ACK> and dropped', () => {
  forEachState(UNACCEPTABLE, 'beyond the window [T004] [UNTAGGED-8]', async (s, { una, snd, rcv }, state) => {
    await s.run`
      +0 < P. seq ${rcv + 10_001} ack ${snd} len 10
      +0 > . seq ${snd} ack ${rcv}
      expect ${state}
      no event data
      +0 < P. seq ${rcv - 20} ack ${una} len 20
      +0 > . seq ${snd} ack ${rcv}
      expect ${state}
    `;
  });

  forEachState(UNACCEPTABLE, 'a FIN beyond the window is not reached', async (s, { snd, rcv }, state) => {
    await s.run`
      +0 < F. seq ${rcv + 30_000} ack ${snd}
      +0 > . seq ${snd} ack ${rcv}
      expect ${state}
      no event end
    `;
  });
});

const UNACCEPTABLE_RST = {
  SYN_RECEIVED: 'T098',
  ESTABLISHED: 'T100',
  FIN_WAIT_1: 'T102',
  FIN_WAIT_2: 'T104',
  CLOSE_WAIT: 'T106',
  CLOSING: 'T108',
  LAST_ACK: 'T110',
  TIME_WAIT: 'T112',
};
describe('an unacceptable RST is dropped without a word', () => {
  forEachState(UNACCEPTABLE_RST, 'before and behind the window', async (s, { snd, rcv }, state) => {
    await s.run`
      +0 < R seq ${rcv - 1}
      +0 < R. seq ${rcv + 10_001} ack ${snd}
      +0 < R. seq ${rcv - 500} ack ${snd} len 100
      +0 > nothing
      expect ${state}
      no events
    `;
  });
});

/** Ten segments in one burst: ten of 1000 fill the window of a user who does not read. */
function fill(size: number): string {
  return Array.from({ length: 10 }, (_, n) => `+0 <${n < 9 ? '+' : ''} . seq ${1 + size * n} ack 1 len ${size}`).join(
    '\n',
  );
}
const FILL = fill(1000);

describe('the four cases of §3.4', () => {
  const manual = { reading: 'manual' } as const;

  conform(
    'LEN=0, WND=0: SEQ = RCV.NXT alone [T005]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      ${FILL}
      +0 > . seq 1 ack 10001 win 0
      send 50
      +0 > P. seq 1 ack 10001 len 50
      +0 < . seq 10003 ack 51 // at 10002 it would be a peer whose probe octet we threw away: T288
      +0 > . seq 51 ack 10001 win 0
      +1 > P. seq 1 ack 10001 len 50
      +0 < . seq 10001 ack 51
      silence 10s
    `;
    },
    manual,
  );

  conform('LEN=0, WND>0: RCV.NXT =< SEQ < RCV.NXT+RCV.WND [T006]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 50
      +0 > P. seq 1 ack 1 len 50
      +0 < . seq 0 ack 11
      +0 > . seq 51 ack 1
      +.6 < . seq 10001 ack 21
      +0 > . seq 51 ack 1
      +.2 < . seq 10000 ack 31
      +* > P. seq 31 ack 1 len 20
      +0 < . seq 1 ack 51
    `;
  });

  conform(
    'LEN>0, WND=0: not acceptable, yet ACK, URG and RST count [T007] [MUST-66] [UNTAGGED-22]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      ${FILL}
      +0 > . seq 1 ack 10001 win 0
      event data
      send 50
      +0 > P. seq 1 ack 10001 len 50
      +0 < P. seq 10001 ack 51 len 1
      +0 > . seq 51 ack 10001 win 0
      silence 5s
      +0 < U. seq 10001 ack 51 urg 9 len 1
      +0 > . seq 51 ack 10001 win 0
      event urgent ahead
      +0 < F. seq 10001 ack 51
      +0 > . seq 51 ack 10001 win 0
      no event end
      +0 < R seq 10002
      +0 < R seq 10000
      +0 > nothing
      expect ESTABLISHED
      +0 < R seq 10001
      event closed ECONNRESET
      expect GONE
    `;
    },
    manual,
  );

  conform(
    'LEN>0, WND>0: the first or the last octet inside [T008]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      +0 < . seq -9 ack 1 len 10
      +0 > . seq 1 ack 1
      +0 < . seq -9 ack 1 len 11
      event data 1
      +.040 > . seq 1 ack 2
      +0 < . seq 10001 ack 1 len 10
      +0 > . seq 1 ack 2
      +0 < . seq 10002 ack 1 len 10
      +0 > . seq 1 ack 2
    `;
    },
    { tcp: { sack: false } },
  );
});

describe('trimming', () => {
  conform('what was received before is cut off [T004] [UNTAGGED-10]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 len 100
      event data 100
      +0 < P. seq 51 ack 1 len 100
      event data 50
      +.040 > . seq 1 ack 151
    `;
  });

  conform(
    'what lies beyond the window is cut off, the FIN with it [T004] [UNTAGGED-10]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      ${fill(990)}
      +0 > . seq 1 ack 9901 win 100
      +0 < F. seq 9901 ack 1 len 200
      +0 > . seq 1 ack 10001 win 0
      no event end
      expect ESTABLISHED
    `;
    },
    { reading: 'manual' },
  );

  conform(
    'a FIN right behind a full window is outside of it [UNTAGGED-10]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      ${FILL.replace('. seq 9001', 'F. seq 9001')}
      +0 > . seq 1 ack 10001 win 0
      no event end
      read 10000
      +0 > . seq 1 ack 10001 win 10000
      +0 < F. seq 10001 ack 1
      event end
      +0 > . seq 1 ack 10002
    `;
    },
    { reading: 'manual' },
  );

  conform('a FIN sent before is cut off with the text before it [T004]', async (s) => {
    await bring(s, 'CLOSE_WAIT');
    await s.run`
      +0 < F. seq 1 ack 1
      +0 > . seq 1 ack 2
      no event end
      expect CLOSE_WAIT
    `;
  });
});

describe('a SYN sent again in SYN-RECEIVED', () => {
  conform('means that our SYN,ACK was lost [T309] [T285]', async (s) => {
    await bring(s, 'SYN_RECEIVED');
    await s.run`
      +.3 < S seq 0 win 32792 <mss 1000>
      +0 > S. seq 0 ack 1
      expect SYN_RECEIVED
      +0 < . seq 1 ack 1
      event accept
      expect ESTABLISHED
    `;
  });
});

const WITH_TS = `
  listen
  +0 < S seq 0 <mss 1000, ts 1000 0>
  +0 > S. seq 0 ack 1 <...>
`;
describe('PAWS comes before acceptability (RFC 7323 §5.3 R1)', () => {
  conform('an older timestamp is answered and dropped [T310] [T004]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < . seq 1 ack 1 <ts 1001 0>
      event accept
      +0 < P. seq 1 ack 1 len 10 <ts 900 0>
      +0 > . seq 1 ack 1 <ts * 1001>
      no event data
      +0 < P. seq 1 ack 1 len 10 <ts 1001 0>
      event data 10
      +.040 > . seq 1 ack 11 <ts * 1001>
      +0 < P. seq 11 ack 1 len 10 <ts 1005 0>
      +.040 > . seq 1 ack 21 <ts * 1005>
    `;
  });

  conform('never a RST [T310]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < . seq 1 ack 1 <ts 1001 0>
      +0 < R seq 1 <ts 5 0>
      +0 > nothing
      event closed ECONNRESET
    `;
  });

  conform('an unacceptable segment does not move TS.Recent [T310]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < . seq 1 ack 1 <ts 1001 0>
      +0 < P. seq 20000 ack 1 len 10 <ts 5000 0>
      +0 > . seq 1 ack 1 <ts * 1001>
      +0 < P. seq 1 ack 1 len 10 <ts 1002 0>
      event data 10
      +.040 > . seq 1 ack 11 <ts * 1002>
    `;
  });
});

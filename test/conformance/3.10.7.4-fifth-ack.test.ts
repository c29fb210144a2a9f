/** RFC 9293 §3.10.7.4, fifth: the ACK field. */
import { describe, expect } from 'vitest';
import { bring, type CoreBackend, conform, type Script } from './script/index.ts';
import { forEachState } from './states.ts';

/** SND.WND as STATUS tells it. */
function sendWindow(s: Script): number {
  const backend = s.backend as CoreBackend;
  return backend.core.info(backend.rowOf(s.connection.tuple)).sndWnd;
}

const NO_ACK = {
  SYN_RECEIVED: 'T157',
  ESTABLISHED: 'T158',
  FIN_WAIT_1: 'T159',
  FIN_WAIT_2: 'T160',
  CLOSE_WAIT: 'T161',
  CLOSING: 'T162',
  LAST_ACK: 'T163',
  TIME_WAIT: 'T164',
};
describe('ACK bit off: dropped', () => {
  forEachState(NO_ACK, 'text and FIN without ACK', async (s, { rcv }, state) => {
    await s.run`
      +0 < - seq ${rcv} len 20
      +0 < F seq ${rcv}
      +0 < UP seq ${rcv} urg 9 len 20
      +0 > nothing
      expect ${state}
      no events
    `;
  });
});

const TOO_OLD = {
  ESTABLISHED: 'T165',
  FIN_WAIT_1: 'T167',
  FIN_WAIT_2: 'T169',
  CLOSE_WAIT: 'T171',
  CLOSING: 'T173',
  LAST_ACK: 'T175',
  TIME_WAIT: 'T177',
};
describe('SEG.ACK < SND.UNA-MAX.SND.WND: acknowledged and dropped [RFC 5961 §5.2]', () => {
  forEachState(TOO_OLD, 'an ACK older than any window [MAY-12]', async (s, { una, snd, rcv }, state) => {
    await s.run`
      +0 < F. seq ${rcv} ack ${una - 32793} len 10
      +0 > . seq ${snd} ack ${rcv}
      expect ${state}
      no events
    `;
  });

  conform('the oldest that is believed [T165] [MAY-12]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack ${1 - 32792} len 10
      event data 10
      +.040 > . seq 1 ack 11
    `;
  });
});

const TOO_NEW = {
  ESTABLISHED: 'T166',
  FIN_WAIT_1: 'T168',
  FIN_WAIT_2: 'T170',
  CLOSE_WAIT: 'T172',
  CLOSING: 'T174',
  LAST_ACK: 'T176',
  TIME_WAIT: 'T178',
};
describe('SEG.ACK > SND.NXT: acknowledged and dropped', () => {
  forEachState(TOO_NEW, 'an ACK of what was never sent', async (s, { snd, rcv }, state) => {
    await s.run`
      +0 < F. seq ${rcv} ack ${snd + 1} len 10
      +0 > . seq ${snd} ack ${rcv}
      expect ${state}
      no events
    `;
  });
});

describe('SYN-RECEIVED', () => {
  conform('SND.UNA < ACK =< SND.NXT: ESTABLISHED, and the rest of the segment is processed [T179]', async (s) => {
    await bring(s, 'SYN_RECEIVED');
    await s.run`
      +0 < P. seq 1 ack 1 win 1200 len 10
      event accept
      event data 10
      expect ESTABLISHED
      +.040 > . seq 1 ack 11
      send 2000
      +0 > . seq 1 ack 11 len 1000
      +0 > nothing
    `;
  });

  conform('its window is scaled from here on [T179]', async (s) => {
    await s.run`
      listen
      +0 < S seq 0 win 10 <mss 1000, ws 6>
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1 win 10
      event accept
      send 1000
      +0 > . seq 1 ack 1 len 640
    `;
  });

  conform('not acceptable: <SEQ=SEG.ACK><RST>, above SND.NXT too [T180] [T322] [UNTAGGED-33]', async (s) => {
    await bring(s, 'SYN_RECEIVED');
    await s.run`
      +0 < . seq 1 ack 0
      +0 > R seq 0
      +0 < . seq 1 ack 2
      +0 > R seq 2
      +0 < P. seq 1 ack 70000 len 10
      +0 > R seq 70000
      expect SYN_RECEIVED
      no events
      +0 < . seq 1 ack 1
      event accept
    `;
  });

  conform('a CLOSE that waited is run: text, then FIN [T051] [T181]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      send 10
      close
      +0 > nothing
      expect SYN_RECEIVED
      send 1 -> EPIPE
      +0 < . seq 1 ack 1
      expect FIN_WAIT_1
      +0 > FP. seq 1 ack 1 len 10
      +0 < . seq 1 ack 12
      expect FIN_WAIT_2
    `;
  });
});

/** [new ACK, duplicate, window] per state, and how text comes to be unacknowledged there. */
const ACKS = {
  ESTABLISHED: ['T182', 'T183', 'T184'],
  CLOSE_WAIT: ['T185', 'T186', 'T187'],
  FIN_WAIT_1: ['T188', 'T189', 'T190'],
  CLOSING: ['T197', 'T197', 'T307'],
  LAST_ACK: ['T199', 'T199', 'T308'],
} as const;

describe('acknowledgment of text', () => {
  for (const [state, [acked, duplicate, window]] of Object.entries(ACKS)) {
    const rcv = state === 'CLOSE_WAIT' || state === 'LAST_ACK' ? 2 : 1;
    const after = state === 'CLOSING' ? 2 : rcv;
    /** Two segments unacknowledged, the FIN behind them where there is one. */
    const outstanding = async (s: Script): Promise<number> => {
      await bring(s, rcv === 2 ? 'CLOSE_WAIT' : 'ESTABLISHED');
      await s.run`send 1000\n+0 > P. seq 1 ack ${rcv} len 1000\nsend 1000\n+0 > P. seq 1001 ack ${rcv} len 1000`;
      if (state === 'ESTABLISHED' || state === 'CLOSE_WAIT') return 2001;
      await s.run`close\n+0 > F. seq 2001 ack ${rcv}`;
      if (state === 'CLOSING') await s.run`+0 < F. seq 1 ack 1\n+0 > . seq 2002 ack 2`;
      await s.run`expect ${state}`;
      return 2002;
    };

    conform(`${state}: SND.UNA moves, only the rest is sent again [${acked}]`, async (s) => {
      await outstanding(s);
      await s.run`
        +.1 < . seq ${after} ack 1001
        +0 > nothing
        expect ${state}
        +* > ${state === 'ESTABLISHED' || state === 'CLOSE_WAIT' ? 'P' : ''}. seq 1001 ack ${after} len 1000
      `;
    });

    conform(`${state}: ACK =< SND.UNA changes nothing [${duplicate}]`, async (s) => {
      await outstanding(s);
      await s.run`
        +.1 < . seq ${after} ack 1001
        +0 < . seq ${after} ack 1001
        +0 < . seq ${after} ack 500
        +0 < . seq ${after} ack 1
        +0 > nothing
        expect ${state}
      `;
    });

    conform(
      `${state}: the window is taken from newer segments only [${window}] [UNTAGGED-11] [UNTAGGED-23]`,
      async (s) => {
        await outstanding(s);
        await s.run(`+.1 < . seq ${after} ack 1001 win 700`);
        expect(sendWindow(s)).toBe(700);
        await s.run(`+0 < . seq ${after} ack 500 win 20000`);
        expect(sendWindow(s)).toBe(700);
        await s.run(`+0 < . seq ${after} ack 1001 win 800`);
        expect(sendWindow(s)).toBe(800);
      },
    );
  }

  conform('a window update lets text go, in LAST-ACK with the FIN behind it [T184] [T308]', async (s) => {
    await bring(s, 'CLOSE_WAIT');
    await s.run`
      +0 < . seq 2 ack 1 win 0
      send 1000
      close
      expect LAST_ACK
      +0 > nothing
      +.1 < . seq 2 ack 1 win 5000
      +0 > FP. seq 1 ack 2 len 1000
      +0 < . seq 2 ack 1002
      event closed OK
    `;
  });

  conform('a window update lets text go in CLOSING [T307]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 0
      send 1000
      close
      expect FIN_WAIT_1
      +0 < F. seq 1 ack 1 win 0
      +0 > . seq 1 ack 2
      expect CLOSING
      +.1 < . seq 2 ack 1 win 5000
      +0 > FP. seq 1 ack 2 len 1000
      +0 < . seq 2 ack 1002
      expect TIME_WAIT
    `;
  });
});

describe('acknowledgment of our FIN', () => {
  conform('FIN-WAIT-1: FIN-WAIT-2, and the CLOSE is acknowledged [T194] [T195]', async (s) => {
    await bring(s, 'FIN_WAIT_1');
    await s.run`
      +0 < . seq 1 ack 1
      expect FIN_WAIT_1
      no event acked
      +0 < . seq 1 ack 2
      event acked fin
      expect FIN_WAIT_2
      +0 > nothing
      silence 1000s
      expect FIN_WAIT_2
    `;
  });

  conform('FIN-WAIT-1: the same segment goes on in the new state [T194]', async (s) => {
    await bring(s, 'FIN_WAIT_1');
    await s.run`
      +0 < P. seq 1 ack 2 len 10
      expect FIN_WAIT_2
      event data 10
      +.040 > . seq 2 ack 11
    `;
  });

  conform('a FIN that waits for the window is not acknowledged by an ACK of SND.NXT [T194] [T295]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 1000
      +0 > P. seq 1 ack 1 len 1000
      +0 < . seq 1 ack 1001 win 0
      close
      expect FIN_WAIT_1
      +0 < . seq 1 ack 1001 win 0
      +0 > nothing
      expect FIN_WAIT_1
      no event acked
      +0 < . seq 1 ack 1001 win 100
      +0 > F. seq 1001 ack 1
      +0 < . seq 1 ack 1002
      expect FIN_WAIT_2
    `;
  });

  conform('FIN-WAIT-2: old and new ACKs change nothing, windows are noted [T191] [T192] [T193]', async (s) => {
    await bring(s, 'FIN_WAIT_2');
    await s.run`
      +0 < . seq 1 ack 1
      +0 < . seq 1 ack 2 win 777
      +0 > nothing
      expect FIN_WAIT_2
    `;
    expect(sendWindow(s)).toBe(777);
  });

  conform('CLOSING: TIME-WAIT, 2MSL starts [T196]', async (s) => {
    await bring(s, 'CLOSING');
    await s.run`
      +0 < . seq 2 ack 2
      +0 > nothing
      expect TIME_WAIT
      event closed OK
      wait 59.9s
      expect TIME_WAIT
      wait 200ms
      expect GONE
    `;
  });

  conform('CLOSING: not acknowledged, the rest of the segment is dropped [T197]', async (s) => {
    await bring(s, 'CLOSING');
    await s.run`
      +0 < . seq 2 ack 1
      +0 > nothing
      expect CLOSING
    `;
  });

  conform('LAST-ACK: the TCB is deleted [T198]', async (s) => {
    await bring(s, 'LAST_ACK');
    await s.run`
      +0 < . seq 2 ack 1
      expect LAST_ACK
      +0 < . seq 2 ack 2
      +0 > nothing
      event closed OK
      expect GONE
      silence 100s
    `;
  });

  conform('TIME-WAIT: the FIN again is acknowledged and restarts 2MSL [T200] [T231] [T290]', async (s) => {
    await bring(s, 'TIME_WAIT');
    await s.run`
      +50 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      wait 55s
      expect TIME_WAIT
      wait 10s
      expect GONE
    `;
  });
});

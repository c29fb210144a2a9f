// A full SYN queue: SYN cookies (ADR 28).
import { describe, expect } from 'vitest';
import { type CoreBackend, conform, type Script } from './script/index.ts';

const core = (s: Script) => (s.backend as CoreBackend).core;
const info = (s: Script) => (s.backend as CoreBackend).info(s.connection.tuple);
const cookies = (s: Script) => {
  const { synCookiesSent, synCookiesReceived, synCookiesFailed, listenOverflows } = core(s).counters;
  return [synCookiesSent, synCookiesReceived, synCookiesFailed, listenOverflows];
};
const TWO = { backlog: 2, tcp: { synCookies: 'always' } } as const;
/** Two entries in a queue of two; the third comes. */
const FULL = `
  listen
  +0 < S seq 0
  +0 > S. seq 0 ack 1
  conn b port 40001
  +0 < S seq 0
  +0 > S. seq 0 ack 1
  conn c port 40002
`;

describe('SYN cookies', () => {
  conform(
    'nothing is kept, and the third ACK brings the connection with its options [RFC 4987 §3] [RFC 4987 §3.6]',
    async (s) => {
      const mss = s.family === 4 ? 1460 : 1440;
      await s.run(FULL);
      await s.run`
        +0 < S seq 0 win 1000 <mss 1400, ws 7, sackOK, ts 100 0>
        +0 > S. seq 0 ack 1 win 10000 <mss ${mss}, sackOK, ts * 100, ws 0>
        expect LISTEN
      `;
      expect([core(s).halfOpens, core(s).connections]).toEqual([2, 0]);
      await s.run`
        +.1 < . seq 1 ack 1 win 100 <ts 101 0>
        expect ESTABLISHED
        event accept
      `;
      expect(info(s)).toMatchObject({ timestamps: true, sack: true, sndScale: 7, mss: 1360 - 12, sndWnd: 12_800 });
      expect(cookies(s)).toEqual([1, 1, 0, 0]);
      await s.run`
        +0 < P. seq 1 ack 1 win 100 len 10 <ts 102 0>
        event data 10
        +.040 > . seq 1 ack 11 <ts * 102>
        send 100
        +0 > P. seq 1 ack 11 len 100 <ts * 102>
        +0 < . seq 11 ack 101 win 100 <ts 103 0>
        close
        +0 > F. seq 101 ack 11
      `;
    },
    TWO,
  );

  conform(
    'without timestamps the options are lost, and are not offered; the MSS is kept [RFC 4987 §3.6]',
    async (s) => {
      const mss = s.family === 4 ? 1460 : 1440;
      await s.run(FULL);
      await s.run`
        +0 < SEW seq 0 win 1000 <mss 1300, ws 7, sackOK>
        +0 > S. seq 0 ack 1 <mss ${mss}>
        +0 < . seq 1 ack 1 win 1000
        expect ESTABLISHED
      `;
      expect(info(s)).toMatchObject({
        timestamps: false,
        sack: false,
        sndScale: 0,
        mss: 1220,
        sndWnd: 1000,
        ecn: 'off',
      });
    },
    TWO,
  );

  conform(
    'ECN of either kind comes back [RFC 4987 §3.6]',
    async (s) => {
      await s.run(FULL);
      await s.run`
        +0 < SEW seq 0 win 1000 <mss 1300, ts 100 0>
        +0 > S.E seq 0 ack 1 <...>
        +0 < . seq 1 ack 1 win 1000 <ts 100 0>
        expect ESTABLISHED
      `;
      expect(info(s).ecn).toBe('classic');
      await s.run`
        conn d port 40003
        +0 < SEW seq 0 win 1000 tos 3 reserved 1 <mss 1300, ts 100 0>
        +0 > S.W seq 0 ack 1 reserved 1 <...>
        +0 < .W seq 1 ack 1 win 1000 <ts 100 0>
        expect ESTABLISHED
        +0 < P.W seq 1 ack 1 win 1000 len 10 tos 2 reserved 1 <ts 101 0>
        +.04 > .W seq 1 ack 11 reserved 1 <...>
      `;
      expect(info(s).ecn).toBe('accurate');
    },
    TWO,
  );

  conform(
    'the final ACK may carry text and FIN [RFC 4987 §3]',
    async (s) => {
      await s.run(FULL);
      await s.run`
        +0 < S seq 0 win 1000
        +0 > S. seq 0 ack 1
        +0 < PF. seq 1 ack 1 win 1000 len 100
        event accept
        event data 100
        event end
        +0 > . seq 1 ack 102
        expect CLOSE_WAIT
      `;
    },
    TWO,
  );

  conform(
    'it may come late, but not later than the next minute [RFC 4987 §3.6]',
    async (s) => {
      await s.run(FULL);
      await s.run`
        +0 < S seq 0 win 1000
        +0 > S. seq 0 ack 1
        conn d port 40003
        +0 < S seq 0 win 1000
        +0 > S. seq 0 ack 1
        conn a
        +0 < R seq 1
        conn b
        +0 < R seq 1
        conn c
        wait 60s
        +0 < . seq 1 ack 1 win 1000
        expect ESTABLISHED
        conn d
        wait 59s
        +0 < . seq 1 ack 1 win 1000
        +0 > R seq 1
      `;
      expect(cookies(s)).toEqual([2, 1, 1, 0]);
    },
    TWO,
  );

  conform(
    'a wrong cookie draws the reset of LISTEN; where none was sent nobody looks [RFC 4987 §3.6] [UNTAGGED-33]',
    async (s) => {
      await s.run(FULL);
      await s.run`
        +0 < . seq 1 ack 500
        +0 > R seq 500
      `;
      expect(cookies(s)).toEqual([0, 0, 0, 0]);
      await s.run`
        +0 < S seq 0 win 1000
        +0 > S. seq 0 ack 1
        +0 < . seq 2 ack 1
        +0 > R seq 1
        +0 < . seq 1 ack 2
        +0 > R seq 2
        +0 < S. seq 0 ack 1
        +0 > R seq 1
        +0 < R seq 1
        +0 > nothing
        expect LISTEN
      `;
      expect(cookies(s)).toEqual([1, 0, 2, 0]);
    },
    TWO,
  );

  conform(
    'with the accept queue full the final ACK is dropped, never reset; text asks again [RFC 4987 §3]',
    async (s) => {
      await s.run(FULL);
      await s.run`
        +0 < S seq 0 win 1000
        +0 > S. seq 0 ack 1
        conn b
        +0 < . seq 1 ack 1
        conn a
        +0 < . seq 1 ack 1
        conn c
        +0 < . seq 1 ack 1 win 1000
        +0 > nothing
        expect LISTEN
      `;
      expect(cookies(s)).toEqual([1, 0, 0, 1]);
      const { core, lport, local } = s.backend as CoreBackend;
      const tuple = { ...s.connection.tuple, local, lport, rport: 40_001 };
      core.callAccepted((s.backend as CoreBackend).rowOf(tuple));
      await s.run`
        +.2 < P. seq 1 ack 1 win 1000 len 10
        expect ESTABLISHED
        event data 10
      `;
    },
    TWO,
  );

  conform(
    'an entry that a SYN made later does not stand in the way of the cookie before',
    async (s) => {
      await s.run(FULL);
      await s.run`
        +0 < S seq 0 win 1000 <mss 536>
        +0 > S. seq 0 ack 1
        conn b
        +0 < R seq 1
        conn c
        +.1 < S seq 0 win 1000 <mss 536>
        +0 > S. ack 1
        expect SYN_RECEIVED
        +0 < . seq 1 ack 1 win 1000
        expect ESTABLISHED
      `;
      expect(core(s).halfOpens).toBe(1);
      expect(cookies(s)).toEqual([1, 1, 0, 0]);
    },
    TWO,
  );

  conform(
    'agreed timestamps must be there [RFC 7323 §3.2-b]; without them the ACK is dropped',
    async (s) => {
      await s.run(FULL);
      await s.run`
        +0 < S seq 0 win 1000 <mss 1000, ts 100 0>
        +0 > S. seq 0 ack 1 <...>
        +0 < . seq 1 ack 1 win 1000
        +0 > nothing
        expect LISTEN
      `;
    },
    TWO,
  );

  conform(
    'turned off: the SYN is dropped',
    async (s) => {
      await s.run(FULL);
      await s.run('+0 < S seq 0\n+0 > nothing\nexpect LISTEN');
      expect(cookies(s)).toEqual([0, 0, 0, 1]);
    },
    { ...TWO, tcp: { synCookies: false } },
  );
});

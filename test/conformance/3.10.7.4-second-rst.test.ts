/** RFC 9293 §3.10.7.4, second: RST, with the three cases of RFC 5961 §3. */
import { describe } from 'vitest';
import { bring, conform, conformOnce } from './script/index.ts';
import { forEachState } from './states.ts';

const OUTSIDE = {
  SYN_RECEIVED: 'T114',
  ESTABLISHED: 'T116',
  FIN_WAIT_1: 'T118',
  FIN_WAIT_2: 'T120',
  CLOSE_WAIT: 'T122',
  CLOSING: 'T124',
  LAST_ACK: 'T126',
  TIME_WAIT: 'T128',
};
describe('1) outside the window: silence [RFC 5961 §3.2]', () => {
  forEachState(OUTSIDE, 'RST before or behind the window [UNTAGGED-6]', async (s, { snd, rcv }, state) => {
    await s.run`
      +0 < R seq ${rcv - 1}
      +0 < R. seq ${rcv + 10_001} ack ${snd}
      +0 < R. seq ${rcv - 40_000} ack ${snd}
      +0 > nothing
      expect ${state}
      no events
    `;
  });
});

const INSIDE = {
  SYN_RECEIVED: 'T115',
  ESTABLISHED: 'T117',
  FIN_WAIT_1: 'T119',
  FIN_WAIT_2: 'T121',
  CLOSE_WAIT: 'T123',
  CLOSING: 'T125',
  LAST_ACK: 'T127',
  TIME_WAIT: 'T129',
};
describe('3) inside, but not at RCV.NXT: challenge ACK [RFC 5961 §3.2, §7]', () => {
  forEachState(
    INSIDE,
    'RST at RCV.NXT+1 and at the last octet [UNTAGGED-6]',
    async (s, { snd, rcv }, state) => {
      await s.run`
      +0 < R seq ${rcv + 1}
      +0 > . seq ${snd} ack ${rcv}
      +.6 < R. seq ${rcv + 9990} ack ${snd}
      +0 > . seq ${snd} ack ${rcv}
      expect ${state}
      no events
    `;
    },
    { tcp: { minRto: 5000 } },
  );

  forEachState(INSIDE, 'RST whose text, not its SEQ, reaches RCV.NXT [UNTAGGED-6]', async (s, { snd, rcv }, state) => {
    await s.run`
      +0 < R. seq ${rcv - 5} ack ${snd} len 10
      +0 > . seq ${snd} ack ${rcv}
      expect ${state}
      no events
    `;
  });

  conform('they are throttled: one in 500 ms [T117] [UNTAGGED-34]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < R seq 2
      +0 > . seq 1 ack 1
      +0 < R seq 3
      +.1 < R seq 4
      +.1 < S seq 5
      silence 250ms
      +.1 < R seq 6
      +0 > . seq 1 ack 1
      expect ESTABLISHED
    `;
  });
});

describe('2) exactly at RCV.NXT [RFC 5961 §3.2] [RFC 1337 §3]', () => {
  conform('SYN-RECEIVED of a listener: back to LISTEN, the user is not told [T130] [MUST-11]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'passive');
    await s.run`
      +0 < R seq 1
      +0 > nothing
      expect LISTEN
      no events
      +0 < . seq 1 ack 1
      +0 > R seq 1
      forget 5000
      +0 < S seq 0
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1
      event accept
    `;
  });

  conform('SYN-RECEIVED of an active OPEN: refused [T131] [MUST-11]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      +0 < R. seq 1 ack 1
      +0 > nothing
      event closed ECONNREFUSED
      expect CLOSED
    `;
  });

  forEachState(
    { ESTABLISHED: 'T132', FIN_WAIT_1: 'T133', FIN_WAIT_2: 'T134', CLOSE_WAIT: 'T135' },
    'connection reset [UNTAGGED-6]',
    async (s, { rcv }) => {
      await s.run`
        +0 < R seq ${rcv}
        +0 > nothing
        event closed ECONNRESET
        no events
        expect GONE
        silence 10s
      `;
    },
  );

  forEachState(
    { CLOSING: 'T136', LAST_ACK: 'T137' },
    'the TCB is deleted; everything had been said',
    async (s, { rcv }) => {
      await s.run`
      +0 < R seq ${rcv}
      +0 > nothing
      event closed OK
      expect GONE
      silence 10s
    `;
    },
  );

  forEachState(
    { TIME_WAIT: 'T138' },
    'ends it for who turns RFC 1337 off',
    async (s, { rcv }) => {
      await s.run`
        +0 < R seq ${rcv + 1}
        +0 > .
        +0 < R seq ${rcv}
        +0 > nothing
        expect GONE
      `;
    },
    { tcp: { rfc1337: false } },
  );

  forEachState({ TIME_WAIT: 'T138' }, 'ignored, by RFC 1337', async (s, { snd, rcv }) => {
    await s.run`
      +0 < R seq ${rcv}
      +0 < R. seq ${rcv} ack ${snd}
      +0 > nothing
      expect TIME_WAIT
      wait 59s
      expect TIME_WAIT
      wait 2s
      expect GONE
    `;
  });

  conform('calls and queues fail with it, and nothing is sent again [T132]', async (s) => {
    await bring(s, 'ESTABLISHED', 'active');
    await s.run`
      send 3000
      +0 > . seq 1 len 1000
      +0 > . seq 1001 len 1000
      +0 > P. seq 2001 len 1000
      +0 < R seq 1
      event closed ECONNRESET
      silence 100s
      send 1 -> ENOTCONN
      close -> ENOTCONN
    `;
  });

  conform('a RST may hold text [SHLD-2] [T132]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < R. seq 1 ack 1 len 100
      +0 > nothing
      no event data
      event closed ECONNRESET
    `;
  });

  conform('text delivered before it stays delivered [T132]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 <+ P. seq 1 ack 1 len 100
      +0 < R. seq 101 ack 1
      event data 100
      event closed ECONNRESET
      expect GONE
    `;
  });

  conformOnce('the ACK field of a RST is not looked at [T132]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < R. seq 1 ack 70000
      event closed ECONNRESET
    `;
  });
});

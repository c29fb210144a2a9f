/** RFC 9293 §3.10.7.4, third: security (not implemented, which is allowed); fourth: SYN, with RFC 5961 §4. */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';
import { forEachState } from './states.ts';

const SECURITY = {
  SYN_RECEIVED: 'T139',
  ESTABLISHED: 'T140',
  FIN_WAIT_1: 'T141',
  FIN_WAIT_2: 'T142',
  CLOSE_WAIT: 'T143',
  CLOSING: 'T144',
  LAST_ACK: 'T145',
  TIME_WAIT: 'T146',
};
/** RFC 1108 basic security, "top secret", and three octets of padding. */
const TOP_SECRET = '82043d0101010100';
describe('third: compartment and TOS never reset anything (§A.1) [RFC 1122 §3.2.1.8]', () => {
  forEachState(SECURITY, 'a security option and a strange TOS [MUST-50]', async (s, { una, rcv }, state) => {
    await s.run`
      +0 < . seq ${rcv} ack ${state === 'SYN_RECEIVED' ? 1 : una} tos 252 ipOptions ${TOP_SECRET}
      +0 > nothing
      expect ${state === 'SYN_RECEIVED' ? 'ESTABLISHED' : state}
    `;
  });
});

describe('fourth: SYN in SYN-RECEIVED', () => {
  conform('in the window, from LISTEN: dropped, back to LISTEN [T147]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'passive');
    await s.run`
      +0 < S seq 500
      +0 > nothing
      expect LISTEN
      no events
    `;
  });

  conform('active origin: challenge ACK [T148] [UNTAGGED-7]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      +0 < S seq 500
      +0 > . seq 1 ack 1
      expect SYN_RECEIVED
      no events
    `;
  });
});

const SYNCHRONIZED = {
  ESTABLISHED: 'T149',
  FIN_WAIT_1: 'T150',
  FIN_WAIT_2: 'T151',
  CLOSE_WAIT: 'T152',
  CLOSING: 'T153',
  LAST_ACK: 'T154',
  TIME_WAIT: 'T155',
};
describe('fourth: SYN in a synchronized state draws a challenge ACK whatever its SEQ [RFC 5961 §4.2]', () => {
  const where = [
    ['at RCV.NXT', (rcv: number) => rcv],
    ['in the window', (rcv: number) => rcv + 500],
    ['before it', (rcv: number) => rcv - 5000],
  ] as const;
  for (const [name, seq] of where) {
    forEachState(SYNCHRONIZED, `${name} [T156] [UNTAGGED-7]`, async (s, { snd, rcv }, state) => {
      // TIME-WAIT believes a SYN that is newer (T328); one with ACK opens nothing.
      const flags = state === 'TIME_WAIT' ? 'S.' : 'S';
      await s.run`
        +0 < ${flags} seq ${seq(rcv)} ack ${snd}
        +0 > . seq ${snd} ack ${rcv}
        expect ${state}
        no events
      `;
    });
  }

  conform('a SYN,ACK is a SYN [T149] [UNTAGGED-7]', async (s) => {
    await bring(s, 'ESTABLISHED', 'active');
    await s.run`
      +0 < S. seq 0 ack 1
      +0 > . seq 1 ack 1
      +.6 < S. seq 700 ack 1
      +0 > . seq 1 ack 1
      expect ESTABLISHED
    `;
  });

  conform('a peer that restarted proves it with a RST at our RCV.NXT, then its new SYN succeeds [T149]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < S seq 90000
      +0 > . seq 1 ack 1
      +0 < R seq 1
      event closed ECONNRESET
      forget 90000
      +1 < S seq 0
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1
      event accept
    `;
  });
});

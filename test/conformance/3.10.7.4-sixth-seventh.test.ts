/** RFC 9293 §3.10.7.4, sixth: URG; seventh: text. */
import { describe } from 'vitest';
import { bring, conform, conformOnce } from './script/index.ts';
import { forEachState } from './states.ts';

const CLOSED_BY_PEER_URG = { CLOSE_WAIT: 'T210', CLOSING: 'T212', LAST_ACK: 'T214', TIME_WAIT: 'T216' };
const CLOSED_BY_PEER_TEXT = { CLOSE_WAIT: 'T211', CLOSING: 'T213', LAST_ACK: 'T215', TIME_WAIT: 'T217' };

describe('sixth: URG', () => {
  forEachState(
    { ESTABLISHED: 'T201', FIN_WAIT_1: 'T204', FIN_WAIT_2: 'T207' },
    'told when it appears, at each advance, when it was read [MUST-30] [MUST-32] [UNTAGGED-15]',
    async (s, { una, snd }) => {
      await s.run`
        +0 < U. seq 1 ack ${una} urg 300 len 100
        event urgent ahead
        event data 100
        +0 < U. seq 101 ack ${una} urg 200 len 100
        +.040 > . seq ${snd} ack 201
        no event urgent
        +0 < U. seq 201 ack ${una} urg 150 len 100
        event urgent moved
        +0 < U. seq 301 ack ${una} urg 50 len 100
        event urgent reached
        +.040 > . seq ${snd} ack 401
        no event urgent
        +0 < . seq 401 ack ${una} len 10
        no event urgent
        +.040 > . seq ${snd} ack 411
      `;
    },
  );

  conform('the pointer may be behind text that was trimmed or far ahead [T201] [MUST-31] [UNTAGGED-16]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < U. seq 1 ack 1 urg 0 len 10
      no event urgent
      +0 < U. seq 1 ack 1 urg 65535 len 20
      event urgent ahead
      +0 < U. seq 21 ack 1 urg 5 len 10
      no event urgent
      +.040 > . seq 1 ack 31
    `;
  });

  conform('without text, ahead of the text [T201]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < U. seq 1 ack 1 urg 20
      event urgent ahead
      +0 < . seq 1 ack 1 len 20
      event urgent reached
      +.040 > . seq 1 ack 21
    `;
  });

  conform('our pointer is the octet after the urgent text [MUST-62] [UNTAGGED-17]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send urgent 0 -> EINVAL
      send urgent 3
      +0 > UP. seq 1 ack 1 urg 3 len 3
      +0 < . seq 1 ack 4
      send 10
      +0 > P. seq 4 ack 1 len 10
    `;
  });

  forEachState(CLOSED_BY_PEER_URG, 'ignored', async (s, { una, rcv }, state) => {
    await s.run`
      +0 < U. seq ${rcv} ack ${una} urg 9
      +0 > nothing
      no event urgent
      expect ${state}
    `;
  });

  conform('SYN-RECEIVED: after the step to ESTABLISHED [T261]', async (s) => {
    await bring(s, 'SYN_RECEIVED');
    await s.run`
      +0 < U. seq 1 ack 1 urg 30 len 10
      event accept
      event urgent ahead
      event data 10
      +.040 > . seq 1 ack 11
    `;
  });
});

describe('seventh: text in order', () => {
  forEachState(
    { ESTABLISHED: 'T202', FIN_WAIT_1: 'T205', FIN_WAIT_2: 'T208' },
    'delivered; ACK within the delay, at once for two full segments [SHLD-18] [SHLD-19] [MUST-40]',
    async (s, { una, snd }) => {
      await s.run`
        +0 < P. seq 1 ack ${una} len 100
        event data 100
        +0 > nothing
        +.040 > . seq ${snd} ack 101
        +0 < . seq 101 ack ${una} len 1000
        +0 > nothing
        +0 < . seq 1101 ack ${una} len 1000
        event data 1000
        event data 1000
        +0 > . seq ${snd} ack 2101
      `;
    },
  );

  conform('the acknowledgment rides on text of ours [T202] [MUST-58]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack 1 len 100
      +0 > nothing
      send 10
      +0 > P. seq 1 ack 101 len 10
      +0 < . seq 101 ack 11
      silence 1s
    `;
  });

  conform('a burst is processed as a whole before one ACK leaves [T004] [MUST-58] [MUST-59]', async (s) => {
    await bring(s, 'ESTABLISHED');
    const burst = Array.from({ length: 9 }, (_, n) => `+0 <${n < 8 ? '+' : ''} . seq ${1 + 1000 * n} ack 1 len 1000`);
    await s.run`
      ${burst.join('\n')}
      +0 > . seq 1 ack 9001
      silence 1s
    `;
  });

  conform(
    'the right edge of the window never moves back [T202] [SHLD-14] [UNTAGGED-9]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      +0 < P. seq 1 ack 1 len 3000
      +0 > . seq 1 ack 3001 win 7000
      +0 < P. seq 3001 ack 1 len 100
      +.040 > . seq 1 ack 3101 win 6900
      read 100
      +0 > nothing
      read 3000
      +0 > nothing
      +0 < P. seq 3101 ack 1 len 3000
      +0 > . seq 1 ack 6101 win 7000
    `;
    },
    { reading: 'manual' },
  );

  conform('SYN-RECEIVED: after the step to ESTABLISHED [T262] [T297]', async (s) => {
    await bring(s, 'SYN_RECEIVED');
    await s.run`
      +0 <+ P. seq 1 ack 1 "hello"
      +0 < P. seq 6 ack 1 " world"
      event accept
      event data "hello"
      event data " world"
      +.040 > . seq 1 ack 12
    `;
  });
});

describe('seventh: text ahead of a hole', () => {
  forEachState(
    { ESTABLISHED: 'T203', FIN_WAIT_1: 'T206', FIN_WAIT_2: 'T209' },
    'held, a duplicate ACK at once, delivered when the hole is filled [SHLD-31] [MAY-13]',
    async (s, { una, snd }) => {
      await s.run`
        +0 < . seq 101 ack ${una} len 100
        +0 > . seq ${snd} ack 1
        no event data
        +0 < . seq 301 ack ${una} len 100
        +0 > . seq ${snd} ack 1
        +0 < . seq 1 ack ${una} len 100
        +0 > . seq ${snd} ack 201
        event data 100
        event data 100
        +0 < . seq 201 ack ${una} len 100
        +0 > . seq ${snd} ack 401
        event data 100
        event data 100
      `;
    },
  );

  conform('with SACK the newest block leads [T203]', async (s) => {
    await s.run`
      listen
      +0 < S seq 0 <mss 1000, sackOK>
      +0 > S. seq 0 ack 1 <...>
      +0 < . seq 1 ack 1
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 101:201>
      +0 < . seq 301 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 301:401 101:201>
      +0 < . seq 201 ack 1 len 100
      +0 > . seq 1 ack 1 <sack 101:401>
      +0 < . seq 1 ack 1 len 100
      +0 > . seq 1 ack 401 <>
    `;
  });

  conform('overlaps are delivered once [T203] [UNTAGGED-10]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 101 ack 1 len 100
      +0 > . seq 1 ack 1
      +0 < . seq 51 ack 1 len 200
      +0 > . seq 1 ack 1
      +0 < . seq 1 ack 1 len 120
      +0 > . seq 1 ack 251
      expect ESTABLISHED
      +0 < . seq 251 ack 1 len 10
      event data
      +0 > . seq 1 ack 261
    `;
  });
});

describe("seventh: text behind the peer's FIN", () => {
  forEachState(CLOSED_BY_PEER_TEXT, 'ignored', async (s, { una, rcv }, state) => {
    await s.run`
      +0 < P. seq ${rcv} ack ${una} len 10
      expect ${state}
      no event data
      silence 300ms
    `;
  });
});

describe('seventh: nobody reads any more', () => {
  for (const [state, id] of [
    ['ESTABLISHED', 'T329'],
    ['FIN_WAIT_1', 'T218'],
    ['FIN_WAIT_2', 'T219'],
  ] as const) {
    conformOnce(`${state}: text draws RST [${id}] [SHLD-3]`, async (s) => {
      const { una, snd } = await bring(s, state);
      await s.run`
        giveup
        +0 < P. seq 1 ack ${una} len 10
        +0 > R. seq ${snd}
        event closed ECONNABORTED
        expect GONE
        silence 100s
      `;
    });

    conformOnce(`${state}: while somebody reads it is delivered [${id}]`, async (s) => {
      const { una, snd } = await bring(s, state);
      await s.run`
        +0 < P. seq 1 ack ${una} len 10
        event data 10
        +.040 > . seq ${snd} ack 11
        expect ${state}
      `;
    });
  }
});

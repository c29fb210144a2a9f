/** RFC 9293 §3.10.7.4, first, at its edges: places where a small change of the code once went unnoticed (docs/mutation.md). */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('a FIN again', () => {
  for (const [state, id] of [
    ['CLOSE_WAIT', 'T228'],
    ['LAST_ACK', 'T230'],
  ] as const) {
    conform(`${state}: is answered, below the window or in it, and starts no 2MSL [${id}] [T290]`, async (s) => {
      const { snd } = await bring(s, state);
      await s.run`
        +.6 < F. seq 1 ack 1
        +0 > . seq ${snd} ack 2
        +.3 < F. seq 2 ack 1
        +0 > . seq ${snd} ack 2
      `;
      if (state === 'CLOSE_WAIT') await s.run('silence 200s\nexpect CLOSE_WAIT\nsend 10\n+0 > P. seq 1 ack 2 len 10');
    });
  }

  conform('TIME_WAIT: one in the window starts 2MSL anew too [T231]', async (s) => {
    await bring(s, 'TIME_WAIT');
    await s.run`
      +50 < F. seq 2 ack 2
      +0 > . seq 2 ack 2
      wait 55s
      expect TIME_WAIT
      wait 10s
      expect GONE
    `;
  });
});

describe('urgent', () => {
  conform(
    'the pointer counts from the segment as it was sent, not from what is left of it [MUST-62] [MUST-31]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      +0 < . seq 1 ack 1 len 20
      +0 < U. seq 11 ack 1 urg 25 len 20
      event urgent ahead
      no event urgent
      +0 < . seq 31 ack 1 len 4
      no event urgent
      +0 < . seq 35 ack 1 len 1
      event urgent reached
    `;
    },
  );
});

describe('an acknowledgment from the edge of our window', () => {
  conform('is heard while the text before it is on its way [T288] [UNTAGGED-12]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10 win 10000
      +0 < . seq 10001 ack 11
      +0 > . seq 11 ack 1
      silence 10s
    `;
  });
});

describe("what it says of loss, while a hole in the peer's text keeps our window full", () => {
  const bare = '. seq 10001 ack 1';

  conform('its SACK blocks count [T288] [RFC 6675 §2]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', 'mss 1000, sackOK');
    await s.run`
      send 5000
      +0 > . seq 1 ack 1 len 1000
      +0 > . seq 1001 ack 1 len 1000
      +0 > . seq 2001 ack 1 len 1000
      +0 > . seq 3001 ack 1 len 1000
      +0 > P. seq 4001 ack 1 len 1000
      +.001 < . seq 0 ack 1 // answered, so that those that follow are not
      +0 > . seq 5001 ack 1
      +0 < ${bare} <sack 1001:2001>
      +0 < ${bare} <sack 1001:3001>
      +0 < ${bare} <sack 1001:4001>
      +0 > . seq 1 ack 1 len 1000
      +.1 < . seq 10001 ack 5001
      silence 10s
    `;
  });

  conform('they count as duplicates [T288] [RFC 5681 §3.2]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 5000
      +0 > . seq 1 ack 1 len 1000
      +0 > . seq 1001 ack 1 len 1000
      +0 > . seq 2001 ack 1 len 1000
      +0 > . seq 3001 ack 1 len 1000
      +0 > P. seq 4001 ack 1 len 1000
      +.1 < . seq 0 ack 1
      +0 > . seq 5001 ack 1
      +0 <+ ${bare}
      +0 <+ ${bare}
      +0 <+ ${bare}
      +0 < ${bare} // a kernel takes the first, whose SEQ is newer, for news of the window
      +0 > . seq 1 ack 1 len 1000
      +.1 < . seq 10001 ack 5001
      silence 10s
    `;
  });

  conform(
    'they answer the probes of a window that was taken back [T288] [MUST-37]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        send 1000
        +0 > P. seq 1 ack 1 len 1000
        +.1 < ${bare} win 0
        +0 > . seq 1 ack 1
        +.9 > P. seq 1 ack 1 len 1
      `;
      for (const wait of [1.99, 3.99, 7.99, 15.99, 31.99, 59.99]) {
        await s.run(`+.01 < ${bare} win 0\n+0 > . seq 1 ack 1\n+${wait} > P. seq 1 ack 1 len 1`);
      }
      await s.run('expect ESTABLISHED');
    },
    { tcp: { dataRetries: 3 } },
  );

  conform('they say that the peer lives [T288] [MUST-26]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      keepalive 100000 1000 2
      +60 < ${bare}
      +0 > . seq 1 ack 1
      silence 99.9s
      +.1 > . seq 0 ack 1 len 0
    `;
  });
});

describe('simultaneous open', () => {
  conform('timestamps that only our SYN had are not on our SYN,ACK [RFC 7323 §3.2-h]', async (s) => {
    const size = s.family === 4 ? 1460 : 1440;
    await s.run`
      open active
      +0 > S seq 0 <mss ${size}, sackOK, ws 0, ts * 0>
      +0 < S seq 0 win 1000 <mss 1000>
      +0 > S. seq 0 ack 1 <mss ${size}>
    `;
  });

  conform('the window of the SYN,ACK is not scaled [RFC 7323 §2.2] [T286]', async (s) => {
    await s.run`
      open active
      +0 > S seq 0
      +0 < S seq 0 win 1000 <mss 1000, ws 6>
      +0 > S. seq 0 ack 1
      +0 < S. seq 0 ack 1 win 1000 <mss 1000, ws 6>
      expect ESTABLISHED
      send 2000
      +* > . seq 1 ack 1 len 1000
      +0 > nothing
    `;
  });
});

describe('an old acknowledgment', () => {
  conform('without text is no duplicate to report [RFC 2883 §4-a]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', 'mss 1000, sackOK');
    await s.run`
      +0 < P. seq 1 ack 1 len 10
      +.040 > . seq 1 ack 11
      +1 < . seq 1 ack 1
      +0 > . seq 1 ack 11 <>
      +1 < P. seq 1 ack 1 len 10
      +0 > . seq 1 ack 11 <sack 1:11>
    `;
  });
});

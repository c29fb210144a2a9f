// PERSIST TIMEOUT (§3.8.6.1), DELAYED ACK (§3.8.6.3), APPLICATION READ (§3.8.6.2.2), SWS OVERRIDE (§3.8.6.2.1).
import { describe } from 'vitest';
import { bring, conform, type StateName } from './script/index.ts';

describe('PERSIST TIMEOUT', () => {
  /** From the state it begins in, by way of a closed window. */
  const rows: readonly (readonly [StateName, string, StateName, string, number])[] = [
    ['ESTABLISHED', 'T250', 'ESTABLISHED', '', 1],
    ['CLOSE_WAIT', 'T251', 'CLOSE_WAIT', '', 2],
    ['FIN_WAIT_1', 'T252', 'ESTABLISHED', 'close', 1],
    ['CLOSING', 'T253', 'ESTABLISHED', 'close\n+0 < F. seq 1 ack 1 win 0\n+0 > . seq 1 ack 2', 2],
    ['LAST_ACK', 'T254', 'CLOSE_WAIT', 'close', 2],
  ];
  for (const [state, id, from, then, rcv] of rows) {
    conform(
      `${state}: one octet after one RTO, then ever later, and for ever while answered [${id}] [MUST-36] [MUST-37]`,
      async (s) => {
        const { rcv: before } = await bring(s, from);
        await s.run(`+0 < . seq ${before} ack 1 win 0\nsend 10\n+0 > nothing\n${then}`);
        const answer = `+0 < . seq ${rcv} ack 1 win 0`;
        await s.run(`
        expect ${state}
        +1 > . seq 1 ack ${rcv} len 1
        ${answer}
        +2 > P. seq 1 ack ${rcv} len 1
        ${answer}
        +4 > P. seq 1 ack ${rcv} len 1
        ${answer}
        +8 > P. seq 1 ack ${rcv} len 1
        ${answer}
        +16 > P. seq 1 ack ${rcv} len 1
        ${answer}
        +32 > P. seq 1 ack ${rcv} len 1
        ${answer}
        expect ${state}
      `);
      },
      { tcp: { dataRetries: 3 } },
    );
  }

  conform('the window opens while it is probed: everything goes at once [T250] [T184]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 0
      send 10
      +1 > . seq 1 ack 1 len 1
      +0 < . seq 1 ack 1 win 1000
      +0 > P. seq 1 ack 1 len 1
      +0 < . seq 1 ack 2 win 1000
      +0 > P. seq 2 ack 1 len 9
    `;
  });
});

describe('acknowledgments and windows', () => {
  conform(
    'ESTABLISHED, DELAYED ACK TIMEOUT: the ACK owed leaves within half a second [T325] [MUST-40]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run('+0 < P. seq 1 ack 1 len 10\n+0 > nothing\n+.2 > . seq 1 ack 11\nsilence 10s');
    },
    { tcp: { delayedAck: 200 } },
  );

  conform('every second full segment needs no timer [T325] [SHLD-19]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run('+0 < . seq 1 ack 1 len 1000\n+0 > nothing\n+.01 < . seq 1001 ack 1 len 1000\n+0 > . seq 1 ack 2001');
  });

  conform(
    'a full segment is one without the option bytes it carries [SHLD-19] [MUST-16]',
    `
    open passive
    +0 < S seq 0 win 1000 <mss 1000, nop, ts 500 0>
    +0 > S. seq 0 ack 1 <...>
    +0 < . seq 1 ack 1 <nop, ts 501 0>
    +0 < . seq 1 ack 1 len 988 <nop, ts 502 0>
    +0 > nothing
    +.01 < . seq 989 ack 1 len 988 <nop, ts 503 0>
    +0 > . seq 1 ack 1977 <...>
  `,
  );

  conform(
    'APPLICATION READ: the edge moves by min(MSS, RCV.BUFF / 2) at the least [T326] [MUST-39]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      +0 < . seq 1 ack 1 len 5000
      +0 < P. seq 5001 ack 1 len 5000
      +0 > . seq 1 ack 5001 win 5000
      +0 > . seq 1 ack 10001 win 0
      read 999
      silence 1s
      read 1
      +0 > . seq 1 ack 10001 win 1000
      read 500
      silence 1s
    `;
    },
    { reading: 'manual' },
  );

  conform('SWS OVERRIDE TIMEOUT: what fits a small window goes after a while [T327] [MUST-38]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 300
      send 1000
      +0 > nothing
      +.2 > . seq 1 ack 1 len 300
      +0 < . seq 1 ack 301 win 300
      +.2 > . seq 301 ack 1 len 300
    `;
  });
});

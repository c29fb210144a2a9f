// RFC 7323: where the Timestamps option stands, what it means, and what a segment without it, or with one too many, does.
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

const WITH_TS = `
  listen
  +0 < S seq 0 win 30000 <mss 1000, ts 1000 0>
  +0 > S. seq 0 ack 1 <...>
  +0 < . seq 1 ack 1 <ts 1001 0>
  event accept
`;

describe('sent', () => {
  conform('on our SYN TSecr is 0: nothing was heard yet [RFC 7323 §3.2-g] [RFC 7323 §3.2-a]', async (s) => {
    const size = s.family === 4 ? 1460 : 1440;
    await s.run`
      open active
      +0 > S seq 0 <mss ${size}, sackOK, ws 0, ts * 0>
    `;
  });

  conform('not on a SYN,ACK whose SYN had none [RFC 7323 §3.2-a]', async (s) => {
    const size = s.family === 4 ? 1460 : 1440;
    await s.run`
      listen
      +0 < S seq 0 <mss 1000>
      +0 > S. seq 0 ack 1 <mss ${size}>
    `;
  });

  conform('on every segment once it was agreed, on our RST too [RFC 7323 §3.2-b] [RFC 7323 §3.2-c]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < P. seq 1 ack 1 len 10 <ts 1002 0>
      +.040 > . seq 1 ack 11 <ts * 1002>
      send 10
      +0 > P. seq 1 ack 11 len 10 <ts * 1002>
      +1 > P. seq 1 ack 11 len 10 <ts * 1002>
      +0 < . seq 11 ack 11 <ts 1003 0>
      abort
      +0 > R. seq 11 ack 11 <ts * 1003>
    `;
  });
});

describe('received', () => {
  conform('not agreed on, it is ignored [RFC 7323 §3.2-f]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack 1 len 10 <ts -1 7>
      event data 10
      +.040 > . seq 1 ack 11 <>
      +0 < P. seq 11 ack 1 len 10 <ts -5 7>
      event data 10
      +.040 > . seq 1 ack 21 <>
    `;
  });

  conform('missing, it neither ends the connection nor loses the text [RFC 7323 §3.2-e]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < P. seq 1 ack 1 len 10
      event data 10
      +.040 > . seq 1 ack 11 <ts * 1001>
      +0 < P. seq 11 ack 1 len 10 <ts 1002 0>
      event data 10
      +.040 > . seq 1 ack 21 <ts * 1002>
      expect ESTABLISHED
    `;
  });

  conform('a RST that is not believed does not move TS.Recent [RFC 7323 §5.2]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < P. seq 1 ack 1 len 10 <ts 1002 0>
      event data 10
      +.040 > . seq 1 ack 11 <ts * 1002>
      +0 < R. seq 6 ack 1 len 10 <ts 9000 0>
      +0 > . seq 1 ack 11 <ts * 1002>
      +0 < P. seq 11 ack 1 len 10 <ts 1003 0>
      event data 10
      +.040 > . seq 1 ack 21 <ts * 1003>
    `;
  });

  conform('a segment whose ACK is not believed does not move TS.Recent [RFC 5961 §5.2]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < P. seq 1 ack 5000 len 10 <ts 1000000000 0>
      +0 > . seq 1 ack 1 <ts * 1001>
      +0 < P seq 1 len 10 <ts 1000000000 0>
      +0 > nothing
      +0 < P. seq 1 ack 1 len 10 <ts 1002 0>
      event data 10
      +.040 > . seq 1 ack 11 <ts * 1002>
    `;
  });

  conform('nor does a SYN [RFC 5961 §4.2]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < S. seq 1 ack 1 len 10 <ts 1000000000 0>
      +0 > . seq 1 ack 1 <ts * 1001>
      +0 < P. seq 1 ack 1 len 10 <ts 1002 0>
      event data 10
      +.040 > . seq 1 ack 11 <ts * 1002>
    `;
  });

  conform('a RST is no older for its timestamp [RFC 7323 §5.2]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      +0 < R seq 1 <ts 5 0>
      +0 > nothing
      event closed ECONNRESET
    `;
  });

  for (const days of [24.1, 40]) {
    conform(`after ${days} days of silence the last one says nothing any more [RFC 7323 §5.5]`, async (s) => {
      await s.run(WITH_TS);
      await s.run`
        wait ${days * 24}h
        +0 < P. seq 1 ack 1 len 10 <ts -90000 0>
        event data 10
        +* > . seq 1 ack 11 <ts * -90000>
        +0 < P. seq 11 ack 1 len 10 <ts -90001 0>
        +0 > . seq 1 ack 11 <ts * -90000>
        no event data
      `;
    });
  }

  conform('after 23 days it still does [RFC 7323 §5.5]', async (s) => {
    await s.run(WITH_TS);
    await s.run`
      wait 552h
      +0 < P. seq 1 ack 1 len 10 <ts 900 0>
      +0 > . seq 1 ack 1 <ts * 1001>
      no event data
    `;
  });
});

// RFC 5482: how long each end is willing to wait.
import { describe, expect, test } from 'vitest';
import { decodeTimeout, encodeTimeout } from '../../src/core/tcp/user-timeout.ts';
import { conform, type Script } from './script/index.ts';

const ON = { tcp: { userTimeoutOption: true, sack: false, timestamps: false, windowScaling: false } } as const;
const mss = (s: Script): string => `mss ${s.family === 4 ? 1460 : 1440}`;
/** 300 s and 400 s. */
const FIVE_MINUTES = 'raw 1c 04 01 2c';
/** 363 s of it. */
const AGAIN = [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60].map((n) => `+${n} > P. seq 1 len 10`).join('\n');
const ASKED = 'raw 1c 04 01 90';

/** Seven minutes, and no end. */
const GOES_ON = `
  send 10
  +0 > P. seq 1 len 10
  ${AGAIN}
  +60 > P. seq 1 len 10
  expect ESTABLISHED
`;
/** Keep-alive probes up to 410 s; the one who set them up asked for two. */
const MORE = '+100 > . seq 0 ack 1 len 0\n'.repeat(4);

describe('the user timeout on the wire', () => {
  conform(
    'our SYN says five minutes unless the application said otherwise [RFC 5482 §3]',
    async (s) => {
      await s.run(`
        open active
        +0 > S seq 0 <${mss(s)}, ${FIVE_MINUTES}>
        +0 < S. seq 0 ack 1 <mss 1000>
        +0 > . seq 1 ack 1 <${FIVE_MINUTES}>
        +0 < P. seq 1 ack 1 len 10
        +* > . seq 1 ack 11 <>
      `);
    },
    ON,
  );
  conform(
    'the first segment without SYN says it again, before any text: the peer may have kept nothing of our SYN [RFC 5482 §3.1]',
    `
      listen
      < S seq 0 win 5000 <mss 1000>
      +0 > S. seq 0 ack 1
      < P. seq 1 ack 1 win 5000 len 10
      +0 > . seq 1 ack 11 <${FIVE_MINUTES}>
      send 10
      +0 > P. seq 1 ack 11 len 10 <>
    `,
    ON,
  );
  conform(
    'we wait as long as the peer asks, within limits [RFC 5482 §3.1]',
    async (s) => {
      await s.run(`
        listen
        < S seq 0 win 5000 <mss 1000, ${ASKED}>
        +0 > S. seq 0 ack 1 <${mss(s)}, ${ASKED}>
        < . seq 1 ack 1 win 5000
        +0 > . seq 1 ack 1 <${ASKED}>
        send 10
        +0 > P. seq 1 len 10
        ${AGAIN}
        silence 36.9s
        expect ESTABLISHED
        wait 200ms
        expect GONE
      `);
      expect(s.takeEvents()).toContain('closed ETIMEDOUT');
    },
    { tcp: { ...ON.tcp, dataRetries: 100 } },
  );
  for (const [when, before, after] of [
    ['turned on before', 'keepalive 10000 100000 2', ''],
    ['turned on later', '', 'keepalive 10000 100000 2'],
  ] as const) {
    conform(
      `keep-alive, ${when}, does not give up before the timeout that was taken over [RFC 5482 §4.2]`,
      async (s) => {
        await s.run(`
          listen
          < S seq 0 win 5000 <mss 1000>
          +0 > S. seq 0 ack 1
          < . seq 1 ack 1 win 5000
          +0 > . seq 1 ack 1 <${FIVE_MINUTES}>
          ${before}
          < . seq 1 ack 1 win 5000 <${ASKED}>
          ${after}
          +10 > . seq 0 ack 1 len 0
          ${MORE}
          expect ESTABLISHED
          +100 > R. seq 1 ack 1
          expect GONE
        `);
        expect(s.takeEvents()).toContain('closed ETIMEDOUT');
      },
      ON,
    );
  }
  conform(
    'set on a live connection: a bare ACK says so, once, and the wish of the peer counts no more [RFC 5482 §3.1]',
    `
      listen
      < S seq 0 win 5000 <mss 1000>
      +0 > S. seq 0 ack 1
      < . seq 1 ack 1 win 5000
      +0 > . seq 1 ack 1 <${FIVE_MINUTES}>
      usertimeout 5000
      +0 > . seq 1 ack 1 <raw 1c 04 00 05>
      < P. seq 1 ack 1 win 5000 len 10
      +* > . seq 1 ack 11 <>
      < P. seq 11 ack 1 win 5000 len 10 <${ASKED}>
      +* > . seq 1 ack 21 <>
      send 10
      +0 > P. seq 1 len 10
      +1 > P. seq 1 len 10
      +2 > P. seq 1 len 10
      silence 1.9s
      expect ESTABLISHED
      wait 200ms
      event closed ETIMEDOUT
    `,
    ON,
  );
  conform(
    'keep-alive gives up as it was told when the timeout is our own [RFC 5482 §4.2]',
    `
      listen
      < S seq 0 win 5000 <mss 1000>
      +0 > S. seq 0 ack 1
      < . seq 1 ack 1 win 5000
      +0 > . seq 1 ack 1 <${FIVE_MINUTES}>
      usertimeout 400000
      +0 > . seq 1 ack 1 <${ASKED}>
      keepalive 10000 1000 2
      +10 > . seq 0 ack 1
      +1 > . seq 0 ack 1
      +1 > R. seq 1 ack 1
      event closed ETIMEDOUT
    `,
    ON,
  );
  conform(
    'a value of zero says nothing: R2 counts retransmissions as before [RFC 5482 §3]',
    `
      listen
      < S seq 0 win 5000 <mss 1000>
      +0 > S. seq 0 ack 1
      < . seq 1 ack 1 win 5000
      +0 > . seq 1 ack 1 <${FIVE_MINUTES}>
      < . seq 1 ack 1 win 5000 <raw 1c 04 00 00>
      ${GOES_ON}
    `,
    { tcp: { ...ON.tcp, dataRetries: 100 } },
  );
  conform(
    'off by default: not sent, not even when it is set, and not listened to [RFC 5482 §3.1]',
    async (s) => {
      await s.run(`
        listen
        < S seq 0 win 5000 <mss 1000, ${ASKED}>
        +0 > S. seq 0 ack 1 <${mss(s)}>
        < . seq 1 ack 1 win 5000
        usertimeout 400000
        < P. seq 1 ack 1 win 5000 len 10
        +* > . seq 1 ack 11 <>
        conn b
        open active
        +0 > S seq 0 <${mss(s)}>
        < S. seq 0 ack 1 win 5000 <mss 1000, ${ASKED}>
        +0 > . seq 1 ack 1 <>
        ${GOES_ON}
      `);
    },
    { tcp: { ...ON.tcp, userTimeoutOption: false, dataRetries: 100 } },
  );
});

test('seconds up to 15 bits, then minutes; zero says nothing [RFC 5482 §3]', () => {
  expect([1, 1000, 1001, 32_767_000, 32_768_000, 1e12].map(encodeTimeout)).toEqual([
    1,
    1,
    2,
    32_767,
    0x8000 | 547,
    0xffff,
  ]);
  expect([0, 1, 0x8000, 0x8001].map(decodeTimeout)).toEqual([0, 1000, 0, 60_000]);
});

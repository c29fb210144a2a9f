/** RFC 9293 §3.1, §3.2, §3.7.1: headers, options and segment sizes. Checksums, padding and idle fields: every test. */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('what is received', () => {
  conform('options on any segment [MUST-5]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack 1 len 10 <nop, nop, mss 500, ws 3, eol>
      event data 10
      +.040 > . seq 1 ack 11
      +0 < F. seq 11 ack 1 <raw fe 04 00 00>
      event end
      +0 > . seq 1 ack 12
    `;
  });

  conform('options on a RST [MUST-5]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < R seq 1 <raw fe 04 00 00>
      event closed ECONNRESET
    `;
  });

  conform(
    'unknown kinds are skipped by their length [MUST-6] [MUST-4]',
    `
    listen
    +0 < S seq 0 win 1000 <nop, raw fe 08 01 02 03 04 05 06, mss 300, raw fd 02, eol>
    +0 > S. seq 0 ack 1
    +0 < . seq 1 ack 1
    send 1000
    +0 > . seq 1 ack 1 len 300
    +0 > . seq 301 ack 1 len 300
    +0 > . seq 601 ack 1 len 300
    +0 > P. seq 901 ack 1 len 100 // as one write: UNTAGGED-13
  `,
  );

  conform(
    'options at any alignment [MUST-64]',
    `
    listen
    +0 < S seq 0 win 1000 <nop, ts 500 0, mss 300>
    +0 > S. seq 0 ack 1 <...>
    +0 < . seq 1 ack 1 <nop, ts 501 0>
    +0 < P. seq 1 ack 1 len 10 <nop, ts 502 0>
    event data 10
    +.040 > . seq 1 ack 11 <ts * 502>
  `,
  );

  for (const [what, bytes] of [
    ['0', 'fe 00 01 01'],
    ['1', 'fe 01 01 01'],
    ['past the header', 'fe 09 01 01'],
  ] as const) {
    conform(`an option of length ${what} harms nobody [MUST-7]`, async (s) => {
      await s.run`
        listen
        +0 < S seq 0 <raw ${bytes}>
        +0 > S. seq 0 ack 1
        +0 < . seq 1 ack 1 <raw ${bytes}>
        +0 < P. seq 1 ack 1 len 10 <raw ${bytes}>
        expect ESTABLISHED
        event data 10
        +.040 > . seq 1 ack 11
      `;
    });
  }

  // The lowest of them is AE of RFC 9768; a stack that speaks it reads that one.
  conform(
    'reserved bits are ignored and sent as zero [UNTAGGED-1]',
    async (s) => {
      await s.run`
        listen
        +0 < S seq 0 reserved 15
        +0 > S. seq 0 ack 1 reserved 0
        +0 < P. seq 1 ack 1 len 10 reserved 15
        event data 10
        +.040 > . seq 1 ack 11
      `;
    },
    { tcp: { ecn: 'off' } },
  );

  conform('sequence numbers go round [UNTAGGED-2]', async (s) => {
    await bring(s, 'ESTABLISHED');
    // The peer began 200 below 2^32.
    await s.run`
      +0 < P. seq 1 ack 1 len 150
      event data 150
      +.040 > . seq 1 ack 151
      +0 < P. seq 301 ack 1 len 100
      +0 > . seq 1 ack 151
      +0 < P. seq 151 ack 1 len 150
      event data 150
      event data 100
      +0 > . seq 1 ack 401
      +0 < F. seq 401 ack 1
      +0 > . seq 1 ack 402
    `;
  });
});

describe('how much is sent', () => {
  conform('no MSS option: 536 (IPv4), 1220 (IPv6) [MUST-15]', async (s) => {
    const size = s.family === 4 ? 536 : 1220;
    await s.run`
      listen
      +0 < S seq 0 win 30000
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1
      send ${2 * size}
      +0 > . seq 1 ack 1 len ${size}
      +0 > P. seq ${size + 1} ack 1 len ${size}
    `;
  });

  conform(
    'MSS of the peer, less what the options take [MUST-16] [MUST-14]',
    `
    listen
    +0 < S seq 0 win 30000 <mss 1000, ts 1 0>
    +0 > S. seq 0 ack 1 <...>
    +0 < . seq 1 ack 1 <ts 1 0>
    send 988
    +0 > P. seq 1 ack 1 len 988
    +0 < . seq 1 ack 989 <ts 2 0>
    send 1976
    +0 > . seq 989 ack 1 len 988
    +0 > P. seq 1977 ack 1 len 988
  `,
  );

  conform('MSS above what the link carries: the link decides [MUST-16] [MUST-67]', async (s) => {
    const size = s.family === 4 ? 1460 : 1440;
    await s.run`
      open active
      +0 > S seq 0 <mss ${size}, sackOK, ws 0, ts 0 0>
      +0 < S. seq 0 ack 1 win 30000 <mss 9000>
      +0 > . seq 1 ack 1
      send ${size + 1}
      +0 > . seq 1 ack 1 len ${size}
      +0 > P. seq ${size + 1} ack 1 len 1
    `;
  });

  conform('a small link [MUST-67]', async (s) => {
    await s.run`
      option mtu 1280
      listen
      +0 < S seq 0 <mss 1460>
      +0 > S. seq 0 ack 1 <mss ${s.family === 4 ? 1240 : 1220}>
    `;
  });

  conform(
    'beside a SACK option less text fits [MUST-16]',
    `
    listen
    +0 < S seq 0 win 30000 <mss 1000, sackOK>
    +0 > S. seq 0 ack 1 <...>
    +0 < . seq 1 ack 1
    +0 < . seq 101 ack 1 len 100
    +0 > . seq 1 ack 1 <sack 101:201>
    send 988
    +0 > P. seq 1 ack 1 len 988 <sack 101:201>
  `,
  );
});

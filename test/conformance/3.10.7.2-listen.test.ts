/** RFC 9293 §3.10.7.2: LISTEN. The listener stays; each SYN makes a child. */
import { describe } from 'vitest';
import { conform } from './script/index.ts';

describe('LISTEN, SEGMENT', () => {
  conform(
    'first RST: ignored [T002] [T084]',
    `
    listen
    +0 < R seq 1
    +0 < R. seq 1 ack 1
    +0 < SR seq 1
    +0 > nothing
    expect LISTEN
  `,
  );

  conform(
    'second ACK: reset, even with SYN [T002] [T085] [UNTAGGED-33]',
    `
    listen
    +0 < . seq 1 ack 500
    +0 > R seq 500
    +0 < S. seq 0 ack 600
    +0 > R seq 600
    +0 < F. seq 0 ack 700
    +0 > R seq 700
    expect LISTEN
  `,
  );

  conform(
    'third SYN: <SEQ=ISS><ACK=RCV.NXT><SYN,ACK>, SYN-RECEIVED [T002] [T086] [MUST-14]',
    `
    listen
    +0 < S seq 0 win 1000 <mss 1000, ws 7, sackOK, ts 100 0>
    +0 > S. seq 0 ack 1 win 10000 <...>
    expect SYN_RECEIVED
    no event accept
    conn b port 40001
    expect LISTEN
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    +0 < . seq 1 ack 1
    expect ESTABLISHED
    conn a
    expect SYN_RECEIVED
  `,
  );

  conform('options in the SYN,ACK are those the SYN offered [T086]', async (s) => {
    const mss = s.family === 4 ? 1460 : 1440;
    await s.run`
      listen
      +0 < S seq 0 <mss 1000>
      +0 > S. seq 0 ack 1 <mss ${mss}>
      conn b port 40001
      +0 < S seq 0 <sackOK, ts 100 0, ws 7>
      +0 > S. seq 0 ack 1 <mss ${mss}, sackOK, ts * 100, ws 0>
    `;
  });

  conform(
    'text on the SYN is not kept and not acknowledged: it comes again after the handshake [T086] [UNTAGGED-3]',
    `
    listen
    +0 < S seq 0 len 20
    +0 > S. seq 0 ack 1
    no event data
    +0 < . seq 1 ack 1 len 20
    event accept
    event data 20
    +.040 > . seq 1 ack 21
  `,
  );

  conform(
    'SYN,FIN: the FIN is not acknowledged: it comes again [T087] [T221]',
    `
    listen
    +0 < SF seq 0
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    no event end
    +0 < . seq 1 ack 1
    event accept
    expect ESTABLISHED
    +0 < F. seq 1 ack 1
    event end
    expect CLOSE_WAIT
    +0 > . seq 1 ack 2
  `,
  );

  conform(
    'fourth: anything else is dropped, data, FIN or nothing at all [T002] [T088] [T221]',
    `
    listen
    +0 < - seq 0 len 10
    +0 < F seq 0
    +0 < P seq 0 len 3
    +0 < - seq 0
    +0 > nothing
    expect LISTEN
  `,
  );

  conform(
    'a second passive OPEN of the same socket leaves the first untouched [MUST-41]',
    `
    listen
    listen -> EADDRINUSE
    +0 < S seq 0
    +0 > S. seq 0 ack 1
  `,
  );

  conform(
    'LISTEN while another connection of the port is opening [MUST-42]',
    `
    open active
    +0 > S seq 0
    listen
    conn b port 40001
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    conn a
    expect SYN_SENT
  `,
  );
});

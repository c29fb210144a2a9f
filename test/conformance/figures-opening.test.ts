/** Opening: the exchanges of RFC 9293 figures 6 to 11 and their kin; our stack plays A, then B. */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('opening', () => {
  conform(
    'three-way handshake, as A [T268]',
    `
    open active
    expect SYN_SENT
    +0 > S seq 0 <...>
    +.01 < S. seq 0 ack 1 win 1000 <mss 1000>
    +0 > . seq 1 ack 1
    expect ESTABLISHED
    event connect
    send 10
    +0 > P. seq 1 ack 1 len 10
  `,
  );

  conform(
    'three-way handshake, as B; text may ride on the ACK [T268] [T297]',
    `
    listen
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    +.01 < P. seq 1 ack 1 len 10
    expect ESTABLISHED
    event accept
    event data 10
    +.040 > . seq 1 ack 11
  `,
  );

  conform(
    'simultaneous open: one connection, not two [T269] [T286] [MUST-10] [UNTAGGED-12]',
    `
    open active
    +0 > S seq 0
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    +0 < S. seq 0 ack 1 win 1000 <mss 1000>
    expect ESTABLISHED
    event connect
    no event accept
    no event connect
    send 10
    +0 > P. seq 1 ack 1 len 10
    +0 < . seq 1 ack 11
    +0 < P. seq 1 ack 11 len 10
    event data 10
    +.040 > . seq 11 ack 11
  `,
  );

  conform(
    "simultaneous open, the peer's SYN,ACK lost and sent again [T269] [T286]",
    `
    open active
    +0 > S seq 0
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    +* > S. seq 0 ack 1
    +.1 < S. seq 0 ack 1
    expect ESTABLISHED
    silence 100s
  `,
  );

  conform(
    'simultaneous open with crossing SYN,ACKs: ours meets a peer that answers with a plain ACK [T269] [T286]',
    `
    open active
    +0 > S seq 0
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    +0 < . seq 1 ack 1
    event connect
    expect ESTABLISHED
  `,
  );

  conform(
    'old duplicate SYN, as B [T270]',
    `
    listen
    +0 < S seq -10
    +0 > S. seq 0 ack -9
    expect SYN_RECEIVED
    +0 < R seq -9
    expect LISTEN
    no events
    forget 0
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    +0 < . seq 1 ack 1
    event accept
    expect ESTABLISHED
  `,
  );

  conform(
    'old duplicate SYN, as A [T270]',
    `
    open active
    +0 > S seq 0
    +0 < S. seq 300 ack -9
    +0 > R seq -9
    expect SYN_SENT
    +0 < S. seq 0 ack 1
    +0 > . seq 1 ack 1
    expect ESTABLISHED
  `,
  );

  conform(
    'old SYN between two passive sockets, as B [T273]',
    `
    listen
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    +0 < R seq 1
    expect LISTEN
    no events
  `,
  );

  conform(
    'old SYN between two passive sockets, as A [T273]',
    `
    listen
    +0 < S. seq 0 ack 901
    +0 > R seq 901
    expect LISTEN
  `,
  );

  conform(
    'the SYN,ACK is lost: SYN again, SYN,ACK again [T285]',
    `
    listen
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    +1 > S. seq 0 ack 1
    +.2 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    +0 < . seq 1 ack 1
    event accept
  `,
  );
});

describe('half-open connections', () => {
  conform('discovered by a SYN, as B [T271]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < S seq 4000
      +0 > . seq 1 ack 1
      +0 < R seq 1
      event closed ECONNRESET
      expect LISTEN
      forget 4000
      +1 < S seq 0
      +0 > S. seq 0 ack 1
      expect SYN_RECEIVED
    `;
  });

  conform(
    'discovered by a SYN, as A [T271]',
    `
    open active
    +0 > S seq 0
    +0 < . seq 300 ack -300
    +0 > R seq -300
    expect SYN_SENT
    +1 > S seq 0
    +0 < S. seq 0 ack 1
    +0 > . seq 1 ack 1
    expect ESTABLISHED
  `,
  );

  conform('discovered by data, as B [T272]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 100
      +0 > P. seq 1 ack 1 len 100
      +0 < R seq 1
      event closed ECONNRESET
      silence 100s
    `;
  });

  conform(
    'discovered by data, as A [T272]',
    `
    +0 < P. seq 300 ack 100 len 100
    +0 > R seq 100
    expect CLOSED
  `,
  );
});

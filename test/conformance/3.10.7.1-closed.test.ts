/** RFC 9293 §3.10.7.1: no connection. */
import { describe } from 'vitest';
import { conform } from './script/index.ts';

describe('CLOSED, SEGMENT', () => {
  conform(
    'a RST is dropped [T001] [T081] [UNTAGGED-4]',
    `
    +0 < R seq 100
    +0 < R. seq 100 ack 7
    +0 > nothing
  `,
  );

  conform(
    'without ACK: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><RST,ACK> [T001] [T082]',
    `
    +0 < S seq 100
    +0 > R. ack 101 win 0
    +0 < - seq 100 len 50
    +0 > R. ack 150
  `,
  );

  conform(
    'SYN and FIN count in that length; its SEQ cannot be validated [T082] [T220]',
    `
    +0 < F seq 100
    +0 > R. ack 101
    +0 < SF seq 100 len 10
    +0 > R. ack 112
  `,
  );

  conform('the SEQ of that reset is 0 [T082]', async (s) => {
    const absoluteZero = -s.connection.iss | 0;
    await s.run`
      +0 < S seq 100
      +0 > R. seq ${absoluteZero} ack 101
    `;
  });

  conform(
    'with ACK: <SEQ=SEG.ACK><RST> [T001] [T083] [T220]',
    `
    +0 < . seq 100 ack 77
    +0 > R seq 77 win 0
    +0 < S. seq 100 ack 78
    +0 > R seq 78
    +0 < F. seq 100 ack 79 len 20
    +0 > R seq 79
    expect CLOSED
  `,
  );

  conform(
    'another port of a host that listens is closed too [T083]',
    `
    listen
    conn b port 40001
    +0 < . seq 1 ack 5
    +0 > R seq 5
  `,
  );
});

describe('what is never answered', () => {
  conform(
    'a destination MAC of everybody [MUST-57]',
    `
    listen
    +0 < S seq 0 broadcast
    +0 < . seq 0 ack 5 broadcast
    +0 > nothing
    expect LISTEN
  `,
  );

  conform(
    'a wrong checksum [MUST-3]',
    `
    listen
    +0 < S seq 0 badsum
    +0 > nothing
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    +0 < . seq 1 ack 1
    +0 < P. seq 1 ack 1 len 10 badsum
    +0 > nothing
    no event data
  `,
  );
});

const IMPOSSIBLE = {
  4: ['127.0.0.1', '224.0.0.1', '255.255.255.255', '10.0.0.255', '0.0.0.0', '10.0.0.1'],
  6: ['::', '::1', 'ff02::1', 'fd00::1'],
};
describe('a SYN or any segment from or to an impossible address is ignored', () => {
  conform('sources [MUST-63]', async (s) => {
    for (const src of IMPOSSIBLE[s.family]) {
      await s.run`
        +0 < S seq 0 src ${src}
        +0 < . seq 0 ack 9 src ${src}
        +0 > nothing
      `;
    }
    await s.run`listen`;
    for (const src of IMPOSSIBLE[s.family]) await s.run(`+0 < S seq 0 src ${src}\n+0 > nothing`);
  });

  conform('destinations [MUST-57]', async (s) => {
    await s.run`listen`;
    const groups =
      s.family === 4 ? ['224.0.0.1', '255.255.255.255', '10.0.0.255', '10.0.0.77'] : ['ff02::1', 'fd00::77'];
    for (const dst of groups) await s.run(`+0 < S seq 0 dst ${dst}\n+0 < . seq 0 ack 9 dst ${dst}\n+0 > nothing`);
  });
});

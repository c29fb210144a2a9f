/** Where the text read literally goes wrong (transitions.tsv, kind hazard), and TIME-WAIT that a SYN ends early. */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('acknowledgments on segments that are not acceptable', () => {
  conform('simultaneous open: SYN,ACK at IRS opens; a SYN,ACK elsewhere does not [T286] [T148]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      +0 < S. seq 77 ack 1
      +0 > . seq 1 ack 1
      expect SYN_RECEIVED
      +0 < S. seq 0 ack 1
      expect ESTABLISHED
      event connect
    `;
  });

  conform('simultaneous open: SYN,ACK of something else at IRS does not open [T286]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      +0 < S. seq 0 ack 9
      expect SYN_RECEIVED
      no event connect
      +0 > S. seq 0 ack 1
    `;
  });

  conform('CLOSING: the ACK field of a FIN again is heard, and our reply has SEQ behind our FIN [T287]', async (s) => {
    await bring(s, 'CLOSING');
    await s.run`
      +0 < F. seq 1 ack 1
      +0 > . seq 2 ack 2
      +1 > F. seq 1 ack 2
      +0 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      expect TIME_WAIT
    `;
  });

  conform(
    "two sides that probe each other's closed window hear the acknowledgment [T288] [MUST-66]",
    async (s) => {
      await bring(s, 'ESTABLISHED');
      const fill = Array.from(
        { length: 10 },
        (_, n) => `+0 <${n < 9 ? '+' : ''} . seq ${1 + 1000 * n} ack 1 len 1000 win 0`,
      );
      await s.run`
      ${fill.join('\n')}
      +0 > . seq 1 ack 10001 win 0
      send 10
      +1 > . seq 1 ack 10001 len 1
      +0 < . seq 10001 ack 2 len 1 win 0
      +0 > . seq 2 ack 10001 win 0
      +0 < . seq 10001 ack 2 len 1 win 500
      +0 > P. seq 2 ack 10001 win 0 len 9
      +0 < . seq 10001 ack 11
      silence 100s
    `;
    },
    { reading: 'manual' },
  );

  conform(
    'a peer that filled our window, or probed it with one octet, acknowledges from there [T288]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      const fill = Array.from({ length: 10 }, (_, n) => `+0 <${n < 9 ? '+' : ''} . seq ${1 + 1000 * n} ack 1 len 1000`);
      await s.run`
      ${fill.join('\n')}
      +0 > . seq 1 ack 10001 win 0
      send 10
      +0 > P. seq 1 ack 10001 len 10
      +0 < . seq 10001 ack 6
      +0 < . seq 10002 ack 11
      +0 > . seq 11 ack 10001 win 0
      silence 100s
    `;
    },
    { reading: 'manual' },
  );

  conform('an old probe octet below RCV.NXT carries news too [T288]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 len 1 win 0
      +.040 > . seq 1 ack 2
      send 10
      +0 > nothing
      +.1 < . seq 1 ack 1 len 1 win 500
      +0 > P. seq 1 ack 2 len 10
    `;
  });
});

describe('the order of the checks', () => {
  conform('a duplicate is answered though it has no ACK: sequence goes before ACK [T299]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack 1 len 10
      +.040 > . seq 1 ack 11
      +0 < P seq 1 len 10
      +0 > . seq 1 ack 11
      expect ESTABLISHED
    `;
  });
});

describe('two ends must not answer each other for ever', () => {
  conform('unacceptable pure ACKs are answered once in 500 ms [T289] [UNTAGGED-34]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 20000 ack 1
      +0 > . seq 1 ack 1
      +0 < . seq -20 ack 1
      +.2 < . seq 20000 ack 1
      +.2 < . seq 20000 ack 1
      +0 > nothing
      +.2 < . seq 20000 ack 1
      +0 > . seq 1 ack 1
    `;
  });

  conform('segments with text are answered each time: a peer that repeats itself must learn [T289]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq -20 ack 1 len 10
      +0 > . seq 1 ack 1
      +0 < . seq -20 ack 1 len 10
      +0 > . seq 1 ack 1
    `;
  });

  conform('TIME-WAIT answers a FIN, never a plain ACK, which restarts nothing [T323] [T290]', async (s) => {
    await bring(s, 'TIME_WAIT');
    await s.run`
      +30 < . seq 2 ack 2
      +0 > nothing
      wait 29s
      expect TIME_WAIT
      wait 2s
      expect GONE
    `;
  });

  conform('TIME-WAIT: an unacceptable ACK gets the throttled answer and restarts nothing [T323] [T111]', async (s) => {
    await bring(s, 'TIME_WAIT');
    await s.run`
      +30 < . seq -5 ack 2
      +0 > . seq 2 ack 2
      +0 < . seq -5 ack 2
      +0 > nothing
      wait 31s
      expect GONE
    `;
  });
});

describe('bursts', () => {
  conform('a segment behind the one that ended the connection finds no connection [T300]', async (s) => {
    await bring(s, 'ESTABLISHED', 'active');
    await s.run`
      +0 <+ R seq 1
      +0 < P. seq 1 ack 50 len 10
      +0 > R seq 50
      event closed ECONNRESET
      no event data
    `;
  });

  conform(
    'a whole connection in one burst [T300] [T297]',
    `
    listen
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    +0 <+ . seq 1 ack 1
    +0 <+ P. seq 1 ack 1 len 10
    +0 < F. seq 11 ack 1
    +0 > . seq 1 ack 12
    event accept
    event data 10
    event end
    expect CLOSE_WAIT
  `,
  );

  conform(
    'SYN and what follows it in one burst belong to one child [T297] [T300]',
    `
    listen
    +0 <+ S seq 0 win 1000 <mss 1000>
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    +0 < . seq 1 ack 1
    event accept
    no event accept
  `,
  );
});

describe('listeners and children', () => {
  conform(
    'a RST ends the child it is for, no other [T296]',
    `
    listen
    conn a
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    conn b port 40001
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    +0 < R seq 1
    expect LISTEN
    conn a
    expect SYN_RECEIVED
    +0 < . seq 1 ack 1
    event accept
    conn c port 40002 peer 3
    +0 < R seq 1
    +0 < S seq 0
    +0 > S. seq 0 ack 1
  `,
  );

  conform('text before the application accepted is not lost [T297]', async (s) => {
    await s.run`
      option backlog 5
      listen
      +0 < S seq 0 win 1000 <mss 1000>
      +0 > S. seq 0 ack 1
      +0 < P. seq 1 ack 1 len 100
      event accept
      event data 100
      +.040 > . seq 1 ack 101
    `;
  });

  conform(
    'a full accept queue drops the SYN and never resets it [T296]',
    `
    option backlog 1
    listen
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    +0 < . seq 1 ack 1
    event accept
    conn b port 40001
    +0 < S seq 0
    +0 > nothing
    expect LISTEN
  `,
  );
});

describe('FIN that is queued only', () => {
  conform('zero window: an ACK of everything sent is no ACK of the FIN [T295]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 0
      close
      expect FIN_WAIT_1
      +0 < . seq 1 ack 1 win 0
      expect FIN_WAIT_1
      +0 < F. seq 1 ack 1 win 0
      +0 > . seq 1 ack 2
      expect CLOSING
      +0 < . seq 2 ack 1 win 100
      +0 > F. seq 1 ack 2
      +0 < . seq 2 ack 2
      expect TIME_WAIT
    `;
  });
});

describe('SYN-SENT and SYN-RECEIVED', () => {
  conform(
    'nothing we send before the SYN,ACK rides on the SYN; it follows the handshake [T324] [UNTAGGED-28]',
    async (s) => {
      await bring(s, 'SYN_SENT');
      await s.run`
      send 100
      +1 > S seq 0
      +0 < S. seq 0 ack 1 win 1000 <mss 1000>
      +0 > P. seq 1 ack 1 len 100
    `;
    },
  );

  conform('an ACK above SND.NXT draws the RST of §3.5.2, not a challenge ACK [T322]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      +0 < . seq 1 ack 2
      +0 > R seq 2
      expect SYN_RECEIVED
    `;
  });
});

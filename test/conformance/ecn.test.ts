// Explicit congestion notification: RFC 3168 for TCP, and the three bits and the option of RFC 9768.
import { describe } from 'vitest';
import { conform } from './script/index.ts';

const ON = { tcp: { ecn: 'on', sack: false, timestamps: false } } as const;
const ACCURATE = { tcp: { ecn: 'accurate', sack: false, timestamps: false } } as const;
const PLAIN = { tcp: { sack: false, timestamps: false } } as const;

/** Sequence numbers of the first window. */
const TEN = Array.from({ length: 10 }, (_, n) => 1 + n * 1000);

describe('what SYNs agree on', () => {
  conform(
    'asked and granted: text is ECN-capable, acknowledgments are not [SHLD-8] [RFC 3168 §6.1.1] [RFC 3168 §6.1.4]',
    async (s) => {
      await s.run`
        open active
        +0 > SEW seq 0 tos 0
        +0 < S.E seq 0 ack 1 win 5000 <mss 1000>
        +0 > . seq 1 ack 1 tos 0
        send 100
        +0 > P. seq 1 ack 1 len 100 tos 2
      `;
    },
    ON,
  );
  conform(
    'asked and not granted: nothing is ECN-capable [RFC 3168 §6.1.1]',
    async (s) => {
      await s.run`
        open active
        +0 > SEW seq 0
        +0 < S. seq 0 ack 1 win 5000 <mss 1000>
        +0 > . seq 1 ack 1
        send 100
        +0 > P. seq 1 ack 1 len 100 tos 0
      `;
    },
    ON,
  );
  conform(
    'a peer that sends our flags back does not know what they mean [RFC 3168 §6.1.1]',
    async (s) => {
      await s.run`
        open active
        +0 > SEW seq 0
        +0 < S.EW seq 0 ack 1 win 5000 <mss 1000>
        +0 > . seq 1 ack 1
        send 100
        +0 > P. seq 1 ack 1 len 100 tos 0
      `;
    },
    ON,
  );
  conform(
    'after two SYNs in vain a plain one: a middlebox may drop the others [RFC 3168 §6.1.1.1]',
    async (s) => {
      await s.run`
        open active
        +0 > SEW seq 0
        +1 > SEW seq 0
        +2 > S seq 0
        +0 < S.E seq 0 ack 1 win 5000 <mss 1000>
        +0 > . seq 1 ack 1
        send 100
        +0 > P. seq 1 ack 1 len 100 tos 0
      `;
    },
    ON,
  );
  conform(
    'nor is it granted after two SYN,ACKs in vain [RFC 3168 §6.1.1.1]',
    async (s) => {
      await s.run`
        listen
        < SEW seq 0 win 5000 <mss 1000>
        +0 > S.E seq 0 ack 1
        +1 > S.E seq 0 ack 1
        +2 > S. seq 0 ack 1
        < . seq 1 ack 1 win 5000
        send 100
        +0 > P. seq 1 ack 1 len 100 tos 0
      `;
    },
    ON,
  );
  conform(
    'a peer that asks is granted it; one that does not is not [RFC 3168 §6.1.1]',
    async (s) => {
      await s.run`
        listen
        < SEW seq 0 win 5000 <mss 1000>
        +0 > S.E seq 0 ack 1 tos 0
        < . seq 1 ack 1 win 5000
        send 100
        +0 > P. seq 1 ack 1 len 100 tos 2
        conn b port 40001
        < S seq 0 win 5000 <mss 1000>
        +0 > S. seq 0 ack 1
        < . seq 1 ack 1 win 5000
        send 100
        +0 > P. seq 1 ack 1 len 100 tos 0
      `;
    },
    PLAIN,
  );
});

describe('classic feedback', () => {
  const open = 'listen\n< SEW seq 0 win 60000 <mss 1000>\n+0 > S.E seq 0 ack 1\n< . seq 1 ack 1 win 60000';
  conform(
    'CE is echoed until CWR comes [RFC 3168 §6.1.3]',
    async (s) => {
      await s.run(`${open}
        < P. seq 1 ack 1 len 10 tos 3
        +.04 > .E seq 1 ack 11
        < P. seq 11 ack 1 len 10 tos 2
        +.04 > .E seq 1 ack 21
        < P.W seq 21 ack 1 len 10 tos 2
        +.04 > . seq 1 ack 31
        < P.W seq 31 ack 1 len 10 tos 3
        +.04 > .E seq 1 ack 41`);
    },
    PLAIN,
  );
  conform(
    'CE on text outside the window says nothing [RFC 3168 §6.1.5]',
    async (s) => {
      await s.run(`${open}
        < P. seq 1 ack 1 len 10 tos 2
        +.04 > . seq 1 ack 11
        < P. seq 1 ack 1 len 10 tos 3
        +0 > . seq 1 ack 11`);
    },
    PLAIN,
  );
  conform(
    'nor does CE on a segment whose ACK is not believed [RFC 5961 §5.2]',
    async (s) => {
      await s.run(`${open}
        < P. seq 1 ack 90000 len 10 tos 3
        +0 > . seq 1 ack 1
        < P. seq 1 ack 1 len 10 tos 2
        +.04 > . seq 1 ack 11`);
    },
    PLAIN,
  );
  conform(
    'ECE halves the window once per round trip, and CWR goes with the first new text [RFC 3168 §6.1.2]',
    async (s) => {
      await s.run(`${open}
        send 30000\n${TEN.map((seq) => `+0 > . seq ${seq} len 1000 tos 2`).join('\n')}
        +.1 <+ .E seq 1 ack 1001 win 60000
        < .E seq 1 ack 7001 win 60000
        +0 > .W seq 10001 len 1000 tos 2
        +0 > . seq 11001 len 1000 tos 2
        silence 10ms
        +.01 < .E seq 1 ack 8001 win 60000
        +0 > . seq 12001 len 1000 tos 2
        silence 10ms`);
    },
    PLAIN,
  );
  conform(
    'ECE with a window of one segment: the next one waits for an RTO [RFC 3168 §6.1.2-b] [RFC 9438 §4.6-b]',
    async (s) => {
      await s.run`
        open active
        +0 > SEW seq 0
        +0 < S.E seq 0 ack 1 win 5000 <mss 1000>
        +0 > . seq 1 ack 1
        send 1000
        +0 > P. seq 1 len 1000
        +.01 < .E seq 1 ack 1001 win 5000
        send 1000
        +0 > P.W seq 1001 len 1000
        +.01 < .E seq 1 ack 2001 win 5000
        send 1000
        silence 190ms
        +* > P.W seq 2001 len 1000
        +.01 < . seq 1 ack 3001 win 5000
        send 1000
        +0 > P. seq 3001 len 1000
      `;
    },
    { tcp: { ...ON.tcp, congestion: 'cubic' } },
  );
  conform(
    'ECE that the peer repeats on its own text, before CWR could reach it, holds nothing back for longer [RFC 3168 §6.1.2-a] [RFC 3168 §6.1.2-b]',
    async (s) => {
      await s.run`
        open active
        +0 > SEW seq 0
        +0 < S.E seq 0 ack 1 win 5000 <mss 1000>
        +0 > . seq 1 ack 1
        send 1000
        +0 > P. seq 1 len 1000
        +.01 < .E seq 1 ack 1001 win 5000
        send 1000
        +0 > P.W seq 1001 len 1000
        +.01 < .E seq 1 ack 2001 win 5000
        send 1000
        +.1 < P.E seq 1 ack 2001 len 10 win 5000
        +* > . seq 2001 ack 11
        +.85 < P.E seq 11 ack 2001 len 10 win 5000
        +* > P.W seq 2001 ack 21 len 1000
      `;
    },
    { tcp: { ...ON.tcp, congestion: 'cubic' } },
  );
  conform(
    'what is sent again, and window probes, are not ECN-capable [RFC 3168 §6.1.5] [RFC 3168 §6.1.6]',
    async (s) => {
      await s.run(`${open}
        send 10
        +0 > P. seq 1 len 10 tos 2
        +1 > P. seq 1 len 10 tos 0
        < . seq 1 ack 11 win 0
        send 10
        +* > . seq 11 len 1 tos 0`);
    },
    PLAIN,
  );
  conform(
    'CWR waits while the window is closed: a probe may be thrown away with it [RFC 3168 §6.1.6]',
    async (s) => {
      await s.run(`${open}
        send 2000
        +0 > . seq 1 len 1000
        +0 > P. seq 1001 len 1000
        +.05 < .E seq 1 ack 2001 win 0
        send 1000
        +* > . seq 2001 len 1 tos 0
        +.05 < . seq 1 ack 2002 win 60000
        +0 > P.W seq 2002 len 999 tos 2`);
    },
    PLAIN,
  );
});

describe('accurate feedback', () => {
  conform(
    'both ends speak it: the three bits count marks from five on [RFC 9768 §3.1.2] [RFC 9768 §3.2.2]',
    async (s) => {
      await s.run`
        open active
        +0 > SEW seq 0 reserved 1
        +0 < S.W seq 0 ack 1 win 5000 <mss 1000>
        +0 > .W seq 1 ack 1
        < P. seq 1 ack 1 len 10 tos 2 reserved 1
        send 100
        +0 > P.E seq 1 ack 11 len 100 tos 2 reserved 1
        < P. seq 11 ack 1 len 10 tos 3 reserved 1
        +0 > .W seq 101 ack 21 reserved 1
      `;
    },
    ACCURATE,
  );
  conform(
    'how the SYN,ACK arrived is said once, also when text waits that is more than a segment [RFC 9768 §3.2.2.1]',
    async (s) => {
      await s.run`
        open active
        send 3000
        +0 > SEW seq 0 reserved 1
        +0 < S.W seq 0 ack 1 win 5000 <mss 1000>
        +0 > .W seq 1 ack 1 len 1000 tos 2
        +0 > .E seq 1001 ack 1 len 1000 tos 2 reserved 1
        +0 > P.E seq 2001 ack 1 len 1000 tos 2 reserved 1
      `;
    },
    ACCURATE,
  );
  conform(
    'a peer of the older kind: classic feedback [RFC 9768 §3.1.2]',
    async (s) => {
      await s.run`
        open active
        +0 > SEW seq 0 reserved 1
        +0 < S.E seq 0 ack 1 win 5000 <mss 1000>
        +0 > . seq 1 ack 1
        < P. seq 1 ack 1 len 10 tos 3
        +.04 > .E seq 1 ack 11
      `;
    },
    ACCURATE,
  );
  conform(
    'a SYN that asks is granted it, and told how it arrived [RFC 9768 §3.1.2]',
    async (s) => {
      await s.run`
        listen
        < SEW seq 0 win 5000 reserved 1 <mss 1000>
        +0 > S.W seq 0 ack 1
        < .W seq 1 ack 1 win 5000
        send 100
        +0 > P.E seq 1 ack 1 len 100 tos 2 reserved 1
      `;
    },
    PLAIN,
  );
  conform(
    'a path that clears the bits: no more of it [RFC 9768 §3.2.2.4]',
    async (s) => {
      await s.run`
        listen
        < SEW seq 0 win 5000 reserved 1 <mss 1000>
        +0 > S.W seq 0 ack 1
        < . seq 1 ack 1 win 5000
        send 100
        +0 > P. seq 1 ack 1 len 100 tos 0
      `;
    },
    PLAIN,
  );
  conform(
    'marks reported by the peer reduce the window once per round trip [RFC 9768 §3.2.2.5]',
    async (s) => {
      await s.run(`
        listen
        < SEW seq 0 win 60000 reserved 1 <mss 1000>
        +0 > S.W seq 0 ack 1
        < .W seq 1 ack 1 win 60000
        send 30000\n${TEN.map((seq) => `+0 > .E seq ${seq} len 1000 tos 2 reserved 1`).join('\n')}
        +.1 < .W seq 1 ack 7001 win 60000 reserved 1
        +0 > .E seq 10001 len 1000 tos 2 reserved 1
        +0 > .E seq 11001 len 1000 tos 2 reserved 1
        silence 10ms
      `);
    },
    PLAIN,
  );
});

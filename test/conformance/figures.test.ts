/** The exchanges of RFC 9293 figures 6 to 13 and their kin: our stack plays A, then B. */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('opening', () => {
  conform('three-way handshake, as A [T268]', `
    open active
    expect SYN_SENT
    +0 > S seq 0 <...>
    +.01 < S. seq 0 ack 1 win 1000 <mss 1000>
    +0 > . seq 1 ack 1
    expect ESTABLISHED
    event connect
    send 10
    +0 > P. seq 1 ack 1 len 10
  `);

  conform('three-way handshake, as B; text may ride on the ACK [T268] [T297]', `
    listen
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    +.01 < P. seq 1 ack 1 len 10
    expect ESTABLISHED
    event accept
    event data 10
    +.040 > . seq 1 ack 11
  `);

  conform('simultaneous open: one connection, not two [T269] [T286] [MUST-10] [UNTAGGED-12]', `
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
  `);

  conform('simultaneous open, the peer\'s SYN,ACK lost and sent again [T269] [T286]', `
    open active
    +0 > S seq 0
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    +* > S. seq 0 ack 1
    +.1 < S. seq 0 ack 1
    expect ESTABLISHED
    silence 100s
  `);

  conform('simultaneous open with crossing SYN,ACKs: ours meets a peer that answers with a plain ACK [T269] [T286]', `
    open active
    +0 > S seq 0
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    +0 < . seq 1 ack 1
    event connect
    expect ESTABLISHED
  `);

  conform('old duplicate SYN, as B [T270]', `
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
  `);

  conform('old duplicate SYN, as A [T270]', `
    open active
    +0 > S seq 0
    +0 < S. seq 300 ack -9
    +0 > R seq -9
    expect SYN_SENT
    +0 < S. seq 0 ack 1
    +0 > . seq 1 ack 1
    expect ESTABLISHED
  `);

  conform('old SYN between two passive sockets, as B [T273]', `
    listen
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    +0 < R seq 1
    expect LISTEN
    no events
  `);

  conform('old SYN between two passive sockets, as A [T273]', `
    listen
    +0 < S. seq 0 ack 901
    +0 > R seq 901
    expect LISTEN
  `);

  conform('the SYN,ACK is lost: SYN again, SYN,ACK again [T285]', `
    listen
    +0 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    +1 > S. seq 0 ack 1
    +.2 < S seq 0 win 1000 <mss 1000>
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    +0 < . seq 1 ack 1
    event accept
  `);
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

  conform('discovered by a SYN, as A [T271]', `
    open active
    +0 > S seq 0
    +0 < . seq 300 ack -300
    +0 > R seq -300
    expect SYN_SENT
    +1 > S seq 0
    +0 < S. seq 0 ack 1
    +0 > . seq 1 ack 1
    expect ESTABLISHED
  `);

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

  conform('discovered by data, as A [T272]', `
    +0 < P. seq 300 ack 100 len 100
    +0 > R seq 100
    expect CLOSED
  `);
});

describe('closing', () => {
  conform('normal close, as A [T274]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      close
      expect FIN_WAIT_1
      +0 > F. seq 1 ack 1
      +0 < . seq 1 ack 2
      expect FIN_WAIT_2
      +1 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      expect TIME_WAIT
      silence 59.9s
      wait 200ms
      expect GONE
    `;
  });

  conform('normal close, as B [T274]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < F. seq 1 ack 1
      +0 > . seq 1 ack 2
      event end
      expect CLOSE_WAIT
      close
      expect LAST_ACK
      +0 > F. seq 1 ack 2
      +0 < . seq 2 ack 2
      event closed OK
      expect GONE
    `;
  });

  conform('closed by one FIN,ACK, as A [T275]', async (s) => {
    await bring(s, 'FIN_WAIT_1');
    await s.run`
      +0 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      expect TIME_WAIT
      event end
      event closed OK
    `;
  });

  conform('simultaneous close [T276]', async (s) => {
    await bring(s, 'FIN_WAIT_1');
    await s.run`
      +0 < F. seq 1 ack 1
      +0 > . seq 2 ack 2
      expect CLOSING
      +0 < . seq 2 ack 2
      expect TIME_WAIT
      silence 59s
      wait 2s
      expect GONE
    `;
  });

  conform('simultaneous close, one ACK lost: we sit in CLOSING [T277] [T287]', async (s) => {
    await bring(s, 'CLOSING');
    await s.run`
      +1 > F. seq 1 ack 2
      +0 < . seq 2 ack 2
      expect TIME_WAIT
      silence 59s
    `;
  });

  conform('simultaneous close, one ACK lost: we sit in TIME-WAIT [T277]', async (s) => {
    await bring(s, 'CLOSING');
    await s.run`
      +0 < . seq 2 ack 2
      expect TIME_WAIT
      +40 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      silence 59s
      expect TIME_WAIT
      wait 2s
      expect GONE
    `;
  });

  conform('half-close: we go on reading [T278]', async (s) => {
    await bring(s, 'FIN_WAIT_2');
    await s.run`
      +500 < P. seq 1 ack 2 len 1000
      event data 1000
      +.040 > . seq 2 ack 1001
      +500 < P. seq 1001 ack 2 len 1000
      event data 1000
      +.040 > . seq 2 ack 2001
      expect FIN_WAIT_2
      +0 < F. seq 2001 ack 2
      +0 > . seq 2 ack 2002
      expect TIME_WAIT
    `;
  });

  conform('half-close: we go on writing [T278]', async (s) => {
    await bring(s, 'CLOSE_WAIT');
    await s.run`
      send 1000
      +0 > P. seq 1 ack 2 len 1000
      +0 < . seq 2 ack 1001
      close
      +0 > F. seq 1001 ack 2
      +0 < . seq 2 ack 1002
      event closed OK
    `;
  });

  conform('lost last ACK: the FIN again [T279]', async (s) => {
    await bring(s, 'LAST_ACK');
    await s.run`
      +1 > F. seq 1 ack 2
      +2 > F. seq 1 ack 2
      +0 < . seq 2 ack 2
      event closed OK
    `;
  });

  conform('lost last ACK: ours [T279] [T200]', async (s) => {
    await bring(s, 'TIME_WAIT');
    await s.run`
      +1 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      +2 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      silence 59s
      expect TIME_WAIT
      wait 2s
      expect GONE
    `;
  });

  conform('an old duplicate after the close is answered, and its RST is not believed [T280] [T138]', async (s) => {
    await bring(s, 'TIME_WAIT');
    await s.run`
      +1 < P. seq -500 ack 1 len 100
      +0 > . seq 2 ack 2
      +0 < R seq 2
      expect TIME_WAIT
      open active -> EADDRINUSE
    `;
  });

  conform('lost FIN: again with backoff, given up with ETIMEDOUT [T281]', async (s) => {
    await s.run`option dataRetries 4`;
    await bring(s, 'ESTABLISHED');
    await s.run`
      close
      +0 > F. seq 1 ack 1
      +1 > F. seq 1 ack 1
      +2 > F. seq 1 ack 1
      +4 > F. seq 1 ack 1
      +8 > F. seq 1 ack 1
      wait 17s
      event closed ETIMEDOUT
      expect GONE
    `;
  });

  conform('close in SYN-RECEIVED with nothing pending: FIN at once [T282]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      close
      expect FIN_WAIT_1
      +0 > F. seq 1 ack 1
      +0 < . seq 1 ack 1
      event connect
      expect FIN_WAIT_1
      +3 > F. seq 1 ack 1 // RFC 6298 (5.7)
      +0 < . seq 1 ack 2
      expect FIN_WAIT_2
      +0 < P. seq 1 ack 2 len 10
      +.040 > . seq 2 ack 11
    `;
  });

  conform('close in SYN-RECEIVED, our SYN,ACK lost [T282] [T298]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      close
      +0 > F. seq 1 ack 1
      +* > S. seq 0 ack 1
      +0 > F. seq 1 ack 1
      +0 < . seq 1 ack 2
      event connect
      expect FIN_WAIT_2
      +0 < P. seq 1 ack 2 len 10
      +.040 > . seq 2 ack 11
      +0 < F. seq 11 ack 2
      +0 > . seq 2 ack 12
      expect TIME_WAIT
    `;
  });

  conform('closed with a zero window: FIN-WAIT-1 at once, probes, then text and FIN [T283]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 0
      send 500
      close
      expect FIN_WAIT_1
      +1 > . seq 1 ack 1 len 1
      +0 < . seq 1 ack 1 win 0
      +2 > P. seq 1 ack 1 len 1
      +0 < . seq 1 ack 1 win 0
      +1 < . seq 1 ack 2 win 5000
      +0 > FP. seq 2 ack 1 len 499
      +0 < . seq 1 ack 502
      expect FIN_WAIT_2
    `;
  });

  conform('destroyed with unread text: RST [T284] [SHLD-3]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack 1 len 100
      +.040 > . seq 1 ack 101
      giveup
      +0 > R. seq 1 ack 101
      event closed ECONNABORTED
      expect GONE
    `;
  }, { reading: 'manual' });

  conform('the peer\'s RST is an error, not an end [T284] [MUST-12]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < R. seq 1 ack 1
      no event end
      event closed ECONNRESET
    `;
  });
});

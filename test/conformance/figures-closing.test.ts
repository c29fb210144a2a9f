/** Closing: the exchanges of RFC 9293 figures 12 and 13, §3.6 and §3.10.8; our stack plays A, then B. */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

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

  conform('simultaneous close with text of both sides under way [T276] [T197]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 100
      close
      +0 > P. seq 1 ack 1 len 100
      +0 > F. seq 101 ack 1
      +0 < FP. seq 1 ack 1 len 50
      event data 50
      event end
      +0 > . seq 102 ack 52
      expect CLOSING
      +.1 < . seq 52 ack 41
      expect CLOSING
      +* > . seq 41 ack 52 len 60
      +0 > F. seq 101 ack 52
      +0 < . seq 52 ack 101
      expect CLOSING
      +0 < . seq 52 ack 102
      expect TIME_WAIT
      silence 59s
    `;
  });

  conform('FIN with text, acknowledged in parts [T194] [T199] [T198]', async (s) => {
    await bring(s, 'CLOSE_WAIT');
    await s.run`
      +0 < . seq 2 ack 1 win 0
      send 100
      close
      +.1 < . seq 2 ack 1 win 1000
      +0 > FP. seq 1 ack 2 len 100
      +.1 < . seq 2 ack 51
      expect LAST_ACK
      +* > FP. seq 51 ack 2 len 50
      +.1 < . seq 2 ack 101
      expect LAST_ACK
      +* > F. seq 101 ack 2
      +.1 < . seq 2 ack 102
      event closed OK
      silence 100s
    `;
  });

  conform('the window has room for the text and none for the FIN [T283] [T194]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 100
      send 100
      close
      expect FIN_WAIT_1
      +0 > P. seq 1 ack 1 len 100
      +.1 < . seq 1 ack 101 win 0
      expect FIN_WAIT_1
      +* > F. seq 101 ack 1 // as a probe
      +.1 < . seq 1 ack 101 win 0
      +* > F. seq 101 ack 1
      +.1 < . seq 1 ack 102 win 0
      expect FIN_WAIT_2
      silence 100s
    `;
  });

  conform('half-close: we go on reading [T278]', async (s) => {
    await bring(s, 'FIN_WAIT_2');
    await s.run`
      +500 < P. seq 1 ack 2 len 1000
      event data 1000
      +0 > . seq 2 ack 1001
      +500 < P. seq 1001 ack 2 len 1000
      event data 1000
      +0 > . seq 2 ack 2001
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

  conform('close in SYN-RECEIVED: no text before our SYN is acknowledged [T282] [UNTAGGED-3]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      close
      +0 > F. seq 1 ack 1
      +0 < P. seq 1 ack 0 len 10
      no events
      +0 > . seq 2 ack 1
      +0 < P. seq 1 ack 1 len 10
      event connect
      event data 10
      +.040 > . seq 2 ack 11
    `;
  });

  conform('close in SYN-RECEIVED: text and FIN of its SYN wait for the ACK of ours [T282] [UNTAGGED-3]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < SF seq 0 len 12
      +0 > S. seq 0
      close
      +0 > F. seq 1
      no event data
      +0 < . seq 14 ack 1
      event connect
      event data 12
      event end
      +0 > . seq 2 ack 14
      expect CLOSING
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

  conform(
    'destroyed with unread text: RST [T284] [SHLD-3]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      +0 < P. seq 1 ack 1 len 100
      +.040 > . seq 1 ack 101
      giveup
      +0 > R. seq 1 ack 101
      event closed ECONNABORTED
      expect GONE
    `;
    },
    { reading: 'manual' },
  );

  conform("the peer's RST is an error, not an end [T284] [MUST-12]", async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < R. seq 1 ack 1
      no event end
      event closed ECONNRESET
    `;
  });
});

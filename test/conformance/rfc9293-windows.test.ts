/** RFC 9293 §3.8.6: windows that shrink and close, as the sender sees them and as the receiver keeps them. */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('the peer takes its window back', () => {
  conform('no new text beyond the edge, no stall once it opens [MUST-34] [SHLD-15]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 5000
      send 10000
      +0 > . seq 1 ack 1 len 1000
      +0 > . seq 1001 ack 1 len 1000
      +0 > . seq 2001 ack 1 len 1000
      +0 > . seq 3001 ack 1 len 1000
      +0 > . seq 4001 ack 1 len 1000
      +.1 < . seq 1 ack 2001 win 1000
      +0 > nothing
      +0 < . seq 1 ack 5001 win 1000
      +0 > . seq 5001 ack 1 len 1000
      +0 < . seq 1 ack 6001 win 30000
      +0 > . seq 6001 ack 1 len 1000
      +0 > . seq 7001 ack 1 len 1000
      +0 > . seq 8001 ack 1 len 1000
      +0 > P. seq 9001 ack 1 len 1000
    `;
  });

  conform(
    'an old segment that the network repeats does not, whatever window it has: SND.WL1 knows a later one [RFC 9293 §3.10.7.4]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +0 < P. seq 1 ack 1 win 0 len 10
        +* > . seq 1 ack 11
        +.1 < . seq 11 ack 1 win 5000
        +.1 < P. seq 1 ack 1 win 0 len 10
        +0 > . seq 1 ack 11
        send 100
        +0 > P. seq 1 ack 11 len 100
      `;
    },
  );

  conform(
    'but one that opens it is believed, and so is what acknowledges more: the peer may count from behind [UNTAGGED-12]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +0 < P. seq 1 ack 1 len 10
        +* > . seq 1 ack 11
        +.1 < . seq 11 ack 1 win 0
        send 100
        +.1 < P. seq 1 ack 1 win 5000 len 10
        +0 > P. seq 1 ack 11 len 100
        +0 < P. seq 1 ack 101 win 0 len 10
        +0 > . seq 101 ack 11
        send 100
        +0 > nothing
      `;
    },
  );

  conform('what is in flight is sent again within the edge, and not beyond it [SHLD-16] [MAY-7]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 3000
      +0 > . seq 1 ack 1 len 1000
      +0 > . seq 1001 ack 1 len 1000
      +0 > P. seq 2001 ack 1 len 1000
      +.1 < . seq 1 ack 1 win 1500
      +.9 > . seq 1 ack 1 len 1000
      +.1 < . seq 1 ack 1001 win 500
      +0 > . seq 1001 ack 1 len 500
      +.1 < . seq 1 ack 1501 win 0
      +0 > nothing
    `;
  });

  conform('to nothing, with text in flight: it is probed [MUST-35]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 1000
      +0 > P. seq 1 ack 1 len 1000
      +.1 < . seq 1 ack 1 win 0
      +.9 > P. seq 1 ack 1 len 1
      +.1 < . seq 1 ack 1 win 0
      +1.9 > P. seq 1 ack 1 len 1
      +.1 < . seq 1 ack 2 win 5000
      +0 > P. seq 2 ack 1 len 999
    `;
  });

  conform(
    'text beyond the edge does not time the connection out while the peer answers [SHLD-17] [MUST-37]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run('send 1000\n+0 > P. seq 1 ack 1 len 1000\n+.1 < . seq 1 ack 1 win 0\n+.9 > P. seq 1 ack 1 len 1');
      for (const wait of [1.99, 3.99, 7.99, 15.99, 31.99, 59.99, 59.99, 59.99]) {
        await s.run(`+.01 < . seq 1 ack 1 win 0\n+${wait} > P. seq 1 ack 1 len 1`);
      }
      await s.run('expect ESTABLISHED\n+0 < . seq 1 ack 1001 win 5000\nsilence 100s');
    },
    { tcp: { dataRetries: 3 } },
  );
});

describe('the peer closes its window', () => {
  conform('first probe after one RTO, then twice as long each time [SHLD-29] [SHLD-30] [MUST-36]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 0
      send 100
      silence 999ms
      +.001 > . seq 1 ack 1 len 1
      +0 < . seq 1 ack 1 win 0
      silence 1.99s
      +.01 > P. seq 1 ack 1 len 1
      +0 < . seq 1 ack 1 win 0
      silence 3.98s
      +.02 > P. seq 1 ack 1 len 1
    `;
  });
});

describe('the peer takes the octets of probes, and keeps its window closed', () => {
  conform('the interval grows all the same, and goes back when the window opens [SHLD-30]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 0
      send 3000
      silence 999ms
      +.001 > . seq 1 ack 1 len 1
      +.01 < . seq 1 ack 2 win 0
      silence 1.98s
      +.01 > . seq 2 ack 1 len 1
      +.01 < . seq 1 ack 3 win 0
      silence 3.97s
      +.02 > . seq 3 ack 1 len 1
      +.01 < . seq 1 ack 4 win 1000
      +0 > . seq 4 ack 1 len 1000
      silence 999ms
      +.001 > P. seq 4 ack 1 len 1000
    `;
  });
});

describe('we close ours', () => {
  conform(
    'for as long as the application likes; each segment is answered with RCV.NXT and window 0 [MAY-8] [UNTAGGED-22]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +0 < . seq 1 ack 1 len 5000
        +0 > . seq 1 ack 5001 win 5000
        +0 < P. seq 5001 ack 1 len 5000
        +0 > . seq 1 ack 10001 win 0
        +600 < . seq 10001 ack 1 len 1
        +0 > . seq 1 ack 10001 win 0
        +600 < . seq 10001 ack 1 len 1
        +0 > . seq 1 ack 10001 win 0
        expect ESTABLISHED
        read 10000
        +0 > . seq 1 ack 10001 win 10000
      `;
    },
    { reading: 'manual' },
  );

  conform(
    'an urgent pointer is heard through a closed window, and a RST at RCV.NXT [MUST-66]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +0 < . seq 1 ack 1 len 5000
        +0 > . seq 1 ack 5001
        +0 < P. seq 5001 ack 1 len 5000
        +0 > . seq 1 ack 10001 win 0
        +0 < U. seq 10001 ack 1 urg 5
        event urgent ahead
        +0 < R seq 10001
        event closed ECONNRESET
      `;
    },
    { reading: 'manual' },
  );
});

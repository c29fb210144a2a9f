// When delaying an acknowledgment would cost the peer a round trip: after a loss, and after a silence.
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('acknowledgments that do not wait', () => {
  conform('usually one segment alone is acknowledged within the delay [SHLD-18]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack 1 len 10
      silence 39ms
      +.001 > . seq 1 ack 11
    `;
  });
  conform('after a hole every segment is, for sixteen of them [RFC 5681 §4.2]', async (s) => {
    await bring(s, 'ESTABLISHED');
    const later = Array.from(
      { length: 16 },
      (_, n) => `+.01 < P. seq ${21 + n} ack 1 len 1\n+0 > . seq 1 ack ${22 + n}`,
    );
    await s.run(`
      +0 < P. seq 11 ack 1 len 10
      +0 > . seq 1 ack 1
      +.01 < P. seq 1 ack 1 len 10
      +0 > . seq 1 ack 21
      ${later.join('\n')}
      +.01 < P. seq 37 ack 1 len 1
      silence 39ms
      +.001 > . seq 1 ack 38`);
  });
  conform('after a silence of more than an RTO, too', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack 1 len 10
      +.04 > . seq 1 ack 11
      +10 < P. seq 11 ack 1 len 10
      +0 > . seq 1 ack 21
    `;
  });
});

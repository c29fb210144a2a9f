/** Timers at their edges: places where a small change of the code once went unnoticed (docs/mutation.md). */
import { describe } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('keep-alive', () => {
  conform('idle is reckoned from what was heard last, not from the call [MUST-24] [MUST-27]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      wait 4s
      keepalive 10000 1000 2
      +6 > . seq 0 ack 1 len 0
      +.5 < . seq 1 ack 1
      +10 > . seq 0 ack 1 len 0
    `;
  });

  conform('with text outstanding there are no probes; after it they begin anew [MUST-26]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      keepalive 3000 1000 2
      +3 > . seq 0 ack 1 len 0
      send 10
      +0 > P. seq 1 ack 1 len 10
      +1 > P. seq 1 ack 1 len 10
      +2 > P. seq 1 ack 1 len 10
      +3.9 < . seq 1 ack 11
      +3 > . seq 10 ack 1 len 0
      +1 > . seq 10 ack 1 len 0
      silence 900ms
      expect ESTABLISHED
      +.1 > R. seq 11 ack 1
    `;
  });
});

describe('the user timeout', () => {
  conform('says nothing while nothing is outstanding, when it is set and when it is over [MUST-21]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      usertimeout 2000
      silence 10s
      send 10
      +0 > P. seq 1 ack 1 len 10
      +.5 < . seq 1 ack 11
      silence 10s
      expect ESTABLISHED
    `;
  });

  conform('is taken away at any time [MUST-21]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      usertimeout 5000
      send 10
      +0 > P. seq 1 ack 1 len 10
      +1 > P. seq 1 ack 1 len 10
      usertimeout 0
      +2 > P. seq 1 ack 1 len 10
      +4 > P. seq 1 ack 1 len 10
      +.1 < . seq 1 ack 11
      expect ESTABLISHED
    `;
  });

  conform(
    'counts from the oldest that is outstanding, not from what was sent last [MUST-21]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        nodelay on
        send 10
        +0 > P. seq 1 ack 1 len 10
        +1 > P. seq 1 ack 1 len 10
        +2 > P. seq 1 ack 1 len 10
        +1.5 < . seq 1 ack 1
        send 10
        +0 > P. seq 11 ack 1 len 10
        wait 400ms
        no event closed
        wait 200ms
        event closed ETIMEDOUT
      `;
    },
    { tcp: { userTimeout: 5000 } },
  );
});

/** RFC 9293 §3.10.7.4, eighth: FIN. */
import { describe } from 'vitest';
import { bring, conform, conformOnce } from './script/index.ts';
import { forEachState } from './states.ts';

describe('states without a valid SEQ', () => {
  conformOnce(
    'CLOSED: reset or dropped before step 8 [T220]',
    `
    +0 < F. seq 5 ack 9
    +0 > R seq 9
    +0 < FR seq 5
    +0 > nothing
    expect CLOSED
  `,
  );

  conformOnce('LISTEN: step 8 is never reached [T221]', async (s) => {
    await bring(s, 'LISTEN');
    await s.run`
      +0 < F. seq 5 ack 9
      +0 > R seq 9
      +0 < F seq 5
      +0 > nothing
      expect LISTEN
    `;
  });

  conformOnce('SYN-SENT: dropped without SYN [T222]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < F. seq 5 ack 1
      +0 < F seq 5
      +0 > nothing
      expect SYN_SENT
    `;
  });
});

describe('the first FIN', () => {
  conform('SYN-RECEIVED, made ESTABLISHED by its ACK: CLOSE-WAIT [T223]', async (s) => {
    await bring(s, 'SYN_RECEIVED');
    await s.run`
      +0 < F. seq 1 ack 1 len 10
      event accept
      event data 10
      event end
      +0 > . seq 1 ack 12
      expect CLOSE_WAIT
    `;
  });

  conform(
    'ESTABLISHED: end of text is told, RCV.NXT moves over it, CLOSE-WAIT [T224] [UNTAGGED-27] [MUST-12]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      +0 < F. seq 1 ack 1 len 10
      event data 10
      event end
      no event closed
      +0 > . seq 1 ack 12
      expect CLOSE_WAIT
    `;
    },
  );

  conform('ESTABLISHED: ahead of a hole it is remembered only [T224]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < F. seq 101 ack 1 len 10
      +0 > . seq 1 ack 1
      no event end
      expect ESTABLISHED
      +0 < . seq 1 ack 1 len 100
      +0 > . seq 1 ack 112
      event data 100
      event data 10
      event end
      expect CLOSE_WAIT
    `;
  });

  conform('a bare FIN ahead of a hole is remembered too [T224]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < F. seq 101 ack 1
      +0 > . seq 1 ack 1
      expect ESTABLISHED
      +0 < . seq 1 ack 1 len 100
      +0 > . seq 1 ack 102
      event data 100
      event end
      expect CLOSE_WAIT
    `;
  });

  conform('FIN-WAIT-1, our FIN acknowledged by it: TIME-WAIT [T225] [T275]', async (s) => {
    await bring(s, 'FIN_WAIT_1');
    await s.run`
      +0 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      event end
      event closed OK
      expect TIME_WAIT
      silence 59s
      wait 2s
      expect GONE
    `;
  });

  conform('FIN-WAIT-1, our FIN not acknowledged: CLOSING [T226]', async (s) => {
    await bring(s, 'FIN_WAIT_1');
    await s.run`
      +0 < F. seq 1 ack 1
      +0 > . seq 2 ack 2
      event end
      no event closed
      expect CLOSING
    `;
  });

  conform('FIN-WAIT-2: TIME-WAIT, for 2MSL, and every other timer stops [T227] [MUST-13]', async (s) => {
    await bring(s, 'FIN_WAIT_2');
    await s.run`
      +0 < F. seq 1 ack 2 len 10
      event data 10
      event end
      event closed OK
      +0 > . seq 2 ack 12
      expect TIME_WAIT
      silence 59.9s
      expect TIME_WAIT
      silence 200ms
      expect GONE
    `;
  });

  conform('MSL of two minutes: TIME-WAIT lasts four [T227] [MUST-13] [UNTAGGED-18]', async (s) => {
    await s.run`option msl 120000`;
    await bring(s, 'FIN_WAIT_2');
    await s.run`
      +0 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      silence 239.9s
      expect TIME_WAIT
      silence 200ms
      expect GONE
    `;
  });
});

describe('a FIN again', () => {
  forEachState(
    { CLOSE_WAIT: 'T228', CLOSING: 'T229', LAST_ACK: 'T230' },
    'acknowledged; RCV.NXT moves once only',
    async (s, { una, snd }, state) => {
      await s.run`
        +0 < F. seq 1 ack ${una}
        +0 > . seq ${snd} ack 2
        +0 < F. seq 2 ack ${una}
        +0 > ${state === 'CLOSING' ? 'nothing' : `. seq ${snd} ack 2`} // CLOSING drops what acknowledges nothing in step 5 (T197)
        expect ${state}
        no events
      `;
    },
  );

  forEachState({ TIME_WAIT: 'T231' }, 'acknowledged, 2MSL begins again', async (s) => {
    await s.run`
      +40 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      silence 59s
      expect TIME_WAIT
      wait 2s
      expect GONE
    `;
  });
});

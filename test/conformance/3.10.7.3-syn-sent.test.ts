/** RFC 9293 §3.10.7.3: SYN-SENT. ACK is judged before RST, RST before SYN. */
import { describe, expect } from 'vitest';
import { bring, type CoreBackend, conform } from './script/index.ts';

describe('SYN-SENT, SEGMENT: first ACK', () => {
  // A script each: the kernel sends its SYN again 2 jiffies after the first of them.
  for (const [came, answer] of [
    ['S. seq 300 ack 0', 'R seq 0'],
    ['S. seq 300 ack 2', 'R seq 2'],
    ['. seq 300 ack -9', 'R seq -9'],
    ['F. seq 300 ack 50', 'R seq 50'],
  ] as const) {
    conform(`ACK =< ISS or > SND.NXT draws <SEQ=SEG.ACK><RST>: ${came} [T003] [T089] [UNTAGGED-33]`, async (s) => {
      await bring(s, 'SYN_SENT');
      await s.run`
        +0 < ${came}
        +0 > ${answer}
        expect SYN_SENT
        no events
      `;
    });
    // The kernel sends its SYN again a moment after such an ACK, so this is for our core.
    conform(`and the connection opens all the same: ${came} [T003] [T089] [UNTAGGED-33]`, async (s) => {
      await bring(s, 'SYN_SENT');
      await s.run`
        +0 < ${came}
        +0 > ${answer}
      `;
      expect((s.backend as CoreBackend).core.connections).toBe(1);
      await s.run`
        +0 < S. seq 0 ack 1
        +0 > . seq 1 ack 1
      `;
    });
  }

  conform('with RST it is dropped [T003] [T090]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < R. seq 0 ack 0
      +0 < R. seq 0 ack 2
      +0 > nothing
      expect SYN_SENT
      no events
    `;
  });
});

describe('SYN-SENT, SEGMENT: second RST', () => {
  conform('with an acceptable ACK: reset, seen as refused [T003] [T091]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < R. seq 0 ack 1
      +0 > nothing
      event closed ECONNREFUSED
      expect CLOSED
    `;
  });

  conform('the sequence number of that RST does not matter [T091] [T292]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < R. seq 123456 ack 1
      event closed ECONNREFUSED
    `;
  });

  conform('without ACK it is dropped [T092]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < R seq 0
      +0 < SR seq 0
      +0 > nothing
      expect SYN_SENT
      no events
    `;
  });
});

describe('SYN-SENT, SEGMENT: fourth SYN', () => {
  conform('SYN,ACK: ESTABLISHED, acknowledged at once [T003] [T093]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < S. seq 0 ack 1 win 1000 <mss 1000>
      +0 > . seq 1 ack 1
      event connect
      expect ESTABLISHED
    `;
  });

  conform('queued text rides on the ACK, within the window of the SYN,ACK [T026] [T093] [T324]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      send 300
      +0 > nothing
      +0 < S. seq 0 ack 1 win 200 <mss 200>
      +0 > . seq 1 ack 1 len 200
      +0 < . seq 1 ack 201 win 200
      +0 > P. seq 201 ack 1 len 100
    `;
  });

  conform('the window of a SYN,ACK is never scaled [T093]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      send 1000
      +0 < S. seq 0 ack 1 win 100 <mss 1000, ws 7>
      +0 > . seq 1 ack 1 len 100
      +.01 < . seq 1 ack 101 win 8
      +0 > P. seq 101 ack 1 len 900
    `;
  });

  conform('text on the SYN,ACK goes on at step 6 [T093]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < S. seq 0 ack 1 len 30
      +0 > . seq 1 ack 31
      event connect
      event data 30
    `;
  });

  conform('SYN,ACK,FIN: CLOSE-WAIT [T094] [T222]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < SF. seq 0 ack 1 len 5
      +0 > . seq 1 ack 7
      event connect
      event data 5
      event end
      expect CLOSE_WAIT
    `;
  });

  conform('SYN without ACK: simultaneous open [T003] [T095] [MUST-10]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < S seq 0 win 1000 <mss 1000>
      +0 > S. seq 0 ack 1
      expect SYN_RECEIVED
      no events
      +0 < . seq 1 ack 1
      event connect
      expect ESTABLISHED
      send 10
      +0 > P. seq 1 ack 1 len 10
    `;
  });

  conform('its text waits for ESTABLISHED [T095] [UNTAGGED-3]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < S seq 0 len 12
      +0 > S. seq 0
      no event data
      +0 < . seq 13 ack 1
      event connect
      event data 12
      +.040 > . seq 1 ack 13
    `;
  });

  conform('the SYN is not sent again, the SYN,ACK is [T095]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +.5 < S seq 0
      +0 > S. seq 0 ack 1
      +* > S. seq 0 ack 1
    `;
  });
});

describe('SYN-SENT, SEGMENT: fifth', () => {
  conform('neither SYN nor RST: dropped, a FIN too [T003] [T096] [T222]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run`
      +0 < . seq 0 ack 1
      +0 < F seq 0
      +0 < F. seq 0 ack 1
      +0 < P. seq 0 ack 1 len 5
      +0 < - seq 0 len 5
      +0 > nothing
      expect SYN_SENT
      no events
    `;
  });
});

// TIME_WAIT below an entry of the SYN queue (ADR 26).
import { describe, expect } from 'vitest';
import { bring, type CoreBackend, conform, type Script } from './script/index.ts';

const counters = (s: Script) => (s.backend as CoreBackend).core.counters;

describe('a SYN that reopens TIME_WAIT', () => {
  conform('was an old duplicate: the RST brings TIME_WAIT back, as it was [MAY-2]', async (s) => {
    await bring(s, 'TIME_WAIT', 'passive', 'mss 1000');
    await s.run`
      +0 < S seq 5000 win 1000 <mss 1000>
      +0 > S. ack 5001
      expect SYN_RECEIVED
      +0 < R seq 5001
      expect TIME_WAIT
      +0 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      expect TIME_WAIT
      wait 61s
      expect LISTEN
    `;
    expect(counters(s).timeWaitReused).toBe(0);
  });

  conform('was meant: with the third ACK the record goes [MAY-2]', async (s) => {
    await bring(s, 'TIME_WAIT', 'passive', 'mss 1000');
    await s.run('+0 < S seq 5000 win 1000 <mss 1000>\n+0 > S. ack 5001\nexpect SYN_RECEIVED');
    const { core } = s.backend as CoreBackend;
    expect([core.timeWaits, core.halfOpens, counters(s).timeWaitReused]).toEqual([1, 1, 0]);
  });
});

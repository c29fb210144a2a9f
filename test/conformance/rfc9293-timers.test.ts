/** RFC 9293 §3.8.1 to 3.8.4: the retransmission timeout, how long we try, keep-alive. Defaults are those users get. */
import { describe, expect, test } from 'vitest';
import { KEEP_ALIVE } from '../../src/shell/connect.ts';
import { tcpDefaults } from '../../src/shell/options/tcp.ts';
import { bring, type CoreBackend, conform, conformOnce, type Script } from './script/index.ts';

const RETRIES = { tcp: { synRetries: tcpDefaults.synRetries, dataRetries: tcpDefaults.dataRetries } };

describe('RTO', () => {
  conform('nothing is measured on what was sent twice [MUST-18] [RFC 6298 §3-a]', async (s) => {
    await bring(s, 'ESTABLISHED');
    const before = info(s).srttUs;
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10
      +1 > P. seq 1 ack 1 len 10
      +.3 < . seq 1 ack 11
    `;
    expect(info(s).srttUs).toBe(before);
    await s.run('send 10\n+0 > P. seq 11 ack 1 len 10\n+.4 < . seq 1 ack 21');
    expect(info(s).srttUs).toBeGreaterThan(before);
  });

  conform(
    'backed off, it stays so until something is acknowledged that was sent once [UNTAGGED-21] [MUST-18]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10
      +1 > P. seq 1 ack 1 len 10
      +2 > P. seq 1 ack 1 len 10
      +.3 < . seq 1 ack 11
      send 10
      +0 > P. seq 11 ack 1 len 10
      +4 > P. seq 11 ack 1 len 10
      +.3 < . seq 1 ack 21
      send 10
      +0 > P. seq 21 ack 1 len 10
      +.3 < . seq 1 ack 31
      send 10
      +0 > P. seq 31 ack 1 len 10
    `;
      expect(info(s).rtoMs).toBeLessThan(2000);
    },
  );
});

describe('R1 and R2', () => {
  conform(
    'a SYN nobody answers is tried for three minutes, then reported [MUST-22] [MUST-23]',
    async (s) => {
      const from = s.backend.now();
      await s.run('open active\n+0 > S seq 0');
      for (let n = 0; n < tcpDefaults.synRetries; n++) await s.run('+* > S seq 0');
      await s.run('no event closed\nwait 60s\nevent closed ETIMEDOUT\nexpect CLOSED');
      expect((s.backend.now() - from) / 1e6).toBeGreaterThanOrEqual(180);
    },
    RETRIES,
  );

  conform(
    'text nobody acknowledges is tried for 100 seconds at the least [SHLD-11] [MUST-20]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      const from = s.backend.now();
      await s.run('send 10\n+0 > P. seq 1 len 10');
      for (let n = 0; n < tcpDefaults.dataRetries; n++) await s.run('+* > P. seq 1 len 10');
      expect((s.backend.now() - from) / 1e6).toBeGreaterThanOrEqual(100);
      await s.run('expect ESTABLISHED');
    },
    RETRIES,
  );

  conform('a user timeout ends it sooner, and may be changed while it runs [MUST-21] [UNTAGGED-24]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      usertimeout 300000
      send 10
      +0 > P. seq 1 len 10
      +1 > P. seq 1 len 10
      usertimeout 2000
      silence 900ms
      no event closed
      silence 200ms
      event closed ETIMEDOUT
    `;
  });

  conform(
    'CLOSE sends what is queued; with a silent peer the user timeout aborts it [UNTAGGED-25]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +0 < . seq 1 ack 1 win 1000
        send 1500
        +0 > . seq 1 len 1000
        close
        +1 > P. seq 1 len 1000
        +2 > P. seq 1 len 1000
        silence 1.9s
        expect FIN_WAIT_1
        silence 200ms
        expect GONE
      `;
      expect(s.takeEvents()).toContain('closed ETIMEDOUT');
    },
    { tcp: { userTimeout: 5000 } },
  );
});

describe('keep-alive', () => {
  test('two hours of idleness before the first probe, unless told otherwise [MUST-28]', () => {
    expect(KEEP_ALIVE.idle).toBeGreaterThanOrEqual(7_200_000);
  });

  conform('turned on, set and turned off at any time [MUST-24] [MUST-27] [MAY-5]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      keepalive 20000 3000 5
      +20 > . seq 0 ack 1 len 0
      +3 > . seq 0 ack 1 len 0
      keepalive off
      silence 7200s
      keepalive 10000 1000 2
      +0 < P. seq 1 ack 1 len 1
      +0 > . seq 1 ack 2
      +10 > . seq 0 ack 2 len 0
    `;
  });

  conform('not while something is outstanding, whichever way traffic goes it is put off [MUST-26]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      keepalive 10000 1000 2
      +6 < P. seq 1 ack 1 len 10
      +0 > . seq 1 ack 11
      silence 9.9s
      +.1 > . seq 0 ack 11 len 0
      +0 < . seq 11 ack 1
      +9 < . seq 11 ack 1
      send 10
      +0 > P. seq 1 ack 11 len 10
      +1 > P. seq 1 ack 11 len 10
      +2 > P. seq 1 ack 11 len 10
    `;
  });

  // 32 bits of milliseconds are 49 days: after 25 signed arithmetic would take the past for the future.
  for (const days of [20, 26, 40]) {
    conformOnce(
      `turned on after ${days} days of silence it asks at once, and gives up [MUST-24] [MUST-29]`,
      async (s) => {
        await bring(s, 'ESTABLISHED');
        await s.run`
        silence ${days * 86_400}s
        keepalive 10000 1000 2
        +.001 > . seq 0 ack 1 len 0
        +1 > . seq 0 ack 1 len 0
        +1 > R. seq 1 ack 1
        event closed ETIMEDOUT
      `;
      },
    );
  }

  conform('one probe that is lost ends nothing [MUST-29]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      keepalive 10000 1000 1
      +10 > . seq 0 ack 1 len 0
      silence 900ms
      expect ESTABLISHED
      +.05 < . seq 1 ack 1
      +10 > . seq 0 ack 1 len 0
    `;
  });
});

function info(s: Script) {
  return (s.backend as CoreBackend).core.info(65);
}

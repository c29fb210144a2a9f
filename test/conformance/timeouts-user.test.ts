// USER TIMEOUT (§3.10.8), orphans, keep-alive (§3.8.4), ICMP errors (§3.9.2.2), in every state.
import { describe, expect } from 'vitest';
import { SCRATCH_ROWS } from '../../src/core/tcp/rows.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { bring, type CoreBackend, conform, conformOnce, type Script, type StateName } from './script/index.ts';

describe('USER TIMEOUT', () => {
  const FIVE = { tcp: { userTimeout: 5000 } };
  const rows: readonly (readonly [StateName, string, string, string])[] = [
    ['SYN_SENT', 'T233', '', 'S seq 0'],
    ['ESTABLISHED', 'T235', 'send 10\n+0 > P. seq 1 len 10', 'P. seq 1 len 10'],
    ['FIN_WAIT_1', 'T236', '', 'F. seq 1 ack 1'],
    ['CLOSE_WAIT', 'T238', 'send 10\n+0 > P. seq 1 len 10', 'P. seq 1 len 10'],
    ['CLOSING', 'T239', '', 'F. seq 1 ack 2'],
    ['LAST_ACK', 'T240', '', 'F. seq 1 ack 2'],
  ];
  for (const [state, id, first, again] of rows) {
    conform(
      `${state}: aborted, ETIMEDOUT, the TCB goes [${id}] [MUST-21]`,
      async (s) => {
        await bring(s, state);
        if (first !== '') await s.run(first);
        await s.run(`+1 > ${again}\n+2 > ${again}\nsilence 1.9s\nexpect ${state}\nsilence 200ms\nexpect GONE`);
        expect(s.takeEvents()).toContain('closed ETIMEDOUT');
        await s.run('silence 60s');
      },
      FIVE,
    );
  }

  conform(
    'SYN_RECEIVED: the half-open entry goes in silence, at the first repetition past it [T234]',
    async (s) => {
      await bring(s, 'SYN_RECEIVED');
      await s.run(
        '+1 > S. seq 0 ack 1\n+2 > S. seq 0 ack 1\nsilence 3.9s\nexpect SYN_RECEIVED\nwait 200ms\nexpect GONE\nno events',
      );
    },
    FIVE,
  );

  conform(
    'a closed window: counts from the first probe that the peer does not answer [MUST-21] [MUST-37]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +.01 < . seq 1 ack 1 win 0
        send 1000
        +1 > . seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +2 > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +4 > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +5 > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +5 > P. seq 1 ack 1 len 1
        silence 4.9s
        expect ESTABLISHED
        wait 200ms
        expect GONE
      `;
      expect(s.takeEvents()).toContain('closed ETIMEDOUT');
    },
    FIVE,
  );

  conform(
    'a window taken back with text in flight: likewise [MUST-21] [MUST-37]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run('send 1000\n+0 > P. seq 1 ack 1 len 1000\n+.1 < . seq 1 ack 1 win 0\n+.9 > P. seq 1 ack 1 len 1');
      for (const wait of [1.9, 3.9, 4.9, 4.9, 4.9, 4.9]) {
        await s.run(`+.1 < . seq 1 ack 1 win 0\n+${wait} > P. seq 1 ack 1 len 1`);
      }
      await s.run('silence 4.9s\nexpect ESTABLISHED\nwait 200ms\nexpect GONE');
      expect(s.takeEvents()).toContain('closed ETIMEDOUT');
    },
    FIVE,
  );

  conform(
    'CLOSE in SYN_RECEIVED: a FIN in flight when the SYN is acknowledged [T282] [MUST-21]',
    async (s) => {
      await bring(s, 'SYN_RECEIVED', 'active');
      await s.run`
        close
        +0 > F. seq 1 ack 1
        +0 < . seq 1 ack 1
        +3 > F. seq 1 ack 1
        silence 1.9s
        expect FIN_WAIT_1
        silence 200ms
        expect GONE
      `;
    },
    FIVE,
  );

  const idle: readonly (readonly [StateName, string])[] = [
    ['LISTEN', 'T232'],
    ['FIN_WAIT_2', 'T237'],
    ['TIME_WAIT', 'T241'],
  ];
  for (const [state, id] of idle) {
    conformOnce(
      `${state}: nothing is outstanding, so the timeout does not run [${id}]`,
      async (s) => {
        await bring(s, state);
        await s.run(`silence 50s\nexpect ${state}\nno events`);
      },
      FIVE,
    );
  }

  conform('FIN_WAIT_2: with nobody to read it ends after a while [T266]', async (s) => {
    await bring(s, 'FIN_WAIT_2');
    await s.run('giveup\nsilence 59s\nexpect FIN_WAIT_2\nsilence 2s\nexpect GONE\nevent closed OK');
  });
  conform('FIN_WAIT_2: never while the application reads [T266] [T278]', async (s) => {
    await bring(s, 'FIN_WAIT_2');
    await s.run('silence 3600s\nexpect FIN_WAIT_2\n+0 < P. seq 1 ack 2 len 10\n+0 > . seq 2 ack 11\nevent data 10');
  });
});

describe('KEEPALIVE TIMEOUT', () => {
  const rows: readonly (readonly [StateName, string, string])[] = [
    ['ESTABLISHED', 'T255', 'T256'],
    ['CLOSE_WAIT', 'T257', 'T258'],
    ['FIN_WAIT_2', 'T259', 'T260'],
  ];
  for (const [state, probe, over] of rows) {
    conform(`${state}: <SEQ=SND.NXT-1> without text while it is idle [${probe}] [SHLD-12] [MUST-26]`, async (s) => {
      const { snd, rcv } = await bring(s, state);
      await s.run`
        keepalive 10000 1000 2
        +10 > . seq ${snd - 1} ack ${rcv} len 0
        +0 < . seq ${rcv} ack ${snd}
        +10 > . seq ${snd - 1} ack ${rcv} len 0
        +1 > . seq ${snd - 1} ack ${rcv} len 0
        +.5 < . seq ${rcv} ack ${snd}
        silence 9.4s
        +* > . seq ${snd - 1} ack ${rcv} len 0
        expect ${state}
      `;
    });
    conform(`${state}: all probes unanswered: ETIMEDOUT [${over}] [MUST-29]`, async (s) => {
      const { snd, rcv } = await bring(s, state);
      await s.run`
        keepalive 10000 1000 2
        +10 > . seq ${snd - 1} len 0
        +1 > . seq ${snd - 1} len 0
        silence 900ms
        expect ${state}
        +.1 > R. seq ${snd} ack ${rcv}
        expect GONE
      `;
      expect(s.takeEvents()).toContain('closed ETIMEDOUT');
    });
  }
  conform('off by default [MUST-25] [MUST-28]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run('silence 36000s\nexpect ESTABLISHED');
  });
});

describe('ICMP errors [RFC 5927 §5.2] [RFC 5461 §2]', () => {
  /** The error quotes a segment of ours with the relative sequence number `seq`. */
  function icmp(s: Script, seq: number, type: number, code: number): void {
    const { core, local } = s.backend as CoreBackend;
    const words = new Int32Array(4);
    for (let row = SCRATCH_ROWS; row < SCRATCH_ROWS + 6; row++) {
      const lport = core.endpoint(row, 0, words);
      const rport = core.endpoint(row, 1, words);
      if (rport === 0) continue;
      const { iss } = (core as unknown as { tcb: { select(row: number): { iss: number } } }).tcb.select(row);
      core.below.icmpError(parseAddress(local), lport, words, rport, (iss + seq) | 0, type, code, s.family, 0);
    }
  }
  const unreachable = (s: Script): number => (s.family === 4 ? 3 : 1);

  for (const hard of [0, 1]) {
    conform(`SYN_SENT, hard (${['protocol or prohibited', 'port'][hard]}): refused [T319] [SHLD-26]`, async (s) => {
      await bring(s, 'SYN_SENT');
      icmp(s, 0, unreachable(s), (s.family === 4 ? [2, 3] : [1, 4])[hard]!);
      await s.run('status -> ENOTCONN\nevent closed ECONNREFUSED\nexpect CLOSED\nsilence 10s');
    });
  }
  conform('SYN_SENT, hard, but of another segment: ignored [T319]', async (s) => {
    await bring(s, 'SYN_SENT');
    icmp(s, 7, unreachable(s), s.family === 4 ? 3 : 4);
    await s.run('status\nno events\nexpect SYN_SENT');
  });

  conform(
    'SYN_SENT, soft: reported, it goes on, and becomes the reason at R2 [T320] [MUST-56]',
    async (s) => {
      await bring(s, 'SYN_SENT');
      icmp(s, 0, unreachable(s), 0);
      await s.run('status\nexpect SYN_SENT\n+1 > S seq 0\nsilence 2.1s\nexpect CLOSED');
      const events = s.takeEvents();
      expect(events[0]).toMatch(/^soft/);
      expect(events.at(-1)).toBe('closed EHOSTUNREACH');
    },
    { tcp: { synRetries: 1 } },
  );

  const rows: readonly (readonly [StateName, string])[] = [
    ['ESTABLISHED', 'send 10'],
    ['CLOSE_WAIT', 'send 10'],
    ['FIN_WAIT_1', ''],
    ['CLOSING', ''],
    ['LAST_ACK', ''],
  ];
  for (const [state, call] of rows) {
    conform(`${state}: soft and hard are news, the connection lives [T321]`, async (s) => {
      await bring(s, state);
      if (call !== '') await s.run('send 10\n+0 > P. seq 1 len 10');
      icmp(s, 1, unreachable(s), 0);
      icmp(s, 1, unreachable(s), s.family === 4 ? 3 : 4);
      icmp(s, 500, unreachable(s), 0);
      await s.run(`status\nexpect ${state}`);
      expect(s.takeEvents().filter((e) => e.startsWith('soft'))).toHaveLength(2);
    });
  }
});

// §3.10.8 RETRANSMISSION TIMEOUT and R1, R2 (§3.8.3), in every state where something can be outstanding.
import { describe, expect } from 'vitest';
import {
  bring,
  type CoreBackend,
  conform,
  conformOnce,
  type Origin,
  type Script,
  type StateName,
} from './script/index.ts';

interface Outstanding {
  readonly state: StateName;
  readonly again: string;
  readonly first?: string;
  readonly origin?: Origin;
}

/** What is outstanding in each state, and how it looks when it is sent again. */
const SYN_SENT: Outstanding = { state: 'SYN_SENT', again: 'S seq 0' };
const SYN_RECEIVED: Outstanding = { state: 'SYN_RECEIVED', again: 'S. seq 0 ack 1' };
const ESTABLISHED: Outstanding = {
  state: 'ESTABLISHED',
  first: 'send 10\n+0 > P. seq 1 ack 1 len 10',
  again: 'P. seq 1 ack 1 len 10',
};
const CLOSE_WAIT: Outstanding = {
  state: 'CLOSE_WAIT',
  first: 'send 10\n+0 > P. seq 1 ack 2 len 10',
  again: 'P. seq 1 ack 2 len 10',
};
const FIN_WAIT_1: Outstanding = { state: 'FIN_WAIT_1', again: 'F. seq 1 ack 1' };
const CLOSING: Outstanding = { state: 'CLOSING', again: 'F. seq 1 ack 2' };
const LAST_ACK: Outstanding = { state: 'LAST_ACK', again: 'F. seq 1 ack 2' };

async function outstanding(s: Script, { state, first, origin }: Outstanding): Promise<void> {
  await bring(s, state, origin);
  if (first !== undefined) await s.run(first);
}

describe('RETRANSMISSION TIMEOUT [RFC 6298 §5.4, §5.5, §5.6]', () => {
  const rows: readonly (readonly [Outstanding, string])[] = [
    [SYN_SENT, 'T242'],
    [SYN_RECEIVED, 'T243'],
    [ESTABLISHED, 'T244'],
    [CLOSE_WAIT, 'T245'],
    [FIN_WAIT_1, 'T246'],
    [CLOSING, 'T247'],
    [LAST_ACK, 'T248'],
  ];
  for (const [what, id] of rows) {
    conform(`${what.state}: the oldest is sent again, RTO doubles [${id}] [MUST-19]`, async (s) => {
      await outstanding(s, what);
      await s.run(
        `+1 > ${what.again}\n+2 > ${what.again}\n+4 > ${what.again}\n+8 > ${what.again}\nexpect ${what.state}`,
      );
    });
  }

  conform('ESTABLISHED: the loss window is one segment, ssthresh is cut once [T244]', async (s) => {
    await bring(s, 'ESTABLISHED');
    const info = () => (s.backend as CoreBackend).info(s.connection.tuple);
    await s.run('send 4000\n+0 > . len 1000\n+0 > . len 1000\n+0 > . len 1000\n+0 > P. len 1000');
    await s.run('+1 > . seq 1 ack 1 len 1000');
    expect([info().cwnd, info().ssthresh]).toEqual([1000, 2000]);
    await s.run('+2 > . seq 1 ack 1 len 1000');
    expect([info().cwnd, info().ssthresh]).toEqual([1000, 2000]);
    await s.run('+0 < . seq 1 ack 4001\nsilence 20s');
  });

  const impossible: readonly (readonly [StateName, string, number])[] = [
    ['LISTEN', 'T263', 300],
    ['FIN_WAIT_2', 'T264', 300],
    ['TIME_WAIT', 'T265', 59],
  ];
  for (const [state, id, seconds] of impossible) {
    conformOnce(`${state}: nothing is outstanding, nothing is sent [${id}]`, async (s) => {
      await bring(s, state);
      await s.run(`silence ${seconds}s\nexpect ${state}`);
    });
  }

  conform('TIME_WAIT: after 2MSL the TCB goes [T249] [MUST-13]', async (s) => {
    await bring(s, 'TIME_WAIT');
    await s.run('silence 59s\nexpect TIME_WAIT\nwait 2s\nexpect GONE\nsilence 60s');
  });
  conform(
    'TIME_WAIT: with the MSL of the RFC, four minutes [T249] [MUST-13]',
    async (s) => {
      await bring(s, 'TIME_WAIT');
      await s.run('silence 239s\nexpect TIME_WAIT\nwait 2s\nexpect GONE');
    },
    { tcp: { msl: 120_000 } },
  );
});

describe('R2 is reached', () => {
  const TWO = { tcp: { synRetries: 2, dataRetries: 2 } };
  const rows: readonly (readonly [Outstanding, string])[] = [
    [SYN_SENT, 'T311'],
    [{ ...SYN_RECEIVED, origin: 'active' }, 'T312'],
    [ESTABLISHED, 'T313'],
    [CLOSE_WAIT, 'T314'],
    [FIN_WAIT_1, 'T315'],
    [CLOSING, 'T316'],
    [LAST_ACK, 'T317'],
  ];
  for (const [what, id] of rows) {
    conform(
      `${what.state}: ETIMEDOUT, the TCB goes [${id}] [MUST-20]`,
      async (s) => {
        await outstanding(s, what);
        await s.run(
          `+1 > ${what.again}\n+2 > ${what.again}\nsilence 3.9s\nexpect ${what.state}\nsilence 200ms\nexpect GONE`,
        );
        expect(s.takeEvents()).toContain('closed ETIMEDOUT');
        await s.run('silence 100s');
      },
      TWO,
    );
  }

  conform(
    'SYN_RECEIVED from LISTEN: the half-open entry goes, the user never hears of it [T267]',
    async (s) => {
      await outstanding(s, SYN_RECEIVED);
      await s.run('+1 > S. seq 0 ack 1\n+2 > S. seq 0 ack 1\nsilence 4.1s\nexpect GONE\nno events');
    },
    TWO,
  );

  conform('R1: after three retransmissions the user hears of it [T318] [SHLD-9] [SHLD-10]', async (s) => {
    await outstanding(s, ESTABLISHED);
    await s.run`
      +1 > P. seq 1 len 10
      +2 > P. seq 1 len 10
      no event soft
      +4 > P. seq 1 len 10
      event soft ETIMEDOUT
      expect ESTABLISHED
    `;
  });
});

describe('a window smaller than the segment in flight', () => {
  conform('what is sent again is cut at the edge, and the rest follows it [SHLD-16] [MUST-34]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 1000
      +0 > P. seq 1 ack 1 len 1000
      +.1 < . seq 1 ack 1 win 400
      +.9 > . seq 1 ack 1 len 400
      +.01 < . seq 1 ack 401 win 5000
      +0 > P. seq 401 ack 1 len 600
    `;
  });

  conform('an ACK whose text comes again brings the window too, though its SEQ is old [UNTAGGED-11]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 1000
      +0 > P. seq 1 ack 1 len 1000
      +.1 < P. seq 1001 ack 1 len 10 win 4000
      +0 > . seq 1001 ack 1
      +.1 < P. seq 1 ack 1001 len 1000 win 500
      +0 > . seq 1001 ack 1011
      send 3000
      silence 100ms
      +.1 > . seq 1001 len 500
    `;
  });

  conform(
    'a window taken back: our acknowledgments lie within it, or the peer would not hear them [MUST-34]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      send 1000
      +0 > P. seq 1 ack 1 len 1000
      +.1 < . seq 1 ack 1 win 400
      +0 < P. seq 1 ack 1 len 10 win 400
      +.04 > . seq 401 ack 11
      +.01 < P. seq 11 ack 1 len 10 win 0
      +.04 > . seq 1 ack 21
    `;
    },
  );
});

// What nobody reads and nobody can send ends in bounded time, whatever the peer does.
import { describe, expect } from 'vitest';
import { bring, conform } from './script/index.ts';

describe('an orphan behind a closed window [RFC 6429 §3]', () => {
  conform(
    'a peer that answers every probe and never opens its window is reset in the end [T283]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        send 10
        +0 > P. seq 1 ack 1 len 10
        +.01 < . seq 1 ack 11 win 0
        send 1000
        close
        giveup
        expect FIN_WAIT_1
        +* > . seq 11 ack 1 len 1
        +0 < . seq 1 ack 11 win 0
        +* > P. seq 11 ack 1 len 1
        +0 < . seq 1 ack 11 win 0
        +* > P. seq 11 ack 1 len 1
        +0 < . seq 1 ack 11 win 0
        expect FIN_WAIT_1
        +* > R. seq 11 ack 1
        expect GONE
      `;
      expect(s.takeEvents()).toContain('closed ETIMEDOUT');
    },
    { tcp: { orphanTimeout: 8000 } },
  );
  const whose = 'its time begins with CLOSE when reading was given up before and the window is probed already';
  const waits = 'whose CLOSE waits behind text that SEND has not taken yet ends as well';
  for (const [from, call, to, why] of [
    ['ESTABLISHED', 'close', 'FIN_WAIT_1', whose],
    ['CLOSE_WAIT', 'close', 'LAST_ACK', whose],
    ['ESTABLISHED', '', 'ESTABLISHED', waits],
    ['CLOSE_WAIT', '', 'CLOSE_WAIT', waits],
  ] as const) {
    conform(
      `${to}: ${why} [T283]`,
      async (s) => {
        const { snd, rcv } = await bring(s, from);
        await s.run`
          +.01 < . seq ${rcv} ack ${snd} win 0
          send 1000
          +* > . seq ${snd} ack ${rcv} len 1
          +0 < . seq ${rcv} ack ${snd} win 0
          giveup
          ${call}
          +* > P. seq ${snd} ack ${rcv} len 1
          +0 < . seq ${rcv} ack ${snd} win 0
          +* > P. seq ${snd} ack ${rcv} len 1
          +0 < . seq ${rcv} ack ${snd} win 0
          expect ${to}
          +* > R. seq ${snd} ack ${rcv}
          expect GONE
        `;
        expect(s.takeEvents()).toContain('closed ETIMEDOUT');
      },
      { tcp: { orphanTimeout: 8000 } },
    );
  }
  conform(
    'a peer that takes its window back from text in flight, and answers each time that text comes, ends it by R2 [T283]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        send 10
        +0 > P. seq 1 ack 1 len 10
        +.01 < . seq 1 ack 1 win 0
        close
        giveup
        +* > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +* > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +* > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        silence 300s
        expect GONE
      `;
      expect(s.takeEvents()).toContain('closed ETIMEDOUT');
    },
    { tcp: { dataRetries: 3 } },
  );
  conform(
    'while somebody reads it is no orphan, and is probed for ever [MUST-37]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +.01 < . seq 1 ack 1 win 0
        send 10
        close
        +* > . seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +* > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +* > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        +* > P. seq 1 ack 1 len 1
        +0 < . seq 1 ack 1 win 0
        expect FIN_WAIT_1
      `;
    },
    { tcp: { orphanTimeout: 2000 } },
  );
});

describe('an orphan', () => {
  conform('a peer that falls silent is told of when R1 has passed, and is sent to until R2 [SHLD-10]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
        send 10
        +0 > P. seq 1 ack 1 len 10
        giveup
        +* > P. seq 1 ack 1 len 10
        +* > P. seq 1 ack 1 len 10
      `;
    expect(s.takeEvents()).not.toContain('silent');
    await s.run`
        +* > P. seq 1 ack 1 len 10
        +* > P. seq 1 ack 1 len 10
        +* > P. seq 1 ack 1 len 10
      `;
    expect(s.takeEvents()).toContain('silent');
  });
});

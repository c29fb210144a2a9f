// Hazards of the end of a connection: the next incarnation in TIME-WAIT, and rows that end inside a segment.
import { describe } from 'vitest';
import { bring, conform, conformOnce } from './script/index.ts';

describe('TIME-WAIT and a new SYN [RFC 6191 §2]', () => {
  conform('SEQ above the last one seen: a new incarnation, ISS above the last SND.NXT [T328] [MAY-2]', async (s) => {
    await bring(s, 'TIME_WAIT');
    const before = s.connection.iss;
    await s.run`
      forget 1000
      +0 < S seq 0
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1
      event accept
      expect ESTABLISHED
    `;
    // So soon that the clock of RFC 6528 alone is not as far.
    if (((s.connection.iss - before) | 0) <= 64_000) throw new Error('the new ISS is not above the last SND.NXT');
  });

  conform('SEQ not above: challenge ACK [T328] [T155]', async (s) => {
    await bring(s, 'TIME_WAIT');
    await s.run`
      +1 < S seq 1
      +0 > . seq 2 ack 2
      expect TIME_WAIT
    `;
  });

  conform('no listener: nothing to reopen [T328]', async (s) => {
    await bring(s, 'TIME_WAIT', 'active');
    await s.run`
      +1 < S seq 1000
      +0 > . seq 2 ack 2
      expect TIME_WAIT
    `;
  });

  const closedWithTs = `
    listen
    +0 < S seq 0 <mss 1000, ts 1000 0>
    +0 > S. seq 0 ack 1
    +0 < . seq 1 ack 1 <ts 1001 0>
    close
    +0 > F. seq 1 ack 1
    +0 < F. seq 1 ack 2 <ts 1002 0>
    +0 > . seq 2 ack 2
    expect TIME_WAIT
  `;
  conform('TSval newer: a new incarnation, whatever the SEQ [T113] [SHLD-4]', async (s) => {
    await s.run(closedWithTs);
    await s.run`
      forget -70000
      +.5 < S seq 0 <mss 1000, ts 2000 0>
      +0 > S. seq 0 ack 1 <...>
      +0 < . seq 1 ack 1 <ts 2001 0>
      event accept
      expect ESTABLISHED
    `;
  });

  conform('TSval older: answered, not reopened [T113] [T310]', async (s) => {
    await s.run(closedWithTs);
    await s.run`
      +.5 < S seq 5000 <mss 1000, ts 500 0>
      +0 > . seq 2 ack 2
      expect TIME_WAIT
    `;
  });

  conformOnce('TSval equal: the SEQ decides [T113]', async (s) => {
    await s.run(closedWithTs);
    await s.run`
      +.5 < S seq -100 <mss 1000, ts 1002 0>
      +0 > . seq 2 ack 2
      expect TIME_WAIT
      forget 5000
      +.5 < S seq 0 <mss 1000, ts 1002 0>
      +0 > S. seq 0 ack 1
      expect SYN_RECEIVED
    `;
  });
});

describe('a connection that ends in the middle of a segment is not touched again', () => {
  const two = `
    conn b port 40001
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    conn c port 40002
    +0 < S seq 0
    +0 > S. seq 0 ack 1
    conn b
    expect SYN_RECEIVED
    conn c
    expect SYN_RECEIVED
    +0 < . seq 1 ack 1
    expect ESTABLISHED
    conn b
    expect SYN_RECEIVED
  `;

  conform('LAST-ACK ended by the ACK field of an old segment: its row is freed once [T300] [T198]', async (s) => {
    await bring(s, 'LAST_ACK');
    await s.run`
      +0 < P. seq -8 ack 2 len 10
      event closed OK
      expect GONE
      ${two}
    `;
  });

  for (const [state, id] of [
    ['FIN_WAIT_1', 'T218'],
    ['FIN_WAIT_2', 'T219'],
  ] as const) {
    conform(`${state} ended by text nobody reads, with a FIN: its row is freed once [T300] [${id}]`, async (s) => {
      const { una, snd } = await bring(s, state);
      await s.run`
        giveup
        +0 < F. seq 1 ack ${una} len 10
        +0 > R. seq ${snd}
        event closed ECONNABORTED
        expect GONE
        ${two}
      `;
    });
  }

  conform('FIN-WAIT-1: the ACK field of a SYN,ACK is not looked at [T150]', async (s) => {
    await bring(s, 'FIN_WAIT_1', 'active');
    await s.run`
      +0 < S. seq 0 ack 2
      +0 > . seq 2 ack 1
      expect FIN_WAIT_1
    `;
  });
});

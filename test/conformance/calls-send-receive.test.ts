// §3.10.2 SEND and §3.10.3 RECEIVE, in every state. RECEIVE is an event here: text is delivered as it becomes readable.
import { describe } from 'vitest';
import { bring, conform, conformOnce, type StateName } from './script/index.ts';

describe('SEND', () => {
  conformOnce('CLOSED: connection does not exist [T023]', 'send 10 -> ENOTCONN');

  conform(
    'LISTEN, remote given: a SYN leaves and the text is queued [T024]',
    `
    listen
    open
    send 10
    +0 > S seq 0
    expect SYN_SENT
    +0 < S. seq 0 ack 1 win 1000 <mss 1000>
    +0 > P. seq 1 ack 1 len 10
  `,
  );

  conform(
    'LISTEN, remote given, no room: not a byte is taken [T303]',
    `
    option sendBuffer 0
    listen
    open
    send 10 -> OK
    +0 > S seq 0
  `,
  );

  conform('LISTEN, remote missing: an error [T025]', 'listen\nsend 10 -> EDESTADDRREQ\nexpect LISTEN');

  conform('SYN_RECEIVED: queued until ESTABLISHED [T027]', async (s) => {
    await bring(s, 'SYN_RECEIVED', 'active');
    await s.run`
      send 10
      +0 > nothing
      +0 < . seq 1 ack 1
      +0 > P. seq 1 ack 1 len 10
    `;
  });

  for (const [state, id] of [
    ['ESTABLISHED', 'T028'],
    ['CLOSE_WAIT', 'T029'],
  ] as const) {
    conform(`${state}: segmentized, the ACK rides along, URGENT sets SND.UP [${id}]`, async (s) => {
      const { rcv } = await bring(s, state);
      await s.run`
        nodelay on
        send 2500
        +0 > . seq 1 ack ${rcv} len 1000
        +0 > . seq 1001 ack ${rcv} len 1000
        +0 > P. seq 2001 ack ${rcv} len 500
        send urgent 3
        +0 > PU. seq 2501 ack ${rcv} len 3 urg 3
        expect ${state}
      `;
    });
  }

  const closing: readonly (readonly [StateName, string])[] = [
    ['FIN_WAIT_1', 'T030'],
    ['FIN_WAIT_2', 'T031'],
    ['CLOSING', 'T032'],
    ['LAST_ACK', 'T033'],
    ['TIME_WAIT', 'T034'],
  ];
  for (const [state, id] of closing) {
    conformOnce(`${state}: connection closing [${id}]`, async (s) => {
      await bring(s, state);
      await s.run(`send 10 -> EPIPE\n+0 > nothing\nexpect ${state}`);
    });
  }
});

describe('RECEIVE', () => {
  conformOnce('CLOSED: connection does not exist [T035]', 'read 10 -> ENOTCONN');

  conform(
    'LISTEN, SYN_RECEIVED: text waits for ESTABLISHED [T036] [T038]',
    `
    listen
    +0 < S seq 0 len 10 win 1000
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
    no event data
    +0 < . seq 1 ack 1 len 10
    event data 10
    +.04 > . seq 1 ack 11
  `,
  );

  conform(
    'SYN_SENT: text waits for ESTABLISHED [T037]',
    `
    open active
    +0 > S seq 0
    +0 < S seq 0 len 10 win 1000
    +0 > S. seq 0 ack 1
    no event data
    +0 < . seq 11 ack 1
    event data 10
    +.04 > . seq 1 ack 11
  `,
  );

  const reading: readonly (readonly [StateName, string])[] = [
    ['ESTABLISHED', 'T039'],
    ['FIN_WAIT_1', 'T040'],
    ['FIN_WAIT_2', 'T041'],
  ];
  for (const [state, id] of reading) {
    conform(`${state}: delivered, urgent text is announced [${id}]`, async (s) => {
      const { una, snd } = await bring(s, state);
      await s.run`
        +0 < PU. seq 1 ack ${una} len 10 urg 20
        event urgent ahead
        event data 10
        +.04 > . seq ${snd} ack 11
        expect ${state}
      `;
    });
  }

  conform(
    'CLOSE_WAIT: what is held can still be taken, then the end [T042] [T043]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      +0 < PF. seq 1 ack 1 len 10
      +0 > . seq 1 ack 12
      expect CLOSE_WAIT
      event data 10
      event end
      read 10
      no events
    `;
    },
    { reading: 'manual' },
  );

  conform(
    'CLOSING: text before the FIN is not lost with it [T044]',
    async (s) => {
      await bring(s, 'FIN_WAIT_1');
      await s.run(
        '+0 < PF. seq 1 ack 1 len 10\n+0 > . seq 2 ack 12\nexpect CLOSING\nevent data 10\nevent end\nread 10',
      );
    },
    { reading: 'manual' },
  );

  conform(
    'LAST_ACK: text held is not lost [T045]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      +0 < PF. seq 1 ack 1 len 10
      +0 > . seq 1 ack 12
      close
      +0 > F. seq 1 ack 12
      expect LAST_ACK
      event data 10
      event end
      read 10
    `;
    },
    { reading: 'manual' },
  );

  conform(
    'TIME_WAIT: text before the FIN is not lost with it [T046]',
    async (s) => {
      await bring(s, 'FIN_WAIT_2');
      await s.run(
        '+0 < PF. seq 1 ack 2 len 10\n+0 > . seq 2 ack 12\nexpect TIME_WAIT\nevent data 10\nevent end\nread 10',
      );
    },
    { reading: 'manual' },
  );
});

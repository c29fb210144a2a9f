// §3.10.4 CLOSE and §3.10.5 ABORT, in every state.
import { describe } from 'vitest';
import { bring, conform, conformOnce, type StateName } from './script/index.ts';

describe('CLOSE', () => {
  conformOnce('CLOSED: connection does not exist [T047]', 'close -> ENOTCONN');
  conform('LISTEN: the TCB goes [T048]', 'listen\nclose\n+0 > nothing\nexpect CLOSED');
  conform('SYN_SENT: the TCB goes, nothing is sent [T049]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run('send 10\nclose\n+0 > nothing\nexpect CLOSED\nevent closed OK\nsilence 10s');
  });

  for (const [state, id, next] of [
    ['ESTABLISHED', 'T052', 'FIN_WAIT_1'],
    ['CLOSE_WAIT', 'T055', 'LAST_ACK'],
  ] as const) {
    conform(`${state}: the FIN goes behind the text, the state changes at the call [${id}]`, async (s) => {
      const { rcv } = await bring(s, state);
      await s.run`
        +0 < . seq ${rcv} ack 1 win 0
        send 10
        close
        +0 > nothing
        expect ${next}
        +.5 < . seq ${rcv} ack 1 win 1000
        +0 > FP. seq 1 ack ${rcv} len 10
        expect ${next}
      `;
    });
  }

  for (const [state, id] of [
    ['FIN_WAIT_1', 'T053'],
    ['FIN_WAIT_2', 'T054'],
  ] as const) {
    conformOnce(`${state}: no second FIN [${id}]`, async (s) => {
      await bring(s, state);
      await s.run(`close\n+0 > nothing\nexpect ${state}`);
    });
  }
  for (const [state, id] of [
    ['CLOSING', 'T056'],
    ['LAST_ACK', 'T057'],
    ['TIME_WAIT', 'T058'],
  ] as const) {
    conformOnce(`${state}: connection closing [${id}]`, async (s) => {
      await bring(s, state);
      await s.run(`close -> EPIPE\n+0 > nothing\nexpect ${state}`);
    });
  }

  for (const [state, id] of [
    ['ESTABLISHED', 'T305'],
    ['CLOSE_WAIT', 'T306'],
  ] as const) {
    conform(
      `${state}: reading given up with text unread resets [${id}] [SHLD-3]`,
      async (s) => {
        await bring(s, 'ESTABLISHED');
        await s.run(
          state === 'ESTABLISHED'
            ? '+0 < P. seq 1 ack 1 len 10\n+.04 > . seq 1 ack 11'
            : '+0 < PF. seq 1 ack 1 len 10\n+0 > . seq 1 ack 12',
        );
        await s.run`
        expect ${state}
        giveup
        +0 > R. seq 1 ack ${state === 'ESTABLISHED' ? 11 : 12}
        expect GONE
        event closed ECONNABORTED
      `;
      },
      { reading: 'manual' },
    );
  }
});

describe('ABORT', () => {
  conformOnce('CLOSED: connection does not exist [T059]', 'abort -> ENOTCONN');
  conform('LISTEN: the TCB goes [T060]', 'listen\nabort\n+0 > nothing\nexpect CLOSED');
  conform('SYN_SENT: nothing is sent [T061]', async (s) => {
    await bring(s, 'SYN_SENT');
    await s.run('abort\n+0 > nothing\nexpect CLOSED\nevent closed ECONNABORTED\nsilence 10s');
  });

  const resetting: readonly (readonly [StateName, string])[] = [
    ['SYN_RECEIVED', 'T062'],
    ['ESTABLISHED', 'T063'],
    ['FIN_WAIT_1', 'T064'],
    ['FIN_WAIT_2', 'T065'],
    ['CLOSE_WAIT', 'T066'],
  ];
  for (const [state, id] of resetting) {
    conform(`${state}: <SEQ=SND.NXT><CTL=RST> and the TCB goes [${id}]`, async (s) => {
      const { snd, rcv } = await bring(s, state, state === 'SYN_RECEIVED' ? 'active' : 'passive');
      await s.run(`abort\n+0 > R. seq ${snd} ack ${rcv}\nexpect GONE\nevent closed ECONNABORTED\nsilence 100s`);
    });
  }

  for (const [state, peerFirst] of [
    ['CLOSING', false],
    ['LAST_ACK', true],
  ] as const) {
    conform(`${state} with a FIN that waits behind text: the peer would wait for it, so it is reset`, async (s) => {
      const { rcv } = await bring(s, peerFirst ? 'CLOSE_WAIT' : 'ESTABLISHED');
      await s.run(`+0 < . seq ${rcv} ack 1 win 0\nsend 10\nclose\n+0 > nothing`);
      if (!peerFirst) await s.run(`+0 < F. seq ${rcv} ack 1 win 0\n+0 > . seq 1 ack ${rcv + 1}`);
      await s.run(`expect ${state}\nabort\n+0 > R. seq 1 ack ${rcv + (peerFirst ? 0 : 1)}\nexpect GONE`);
    });
  }

  for (const [state, id] of [
    ['CLOSING', 'T067'],
    ['LAST_ACK', 'T068'],
    ['TIME_WAIT', 'T069'],
  ] as const) {
    conform(`${state}: the TCB goes, nothing is sent [${id}]`, async (s) => {
      await bring(s, state);
      await s.run('abort\n+0 > nothing\nexpect GONE\nsilence 100s');
    });
  }
});

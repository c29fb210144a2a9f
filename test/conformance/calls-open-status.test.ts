// §3.10.1 OPEN and §3.10.6 STATUS, in every state.
import { describe, expect, test } from 'vitest';
import { EADDRINUSE, EADDRNOTAVAIL, EDESTADDRREQ, EINVAL, ENETUNREACH, ENOBUFS } from '../../src/core/events.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { bring, CoreBackend, conform, conformOnce, type Script, type StateName } from './script/index.ts';

const ANY = new Int32Array(4);
const core = (s: Script): CoreBackend => s.backend as CoreBackend;

describe('OPEN from CLOSED', () => {
  conform('passive: a TCB in LISTEN [T009]', 'listen\n+0 > nothing\nexpect LISTEN');
  conform('active: a SYN with the ISS, SND.UNA = ISS, SND.NXT = ISS + 1 [T010]', async (s) => {
    await s.run('open active\n+0 > S seq 0\nexpect SYN_SENT');
    expect(core(s).info(s.connection.tuple).inFlight).toBe(1);
  });

  test('active without a remote socket: an error, and no row is kept [T011]', () => {
    const { core: c } = new CoreBackend();
    expect(c.callConnect(ANY, 0, ANY, 80, {}, 1e6)).toBe(EDESTADDRREQ);
    expect(c.callConnect(ANY, 0, parseAddress('10.0.0.2'), 0, {}, 1e6)).toBe(EDESTADDRREQ);
    expect(c.connections).toBe(0);
  });

  test('active without room: insufficient resources [T012]', () => {
    const { core: c } = new CoreBackend({ maxConnections: 2 });
    const open = (port: number): number => c.callConnect(ANY, 0, parseAddress('10.0.0.2'), port, {}, 1e6);
    expect([open(1) > 0, open(2) > 0, open(3)]).toEqual([true, true, ENOBUFS]);
    expect(c.callListen(ANY, 80, 1, {}, 1e6)).toBe(ENOBUFS);
  });

  test('with a local socket that is not ours to take [T304] [MUST-43] [MUST-46]', () => {
    const { core: c } = new CoreBackend();
    const peer = parseAddress('10.0.0.2');
    expect(c.callConnect(parseAddress('10.0.0.9'), 0, peer, 80, {}, 1e6)).toBe(EADDRNOTAVAIL);
    expect(c.callListen(parseAddress('10.0.0.9'), 80, 1, {}, 1e6)).toBe(EADDRNOTAVAIL);
    expect(c.callConnect(ANY, 4000, peer, 80, {}, 1e6)).toBeGreaterThan(0);
    expect(c.callConnect(ANY, 4000, peer, 80, {}, 1e6)).toBe(EADDRINUSE);
    for (const group of ['224.0.0.1', '255.255.255.255', 'ff02::1']) {
      expect(c.callConnect(ANY, 0, parseAddress(group), 80, {}, 1e6)).toBe(EINVAL);
    }
    expect(c.callConnect(ANY, 0, parseAddress('192.0.2.1'), 80, {}, 1e6)).toBe(ENETUNREACH);
    expect(c.connections).toBe(1);
  });
});

describe('OPEN on a record that exists', () => {
  conform('LISTEN, remote given: it turns active [T013]', async (s) => {
    await bring(s, 'LISTEN');
    await s.run`
      open
      +0 > S seq 0
      expect SYN_SENT
      +0 < S. seq 0 ack 1 win 1000 <mss 1000>
      +0 > . seq 1 ack 1
      expect ESTABLISHED
      event connect
    `;
  });

  conform(
    'LISTEN, remote missing: an error, it stays LISTEN [T301]',
    'listen\nopen nobody -> EDESTADDRREQ\nexpect LISTEN',
  );

  conform(
    'passive on the same socket: an error, the first is untouched [T302] [MUST-41]',
    `
    listen
    listen -> EADDRINUSE
    +0 < S seq 0 win 1000
    +0 > S. seq 0 ack 1
    expect SYN_RECEIVED
  `,
  );

  const rows: readonly (readonly [StateName, string])[] = [
    ['SYN_SENT', 'T014'],
    ['SYN_RECEIVED', 'T015'],
    ['ESTABLISHED', 'T016'],
    ['FIN_WAIT_1', 'T017'],
    ['FIN_WAIT_2', 'T018'],
    ['CLOSE_WAIT', 'T019'],
    ['CLOSING', 'T020'],
    ['LAST_ACK', 'T021'],
    ['TIME_WAIT', 'T022'],
  ];
  for (const [state, id] of rows) {
    conformOnce(`${state}: connection already exists [${id}]`, async (s) => {
      await bring(s, state, state === 'SYN_RECEIVED' ? 'active' : 'passive');
      await s.run(`open -> EISCONN\nexpect ${state}\nno events`);
    });
  }
});

describe('STATUS', () => {
  conformOnce('CLOSED: connection does not exist [T070]', 'status -> ENOTCONN');

  const rows: readonly (readonly [StateName, string])[] = [
    ['LISTEN', 'T071'],
    ['SYN_SENT', 'T072'],
    ['SYN_RECEIVED', 'T073'],
    ['ESTABLISHED', 'T074'],
    ['FIN_WAIT_1', 'T075'],
    ['FIN_WAIT_2', 'T076'],
    ['CLOSE_WAIT', 'T077'],
    ['CLOSING', 'T078'],
    ['LAST_ACK', 'T079'],
    ['TIME_WAIT', 'T080'],
  ];
  for (const [state, id] of rows) {
    conformOnce(`${state} is said [${id}]`, async (s) => {
      await bring(s, state);
      await s.run(`status\nexpect ${state}\nno events`);
      expect(core(s).info(s.connection.tuple).state).toBe(state);
    });
  }
});

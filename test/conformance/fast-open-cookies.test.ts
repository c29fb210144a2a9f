// Cookies of TCP Fast Open (RFC 7413 §4.1): which are kept, which fit on a SYN, who gives them.
import { describe, expect } from 'vitest';
import { ASK, CLIENT, FOURTEEN, lastCookie, learn, mss, SIMPLE } from './cookies.ts';
import { conform } from './script/index.ts';

describe('what a client keeps', () => {
  for (const [what, option, kept] of [
    ['two octets', 'raw 22 04 01 02', false],
    ['four octets', 'raw 22 06 01 02 03 04', true],
    ['an odd number of octets', 'raw 22 07 01 02 03 04 05', false],
    ['as many as fit beside the other options', FOURTEEN, true],
    ['more than that', 'raw 22 12 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10', false],
  ] as const) {
    conform(
      `a cookie of ${what} is ${kept ? 'kept' : 'none'} [RFC 7413 §4.1]`,
      async (s) => {
        await learn(s, option);
        await s.run(`
          open active 100
          +0 > S seq 0 len ${kept ? 100 : 0} <${mss(s)}, ${kept ? option : ASK}>
        `);
      },
      CLIENT,
    );
  }
  for (const [what, tcp, option, goes] of [
    ['beside all options', {}, FOURTEEN, true],
    [
      'beside all options and the user timeout',
      { userTimeoutOption: true },
      'raw 22 0c 01 02 03 04 05 06 07 08 09 0a',
      true,
    ],
    ['that finds no room on the SYN', { userTimeoutOption: true }, FOURTEEN, false],
  ] as const) {
    conform(
      `a cookie ${what}: ${goes ? 'text goes along' : 'neither does text'} [RFC 7413 §4.1]`,
      async (s) => {
        const others = 'userTimeoutOption' in tcp ? ', raw 1c 04 01 2c' : '';
        await s.run(`
          open active
          +0 > S seq 0 len 0 <${mss(s)}, sackOK, ws 0${others}, ts * 0, ${ASK}>
          +0 < S. seq 0 ack 1 win 5000 <mss 1000, ${option}>
          +0 > . seq 1 ack 1
          conn b
          open active 100
          +0 > S seq 0 len ${goes ? 100 : 0} <${mss(s)}, sackOK, ws 0${others}, ts * 0${goes ? `, ${option}` : ''}>
        `);
      },
      { tcp: { fastOpen: 'on', ...tcp } },
    );
  }
  conform(
    'no answer at all: the next one does not try [RFC 7413 §4.1.3.1]',
    async (s) => {
      await learn(s);
      await s.run(`
        open active 100
        +0 > S seq 0 len 100
        +1 > S seq 0 len 0
        abort
        conn c
        open active 100
        +0 > S seq 0 len 0 <${mss(s)}>
      `);
    },
    CLIENT,
  );
  conform(
    'text on the SYN leaves room for a source route, too [RFC 7413 §4.1] [MUST-16]',
    async (s) => {
      if (s.family === 6) return;
      await learn(s);
      await s.run('open active 1500\n+0 > S seq 0 len 952');
    },
    { ...CLIENT, open: { sourceRoute: { strict: false, hops: [0x0a000008] } } },
  );
});

describe('what a server answers', () => {
  for (const [fastOpen, cookie] of [
    ['off', false],
    ['client', false],
    ['server', true],
    ['on', true],
  ] as const) {
    conform(
      `with fastOpen '${fastOpen}' a question for a cookie is ${cookie ? '' : 'not '}answered; other options ask nothing [RFC 7413 §2] [RFC 7413 §4.1]`,
      async (s) => {
        await s.run(`
          listen
          +0 < S seq 0 win 5000 <mss 1000, ${ASK}>
          +0 > S. seq 0 ack 1 ${cookie ? '' : `<${mss(s)}>`}
          conn b
          +0 < S seq 0 win 5000 <mss 1000, raw fd 04 01 02>
          +0 > S. seq 0 ack 1 <${mss(s)}>
        `);
        if (cookie) expect(lastCookie(s)).toMatch(/^raw 22 0a( ..){8}$/);
      },
      { tcp: { ...SIMPLE, fastOpen } },
    );
  }
});

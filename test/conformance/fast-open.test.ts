// TCP Fast Open, RFC 7413: cookies, text on SYNs, and what happens when they come to nothing.
import { describe, expect } from 'vitest';
import { CLIENT, COOKIE, cookieOf, core, lastCookie, learn, mss, OTHER, SERVER } from './cookies.ts';
import { type CoreBackend, conform } from './script/index.ts';

describe('the client', () => {
  conform(
    'asks for a cookie, and sends text with the next SYN [RFC 7413 §4.1] [RFC 7413 §4.2]',
    async (s) => {
      await learn(s);
      await s.run(`
        open active "GET"
        +0 > S seq 0 len 3 "GET" <${mss(s)}, ${COOKIE}>
        +0 < S. seq 0 ack 4 win 5000 <mss 1000>
        +0 > . seq 4 ack 1
        send "more"
        +0 > P. seq 4 ack 1 "more"
        expect ESTABLISHED
      `);
      expect(core(s).counters).toMatchObject({ fastOpenActive: 1, fastOpenFallbacks: 0, retransSegs: 0 });
      expect((s.backend as CoreBackend).info(s.connection.tuple).fastOpen).toBe(true);
    },
    CLIENT,
  );
  conform(
    'no more goes with the SYN than the MSS the server named, less all options [RFC 7413 §4.1]',
    async (s) => {
      await learn(s);
      await s.run(`
        open active 1500
        +0 > S seq 0 len 960
        +0 < S. seq 0 ack 961 win 5000 <mss 1000>
        +0 > P. seq 961 ack 1 len 540
      `);
    },
    CLIENT,
  );
  for (const [what, ack, from] of [
    ['nothing', 1, 1],
    ['half', 51, 51],
  ] as const) {
    conform(
      `${what} of the text is acknowledged: the rest goes again at once [UNTAGGED-28] [T324] [RFC 7413 §4.2]`,
      async (s) => {
        await learn(s);
        await s.run(`
          open active 100
          +0 > S seq 0 len 100
          +0 < S. seq 0 ack ${ack} win 5000 <mss 1000>
          +0 > P. seq ${from} ack 1 len ${101 - from}
          +0 < . seq 1 ack 101 win 5000
          expect ESTABLISHED
        `);
        expect(core(s).counters.fastOpenFallbacks).toBe(ack === 1 ? 1 : 0);
        expect((s.backend as CoreBackend).info(s.connection.tuple).fastOpen).toBe(ack !== 1);
      },
      CLIENT,
    );
  }
  conform(
    'text that was not taken: no Fast Open to that address for ten minutes [RFC 7413 §4.1.3.1]',
    async (s) => {
      await learn(s);
      await s.run(`
        open active 100
        +0 > S seq 0 len 100
        +0 < S. seq 0 ack 1 win 5000 <mss 1000>
        +0 > P. seq 1 ack 1 len 100
        +0 < . seq 1 ack 101 win 5000
        conn c
        open active 100
        +0 > S seq 0 len 0 <${mss(s)}>
        +0 < S. seq 0 ack 1 win 5000 <mss 1000>
        +0 > P. seq 1 ack 1 len 100
        +0 < . seq 1 ack 101 win 5000
        wait 601s
        conn d
        open active 100
        +0 > S seq 0 len 100 <${mss(s)}, ${COOKIE}>
      `);
    },
    CLIENT,
  );
  conform(
    'text that was not taken, and a new cookie: that one is used [RFC 7413 §4.2]',
    async (s) => {
      await learn(s);
      await s.run(`
        open active 100
        +0 > S seq 0 len 100
        +0 < S. seq 0 ack 1 win 5000 <mss 1000, ${OTHER}>
        +0 > P. seq 1 ack 1 len 100
        +0 < . seq 1 ack 101 win 5000
        conn c
        open active 100
        +0 > S seq 0 len 100 <${mss(s)}, ${OTHER}>
      `);
    },
    CLIENT,
  );
  conform(
    'no answer: the SYN goes again without cookie and text, and the next one too [RFC 7413 §4.2] [RFC 7413 §4.1.3.1]',
    async (s) => {
      await learn(s);
      await s.run(`
        open active 100
        +0 > S seq 0 len 100 <${mss(s)}, ${COOKIE}>
        +1 > S seq 0 len 0 <${mss(s)}>
        +2 > S seq 0 len 0 <${mss(s)}>
        +0 < S. seq 0 ack 1 win 5000 <mss 1000>
        +0 > P. seq 1 ack 1 len 100
        +0 < . seq 1 ack 101 win 5000
        conn c
        open active 100
        +0 > S seq 0 len 0 <${mss(s)}>
      `);
    },
    CLIENT,
  );
  conform(
    'the first SYN was only late: its text is acknowledged all the same [T324]',
    async (s) => {
      await learn(s);
      await s.run(`
        open active 100
        +0 > S seq 0 len 100
        +1 > S seq 0 len 0
        +0 < S. seq 0 ack 101 win 5000 <mss 1000>
        +0 > . seq 101 ack 1
        expect ESTABLISHED
      `);
    },
    CLIENT,
  );
  conform(
    'both ends open: the text of our SYN goes again [T095] [T324]',
    async (s) => {
      await learn(s);
      await s.run(`
        open active 100
        +0 > S seq 0 len 100
        +0 < S seq 0 win 5000 <mss 1000>
        +0 > S. seq 0 ack 1 len 0 <${mss(s)}>
        +0 < S. seq 0 ack 1 win 5000 <mss 1000>
        +0 > P. seq 1 ack 1 len 100
        expect ESTABLISHED
      `);
    },
    CLIENT,
  );
  conform('off is the default [RFC 7413 §2]', async (s) => {
    await s.run(`
      open active 100
      +0 > S seq 0 len 0 <${mss(s)}, sackOK, ws 0, ts * 0>
    `);
  });
});

describe('the server', () => {
  conform(
    'a FIN on the SYN is not acknowledged, and ends nothing: it comes again [T087] [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < SF seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
        event accept
        event data "GET"
        +0 < . seq 4 ack 1 win 5000
        expect ESTABLISHED
        no event end
        +0 < F. seq 4 ack 1 win 5000
        +0 > . seq 1 ack 5
        event end
      `);
    },
    SERVER,
  );
  conform(
    'takes text with a cookie of its own at once, and answers before the third ACK [RFC 7413 §4.1] [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4 len 0 <${mss(s)}>
        expect SYN_RECEIVED
        event accept
        event data "GET"
        send 1500
        +0 > . seq 1 ack 4 len 1000
        +0 > P. seq 1001 ack 4 len 500
        send 10
        > nothing
        +0 < . seq 4 ack 1 win 5000
        expect ESTABLISHED
        no event accept
        +0 < . seq 4 ack 1501 win 5000
        +0 > P. seq 1501 ack 4 len 10
      `);
      expect(core(s).counters).toMatchObject({ fastOpenPassive: 1, passiveOpens: 2, retransSegs: 0 });
    },
    SERVER,
  );
  conform(
    'the SYN,ACK is lost: it goes again without text, and so does the text after the handshake [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
        send 100
        +0 > P. seq 1 ack 4 len 100
        +1 > S. seq 0 ack 4 len 0
        +0 < . seq 4 ack 1 win 5000
        expect ESTABLISHED
        +3 > P. seq 1 ack 4 len 100
        +0 < . seq 4 ack 101 win 5000
        no event closed
      `);
    },
    SERVER,
  );
  conform(
    'the SYN comes twice: one connection, and its text once [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
        event accept
        event data "GET"
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
        +0 < S seq 0 win 5000 <mss 1000>
        +0 > S. seq 0 ack 4
        expect SYN_RECEIVED
        +0 < . seq 4 ack 1 win 5000
        expect ESTABLISHED
        no events
      `);
    },
    SERVER,
  );
  conform(
    'another SYN within the window ends nothing: the user has the connection [T147] [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
        +0 < S seq 10 win 5000
        +0 > . seq 1 ack 4
        expect SYN_RECEIVED
        no event closed
        +0 < . seq 4 ack 1 win 5000
        expect ESTABLISHED
      `);
    },
    SERVER,
  );
  conform(
    'a wrong cookie: a handshake like any other, and the right one [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${COOKIE}>
        +0 > S. seq 0 ack 1 <${mss(s)}, ${cookie}>
        no event accept
        +0 < P. seq 1 ack 1 win 5000 "GET"
        +* > . seq 1 ack 4
        event accept
        event data "GET"
      `);
      expect(core(s).counters).toMatchObject({ fastOpenPassive: 0, fastOpenFallbacks: 1 });
    },
    SERVER,
  );
  conform(
    'a cookie is good for its client alone [RFC 7413 §4.1]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        conn far peer 3
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 1
        no event accept
      `);
    },
    SERVER,
  );
  conform(
    'cookies expire: one of yesterday is renewed, an older one is none [RFC 7413 §4.1]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        wait 24h
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
      `);
      expect(lastCookie(s)).not.toBe(cookie);
      await s.run(`
        +0 < . seq 4 ack 1
        wait 24h
        conn c
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 1
      `);
    },
    SERVER,
  );
  conform(
    'a RST before the third ACK ends what the user has [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
        event accept
        +0 < R seq 4
        event closed ECONNRESET
        expect LISTEN
      `);
    },
    SERVER,
  );
  conform(
    'pending openings are limited, those that a RST ended included; beyond it a plain handshake [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
        +0 < R seq 4
        conn c
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 1 <${mss(s)}>
        +0 < R seq 1
        wait 61s
        conn d
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
      `);
      expect(core(s).counters).toMatchObject({ fastOpenPassive: 2, fastOpenFallbacks: 1 });
    },
    { ...SERVER, backlog: 2 },
  );
  conform(
    'CLOSE before the third ACK: the FIN goes at once [T050] [RFC 7413 §4.2]',
    async (s) => {
      const cookie = await cookieOf(s);
      await s.run(`
        +0 < S seq 0 win 5000 "GET" <mss 1000, ${cookie}>
        +0 > S. seq 0 ack 4
        close
        +0 > F. seq 1 ack 4
        expect FIN_WAIT_1
        +0 < F. seq 4 ack 2 win 5000
        +0 > . seq 2 ack 5
        expect TIME_WAIT
      `);
    },
    SERVER,
  );
});

/** RFC 9293 §3.9.2.1: source routes (RFC 791 §3.1, RFC 1122 §3.2.1.8). The peer, 10.0.0.2, sits behind gateways 10.0.0.9 and 10.0.0.8. */
import { describe, expect } from 'vitest';
import { EINVAL, ENETUNREACH } from '../../src/core/events.ts';
import type { Tcp } from '../../src/core/tcp/context.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { type CoreBackend, conformOnce } from './script/index.ts';

/** Completed: the pointer, third octet, is behind the last address. Recorded in the order of travel. */
const BY_9 = '8307080a00000900';
const BY_8_THEN_9 = '830b0c0a0000080a00000900';
const STRICT_BY_9 = '8907080a00000900';
/** Case B of RFC 1122 §3.2.1.8: the sender stands at the head. */
const FROM_2_BY_9 = '830b0c0a0000020a00000900';
/** The same with two gateways behind it, and with none. */
const FROM_2_BY_8_AND_9 = '830f100a0000020a0000080a00000900';
const BY_NOBODY = '83030400';
/** As many as there is room for. */
const BY_NINE = `832728${[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `0a00000${n}`).join('')}00`;
/** The pointer is at the last address: somebody else is to forward it. */
const ON_ITS_WAY = '8307040a00000900';
const TWO_LONG = '8306080a00000000';

const ACCEPT = { ip: { sourceRoutes: 'accept' } } as const;
const hop = (text: string): number => parseAddress(text)[3]!;
const named = (strict: boolean, ...hops: string[]): object => ({
  open: { sourceRoute: { strict, hops: hops.map(hop) } },
});

describe('passive: the way back of the SYN', () => {
  conformOnce(
    'is saved, and every segment of the connection goes by it [MUST-53]',
    `
      open passive
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${BY_9}
      +0 > S. seq 0 ack 1 route loose,10.0.0.9,10.0.0.2
      +1 > S. seq 0 ack 1 route loose,10.0.0.9,10.0.0.2
      +0 < . seq 1 ack 1
      event accept
      send 10
      +0 > P. seq 1 ack 1 len 10 route loose,10.0.0.9,10.0.0.2
      +0 < . seq 1 ack 11
      close
      +0 > F. seq 11 ack 1 route loose,10.0.0.9,10.0.0.2
      +0 < F. seq 1 ack 12
      +0 > . seq 12 ack 2 route loose,10.0.0.9,10.0.0.2
      expect TIME_WAIT
    `,
    ACCEPT,
  );

  conformOnce(
    'also what is said in TIME_WAIT goes by it [MUST-53]',
    `
      open passive
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${BY_9}
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1
      close
      +0 > F. seq 1 ack 1
      +0 < F. seq 1 ack 2
      +0 > . seq 2 ack 2
      +0 < F. seq 1 ack 2
      +0 > . seq 2 ack 2 route loose,10.0.0.9,10.0.0.2
      expect TIME_WAIT
    `,
    ACCEPT,
  );

  conformOnce(
    'two gateways are passed in reverse order, and a reset goes that way, too [MUST-53]',
    `
      open passive
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${BY_8_THEN_9}
      +0 > S. seq 0 ack 1 route loose,10.0.0.9,10.0.0.8,10.0.0.2
      +0 < . seq 1 ack 1 ipOptions ${BY_8_THEN_9}
      event accept
      abort
      +0 > R. seq 1 ack 1 route loose,10.0.0.9,10.0.0.8,10.0.0.2
    `,
    ACCEPT,
  );

  conformOnce(
    'a strict one stays strict; a sender at the head of the record is no gateway [MUST-53]',
    `
      open passive
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${STRICT_BY_9}
      +0 > S. seq 0 ack 1 route strict,10.0.0.9,10.0.0.2
      conn b port 40009
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${FROM_2_BY_9}
      +0 > S. seq 0 ack 1 route loose,10.0.0.9,10.0.0.2
      conn c port 40010
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${FROM_2_BY_8_AND_9}
      +0 > S. seq 0 ack 1 route loose,10.0.0.9,10.0.0.8,10.0.0.2
    `,
    ACCEPT,
  );

  conformOnce(
    'a route that names nobody is none [MUST-53]',
    `
      open passive
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${BY_NOBODY}
      +0 > S. seq 0 ack 1 route none
    `,
    ACCEPT,
  );

  conformOnce(
    'a SYN without a route is answered without one [MUST-53]',
    'open passive\n+0 < S seq 0 win 5000 <mss 1000>\n+0 > S. seq 0 ack 1 route none\n+0 < . seq 1 ack 1\nsend 10\n+0 > P. seq 1 ack 1 len 10 route none',
    ACCEPT,
  );

  conformOnce(
    'is in the way of text: a full segment is smaller by the option [MUST-16] [MUST-53]',
    async (s) => {
      await s.run`
        open passive
        +0 < S seq 0 win 9000 <mss 1000> ipOptions ${BY_9}
        +0 > S. seq 0 ack 1
        +0 < . seq 1 ack 1
        send 1984
        +0 > . seq 1 ack 1 len 992 route loose,10.0.0.9,10.0.0.2
        +0 > P. seq 993 ack 1 len 992 route loose,10.0.0.9,10.0.0.2
      `;
    },
    ACCEPT,
  );
});

describe('the least of what a peer may ask for', () => {
  for (const [what, ts, mss, text] of [
    ['without timestamps', '', 48, 48],
    ['with them', ', ts 1 0', 48, 36],
    ['and the peer says less', ', ts 1 0', 1, 36],
  ] as const) {
    conformOnce(
      `leaves room for text beside nine hops, ${what} [MUST-16] [MUST-53]`,
      `
        open passive
        +0 < S seq 0 win 9000 <mss ${mss}${ts}> ipOptions ${BY_NINE}
        +0 > S. seq 0 ack 1
        +0 < . seq 1 ack 1${ts === '' ? '' : ' <ts 2 0>'}
        send ${2 * text}
        +0 > . seq 1 ack 1 len ${text}
        +0 > P. seq ${1 + text} ack 1 len ${text}
      `,
      ACCEPT,
    );
  }
});

describe('a later route', () => {
  conformOnce(
    'counts from then on [SHLD-24]',
    `
      open passive
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${BY_9}
      +0 > S. seq 0 ack 1 route loose,10.0.0.9,10.0.0.2
      +0 < . seq 1 ack 1 ipOptions ${BY_8_THEN_9}
      send 10
      +0 > P. seq 1 ack 1 len 10 route loose,10.0.0.9,10.0.0.8,10.0.0.2
      +0 < . seq 1 ack 11
      send 10
      +0 > P. seq 11 ack 1 len 10 route loose,10.0.0.9,10.0.0.8,10.0.0.2
      +0 < . seq 1 ack 21 ipOptions ${STRICT_BY_9}
      send 10
      +0 > P. seq 21 ack 1 len 10 route strict,10.0.0.9,10.0.0.2
    `,
    ACCEPT,
  );

  conformOnce(
    'of a segment that is not acceptable does not [SHLD-24] [RFC 5961]',
    `
      open passive
      +0 < S seq 0 win 5000 <mss 1000> ipOptions ${BY_9}
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1
      +0 < . seq 77777 ack 1 ipOptions ${BY_8_THEN_9}
      +0 > . seq 1 ack 1 route loose,10.0.0.9,10.0.0.2
      +1 < P. seq 1 ack 77777 len 10 ipOptions ${BY_8_THEN_9}
      +0 > . seq 1 ack 1 route loose,10.0.0.9,10.0.0.2
    `,
    ACCEPT,
  );
});

describe('a later route of a segment that a step drops changes nothing', () => {
  for (const [what, flags, segment, answered] of [
    ['an old duplicate by its timestamp', 'P.', 'seq 1 ack 1 len 10 <ts 900 0>', true],
    ['one without ACK', 'P', 'seq 1 ack 1 len 10 <ts 1002 0>', false],
    ['a SYN that is challenged', 'S.', 'seq 1 ack 1 <ts 1002 0>', true],
    ['a reset that is challenged', 'R', 'seq 2', true],
    ['one whose acknowledgment is older than the last', 'P.', 'seq 1 ack 0 len 10 <ts 1002 0>', 'later'],
  ] as const) {
    conformOnce(
      `${what} [SHLD-24]`,
      `
        open passive
        +0 < S seq 0 win 5000 <mss 1000, ts 1000 0> ipOptions ${BY_9}
        +0 > S. seq 0 ack 1
        +0 < . seq 1 ack 1 <ts 1001 0>
        +0 < ${flags} ${segment} ipOptions ${BY_8_THEN_9}
        ${answered === 'later' ? '+.040 > . seq 1 ack 11' : answered ? '+0 > . seq 1 ack 1' : '+0 > nothing'}
        send 10
        +0 > P. seq 1 ack ${answered === 'later' ? 11 : 1} len 10 route loose,10.0.0.9,10.0.0.2
      `,
      ACCEPT,
    );
  }

  conformOnce(
    'and what fails leaves no route behind for the segments after it [MUST-53]',
    async (s) => {
      const { core } = s.backend as CoreBackend;
      const { t } = core as unknown as { t: Tcp };
      await s.run('open passive');
      const { find } = t.listeners;
      t.listeners.find = () => {
        throw new Error('nobody is at home');
      };
      await expect((async () => s.run(`+0 < S seq 0 win 5000 <mss 1000> ipOptions ${BY_9}`))()).rejects.toThrow(
        'nobody is at home',
      );
      t.listeners.find = find;
      expect(t.sourceRoutes.arrived).toBe(false);
    },
    ACCEPT,
  );
});

describe('active: the route that OPEN names', () => {
  const opening = (first: string, way: string): string => `
    open active
    +0 > S seq 0 route ${first}
    +1 > S seq 0 route ${first}
    +0 < S. seq 0 ack 1 win 5000 <mss 1000> ipOptions ${way}
    +0 > . seq 1 ack 1 route ${first}
    event connect
    send 10
    +0 > P. seq 1 ack 1 len 10 route ${first}
    +0 < . seq 1 ack 11 ipOptions ${way}
    close
    +0 > F. seq 11 ack 1 route ${first}
  `;

  conformOnce(
    'every segment goes by it, also where no other is taken [MUST-51]',
    opening('loose,10.0.0.8,10.0.0.9,10.0.0.2', BY_9),
    named(false, '10.0.0.8', '10.0.0.9'),
  );
  conformOnce('it may be strict [MUST-51]', opening('strict,10.0.0.8,10.0.0.2', BY_9), named(true, '10.0.0.8'));
  conformOnce('one that is received does not replace it [MUST-52]', opening('loose,10.0.0.8,10.0.0.2', BY_9), {
    ...ACCEPT,
    ...named(false, '10.0.0.8'),
  });
  conformOnce('an active OPEN without one has none, whatever comes [MUST-52]', opening('none', BY_9), ACCEPT);
  conformOnce(
    'the first address decides where packets go: neither the peer nor its network need be known [MUST-51]',
    async (s) => {
      const c = s.backend as CoreBackend;
      const from = parseAddress('10.0.0.1');
      const to = parseAddress('192.0.2.7');
      const open = (hops: string[], strict = false): number =>
        c.core.callConnect(from, 0, to, 80, { sourceRoute: { strict, hops: hops.map(hop) } }, c.now());
      expect(c.core.callConnect(from, 0, to, 80, {}, c.now())).toBe(ENETUNREACH);
      expect(open(['198.51.100.1'])).toBe(ENETUNREACH);
      expect(open(['224.0.0.9'])).toBe(ENETUNREACH);
      expect(open(['10.0.0.9'])).toBeGreaterThan(0);
      expect(open(['10.0.0.9'], true)).toBeGreaterThan(0);
      c.core.ip.addRoute(parseAddress('198.51.100.0'), 120, parseAddress('10.0.0.8'), 0);
      expect(open(['198.51.100.1'])).toBeGreaterThan(0);
      expect(open(['198.51.100.1'], true)).toBe(ENETUNREACH); // not a neighbour
      expect(open([])).toBe(EINVAL);
      expect(open(new Array(10).fill('10.0.0.9'))).toBe(EINVAL);
      const six = parseAddress('fd00::7');
      expect(
        c.core.callConnect(new Int32Array(4), 0, six, 80, { sourceRoute: { strict: false, hops: [1] } }, c.now()),
      ).toBe(EINVAL);
    },
  );
});

describe('answers to a route of our own', () => {
  const OWN = named(false, '10.0.0.8', '10.0.0.9');

  conformOnce(
    'are heard in TIME_WAIT, too [MUST-51]',
    `
      open active
      +0 > S seq 0
      +0 < S. seq 0 ack 1 win 5000 <mss 1000> ipOptions ${BY_9}
      +0 > . seq 1 ack 1
      close
      +0 > F. seq 1 ack 1
      +0 < F. seq 1 ack 2 ipOptions ${BY_9}
      +0 > . seq 2 ack 2
      +1 < F. seq 1 ack 2 ipOptions ${BY_9}
      +0 > . seq 2 ack 2 route loose,10.0.0.8,10.0.0.9,10.0.0.2
    `,
    OWN,
  );

  conformOnce(
    "are nobody's once the connection has ended: its entry alone lets nothing in [RFC 7126 §4.3]",
    `
      open active
      +0 > S seq 0
      +0 < S. seq 0 ack 1 win 5000 <mss 1000> ipOptions ${BY_9}
      +0 > . seq 1 ack 1
      +0 < R seq 1 ipOptions ${BY_9}
      expect CLOSED
      +0 < . seq 1 ack 1 ipOptions ${BY_9}
      +0 > nothing
      +0 < . seq 1 ack 1
      +0 > R seq 1
    `,
    OWN,
  );
});

describe('a route that nobody wants', () => {
  for (const [what, options] of [
    ['any, unless they are asked for', BY_9],
    ['a strict one', STRICT_BY_9],
    ['behind other options', `01019404000001${BY_9}00`],
    ['behind an option that is none', `0701${BY_9}0000`],
    ['behind an option longer than the header', `07ff${BY_9}0000`],
  ] as const) {
    conformOnce(`dropped: ${what} [RFC 7126 §4.3] [RFC 7126 §4.4]`, async (s) => {
      await s.run(`open passive\n+0 < S seq 0 win 5000 <mss 1000> ipOptions ${options}\n+0 > nothing\nexpect LISTEN`);
      await s.run('+0 < S seq 0 win 5000 <mss 1000>\n+0 > S. seq 0 ack 1 route none\n+0 < . seq 1 ack 1\nevent accept');
      await s.run(`+0 < P. seq 1 ack 1 len 10 ipOptions ${options}\n+0 > nothing\nno event data`);
    });
  }

  for (const [what, options] of [
    ['one that leads further', ON_ITS_WAY],
    ['one that is malformed', TWO_LONG],
  ] as const) {
    conformOnce(
      `dropped even where they are taken: ${what} [RFC 1122 §3.3.5]`,
      `open passive\n+0 < S seq 0 win 5000 <mss 1000> ipOptions ${options}\n+0 > nothing\nexpect LISTEN`,
      ACCEPT,
    );
  }
});

/** RFC 9293 §3.1, §3.2, §3.7, §3.9.1.2: what our segments look like, and when a short one may leave. */
import { describe, expect } from 'vitest';
import { bring, type CoreBackend, conform, type Script } from './script/index.ts';

describe('every segment', () => {
  for (const [what, size] of [
    ['odd', 333],
    ['even', 334],
  ] as const) {
    // The script checks the checksum of each frame that the stack sends, with the pseudo header of its family.
    conform(`text of ${what} length, SYN, FIN, RST: the checksum is right [MUST-2]`, async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        send ${size}
        +0 > P. seq 1 ack 1 len ${size}
        +0 < . seq 1 ack ${size + 1}
        abort
        +0 > R. seq ${size + 1} ack 1
      `;
    });
  }

  conform('a segment whose checksum is wrong is not there [MUST-3]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < P. seq 1 ack 1 len 10 badsum
      no events
      silence 100ms
      +0 < P. seq 1 ack 1 len 10
      event data 10
      +.040 > . seq 1 ack 11
    `;
  });

  conform('MSS is on the SYN alone [MUST-65]', async (s) => {
    await bring(s, 'ESTABLISHED', 'passive', 'mss 1000, sackOK');
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10 <>
      +0 < P. seq 1 ack 11 len 10
      close
      +0 > F. seq 11 ack 11 <>
    `;
  });

  conform(
    'every option we write but NOP has a length, and the header is padded with zeros [MUST-68] [MUST-69]',
    async (s) => {
      await bring(s, 'ESTABLISHED', 'active', 'mss 1000, sackOK, ws 2, ts 1 0');
      const kinds = (bytes: Uint8Array): number[] => {
        const found: number[] = [];
        for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
          found.push(bytes[at]!);
          at += bytes[at] === 1 ? 1 : bytes[at + 1]!;
        }
        return found.filter((kind) => kind !== 1);
      };
      // The SYN went by in `bring`: another one, of another connection.
      await s.run('conn b port 40001');
      const b = s.backend as CoreBackend;
      b.call(s.connection.tuple, { name: 'connect', words: [] });
      const frame = b.sent[0]!.bytes;
      const l4 = 14 + (s.family === 4 ? 20 : 40);
      const options = frame.subarray(l4 + 20, l4 + (frame[l4 + 12]! >> 4) * 4);
      expect(kinds(options)).toEqual([2, 4, 3, 8]);
      expect(options.length % 4).toBe(0);
      await s.run('+0 > S seq 0');
    },
  );

  conform('an MSS goes with every SYN, the default one too [SHLD-5] [MAY-3]', async (s) => {
    const ip = s.family === 4 ? 40 : 60;
    await s.run`
      option mtu 1280
      option sack off
      option timestamps off
      option windowScaling off
      listen
      +0 < S seq 0 <mss 536>
      +0 > S. seq 0 ack 1 <mss ${1280 - ip}>
      conn b port 40001
      open active
      +0 > S seq 0 <mss ${1280 - ip}>
    `;
  });

  conform('after the handshake each has ACK, RST too [UNTAGGED-20]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      nodelay on
      send 1500
      +0 > . seq 1 ack 1 len 1000
      +0 > P. seq 1001 ack 1 len 500
      send urgent 1
      +0 > PU. seq 1501 ack 1 len 1
      +0 < . seq 1 ack 1502
      close
      +0 > F. seq 1502 ack 1
      abort
      +0 > R. seq 1503 ack 1
    `;
  });
});

describe('the window field', () => {
  conform('0xFFFF is 65,535, never less than nothing [MUST-1]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run('+0 < . seq 1 ack 1 win 65535');
    expect(info(s).sndWnd).toBe(65_535);
  });

  conform('scaled by 14 it is almost 2^30, and text is sent [MUST-1] [REC-1]', async (s) => {
    await s.run`
      listen
      +0 < S seq 0 win 65535 <mss 1000, ws 14>
      +0 > S. seq 0 ack 1 <...>
      +0 < . seq 1 ack 1 win 65535
      send 1000
      +0 > P. seq 1 ack 1 len 1000
    `;
    expect(info(s).sndWnd).toBe(65_535 * 2 ** 14);
  });
});

describe('Nagle and PSH', () => {
  conform('a short segment waits while anything is outstanding, PSH or not [SHLD-7] [UNTAGGED-31]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10
      send 20
      send 30
      +0 > nothing
      silence 500ms
      +.1 < . seq 1 ack 11
      +0 > P. seq 11 ack 1 len 50
    `;
  });

  conform('turned off it leaves at once, and what waited leaves with it [MUST-17]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10
      send 1
      +0 > nothing
      nodelay on
      +0 > P. seq 11 ack 1 len 1
      send 1
      +0 > P. seq 12 ack 1 len 1
      nodelay off
      send 1
      silence 500ms
    `;
  });

  conform('full segments go although something is outstanding, and they are full [SHLD-28]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10
      send 2500
      +0 > . seq 11 ack 1 len 1000
      +0 > . seq 1011 ack 1 len 1000
      +.1 < . seq 1 ack 2011
      +0 > P. seq 2011 ack 1 len 500
    `;
  });

  conform('one and a half segments in one write do not wait for each other [UNTAGGED-13]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 1500
      +0 > . seq 1 ack 1 len 1000
      +0 > P. seq 1001 ack 1 len 500
    `;
  });

  conform('writes that were collected carry one PSH, on the last segment [MUST-61] [SHLD-27]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10
      send 400
      send 400
      send 400
      +0 > . seq 11 ack 1 len 1000
      +.1 < . seq 1 ack 1011
      +0 > P. seq 1011 ack 1 len 200
    `;
  });

  conform('a cork collects what was not pushed, and holds it for a bounded time [MAY-16] [MUST-60]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      cork on
      send 100
      send 100
      +0 > nothing
      +.2 > P. seq 1 ack 1 len 200
    `;
  });

  conform('taking the cork out pushes [MAY-15]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      cork on
      send 100
      +0 > nothing
      cork off
      +0 > P. seq 1 ack 1 len 100
    `;
  });

  conform('CLOSE pushes what was held back, and its FIN rides along [UNTAGGED-26]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      cork on
      send 100
      +0 > nothing
      close
      +0 > PF. seq 1 ack 1 len 100
    `;
  });

  conform('text in front of a FIN is delivered at once, PSH or not [UNTAGGED-26]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < F. seq 1 ack 1 len 10
      event data 10
      event end
      +0 > . seq 1 ack 12
    `;
  });
});

describe('what may be sent into a window (D queued, U usable)', () => {
  const rows: readonly (readonly [string, number, number, string])[] = [
    ['U >= MSS: a full one, the rest waits for it', 1500, 1200, '+0 > . seq 1 len 1000\n+0 > nothing'],
    ['D =< U and all pushed: at once', 300, 400, '+0 > P. seq 1 len 300'],
    ['none of them: the override timeout', 600, 300, '+0 > nothing\n+.2 > . seq 1 len 300'],
  ];
  for (const [what, queued, usable, then] of rows) {
    conform(`${what} [UNTAGGED-32] [MUST-38]`, async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run(`+0 < . seq 1 ack 1 win ${usable}\nsend ${queued}\n${then}`);
    });
  }

  conform('half of the largest window is worth a segment [UNTAGGED-32]', async (s) => {
    await s.run`
      listen
      +0 < S seq 0 win 600 <mss 1000>
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1 win 400
      send 1000
      +0 > . seq 1 ack 1 len 400
    `;
  });
});

function info(s: Script) {
  return (s.backend as CoreBackend).core.info(65);
}

/** RFC 9293 §3.9.1, §3.9.2: what the application and the IP layer tell each other through TCP. */
import { describe, expect } from 'vitest';
import { parseAddress } from '../../src/wire/address-text.ts';
import { bring, type CoreBackend, conform, type Script } from './script/index.ts';

describe('the Diffserv field and TTL', () => {
  conform(
    'set when the connection opens, they are on every segment as they are [MUST-48] [SHLD-22] [MUST-49]',
    async (s) => {
      await s.run`
        open active
        +0 > S seq 0 tos 184 ttl 7
        +0 < S. seq 0 ack 1 win 5000 <mss 1000>
        +0 > . seq 1 ack 1 tos 184 ttl 7
        send 10
        +0 > P. seq 1 ack 1 len 10 tos 184 ttl 7
        abort
        +0 > R. seq 11 ack 1 tos 184 ttl 7
      `;
    },
    { open: { tos: 184, ttl: 7 } },
  );

  conform(
    'set for a listener, its children have them [MUST-48] [MUST-49]',
    async (s) => {
      await bring(s, 'SYN_RECEIVED');
      await s.run('+0 < . seq 1 ack 1\nsend 10\n+0 > P. seq 1 ack 1 len 10 tos 32 ttl 255');
    },
    { open: { tos: 32, ttl: 255 } },
  );

  conform('changed while the connection lives: the next segment has it [SHLD-21]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10 tos 0 ttl 64
      tos 40
      +0 < . seq 1 ack 11
      send 10
      +0 > P. seq 11 ack 1 len 10 tos 40 ttl 64
    `;
  });

  conform('the one received last is shown [MAY-9]', async (s) => {
    await bring(s, 'ESTABLISHED');
    expect(info(s).receivedTos).toBe(0);
    await s.run('+0 < P. seq 1 ack 1 len 10 tos 200\nevent data 10\n+.04 > . seq 1 ack 11 tos 0');
    expect(info(s).receivedTos).toBe(200);
    await s.run('+0 < . seq 9999999 ack 1 tos 8\n+0 > . seq 1 ack 11');
    expect(info(s).receivedTos).toBe(200); // not from a segment that was not accepted
  });
});

describe('addresses', () => {
  conform('a connection keeps its local address, whatever else the stack gets [MUST-45]', async (s) => {
    await bring(s, 'ESTABLISHED');
    const { core, local } = s.backend as CoreBackend;
    const more = s.family === 4 ? ['10.0.0.7', '10.0.0.200'] : ['fd00::7', 'fd00::200'];
    for (const address of more) core.ip.addAddress(parseAddress(address), s.family === 4 ? 120 : 64, 0);
    // A segment from another address would not belong to this connection, and the script would say so.
    await s.run`
      send 10
      +0 > P. seq 1 ack 1 len 10 src ${local}
      +1 > P. seq 1 ack 1 len 10 src ${local}
      +0 < F. seq 1 ack 11
      +0 > . seq 11 ack 2 src ${local}
    `;
  });

  conform('LISTEN beside an opening on the same port, and beside connections [MUST-41] [MUST-42]', async (s) => {
    await s.run`
      open active
      +0 > S seq 0
      listen
      expect SYN_SENT
      +0 < S. seq 0 ack 1 win 5000 <mss 1000>
      +0 > . seq 1 ack 1
      conn b port 40001
      +0 < S seq 0 win 5000 <mss 1000>
      +0 > S. seq 0 ack 1
      +0 < . seq 1 ack 1
      event accept
      conn a
      send 10
      +0 > P. seq 1 ack 1 len 10
      expect ESTABLISHED
    `;
  });
});

describe('urgent data', () => {
  conform(
    'how much of it is unread can be asked at any time [MUST-33]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      expect(info(s).urgentLeft).toBe(0);
      await s.run('+0 < PU. seq 1 ack 1 len 100 urg 300\nevent urgent ahead\n+.04 > . seq 1 ack 101');
      expect(info(s).urgentLeft).toBe(300);
      await s.run('read 100');
      expect(info(s).urgentLeft).toBe(200);
      await s.run('+0 < P. seq 101 ack 1 len 200\nevent urgent reached\n+.04 > . seq 1 ack 301');
      expect(info(s).urgentLeft).toBe(200); // it has come, but nobody has read it
      await s.run('read 200');
      expect(info(s).urgentLeft).toBe(0);
    },
    { reading: 'manual' },
  );

  conform(
    'sent: the pointer is the octet behind the last one, over several segments [MUST-30] [MUST-31] [MUST-62]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
      send urgent 2500
      +0 > U. seq 1 ack 1 len 1000 urg 2500
      +0 > U. seq 1001 ack 1 len 1000 urg 1500
      +0 > UP. seq 2001 ack 1 len 500 urg 500
    `;
    },
  );
});

describe('the send queue', () => {
  conform('what was not sent yet can be taken back [MAY-14]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 1000
      send 2500
      +0 > . seq 1 ack 1 len 1000
      discard -> 1500
      +.1 < . seq 1 ack 1001 win 5000
      +0 > nothing
      discard
      close
      +0 > F. seq 1001 ack 1
    `;
  });

  conform('all of it, while the peer has closed its window [MAY-14]', async (s) => {
    await bring(s, 'ESTABLISHED');
    await s.run`
      +0 < . seq 1 ack 1 win 0
      send 2500
      discard -> 2500
      silence 100s
      +0 < . seq 1 ack 1 win 5000
      +0 > nothing
      close
      +0 > F. seq 1 ack 1
    `;
  });

  conform(
    'with a low-water mark SEND takes only what is about to leave [UNTAGGED-14]',
    async (s) => {
      await bring(s, 'ESTABLISHED');
      await s.run`
        +0 < . seq 1 ack 1 win 2000
        send 10000 -> 4000
        +0 > . seq 1 ack 1 len 1000
        +0 > . seq 1001 ack 1 len 1000
        event drain 2000
        send 10000 -> 2000
        +.1 < . seq 1 ack 1001 win 2000
        +0 > . seq 2001 ack 1 len 1000
        event drain
      `;
    },
    { tcp: { notSentLowat: 4000 } },
  );
});

function info(s: Script) {
  return (s.backend as CoreBackend).core.info(65);
}

/** RFC 9293 §3.4 to §3.6, §3.9.1.1, §3.9.2.2: numbers, opening, ending, addresses, ICMP. */
import { Bench, type Check, IRS, MSS_1000, must } from './bench.ts';
import { ACK, FIN, RST, STACK, SYN } from './peer.ts';

const TUPLE = { localPort: 5000 };

/** The ISN of a connection of the same four-tuple each time. */
async function isn(b: Bench): Promise<number> {
  const { syn } = await b.open(TUPLE);
  await b.say({ flags: RST | ACK, seq: 0, ack: syn.seq + 1 });
  return syn.seq;
}

export const opening: readonly Check[] = [
  {
    ids: ['MUST-8'],
    what: 'initial sequence numbers follow a clock of 4 µs',
    async run(b) {
      const first = await isn(b);
      const from = b.world.now;
      await b.wait(1000);
      const gone = ((await isn(b)) - first) | 0;
      const clock = (b.world.now - from) * 250;
      must(Math.abs(gone - clock) < 10_000, `${gone} is about ${clock} further on`);
    },
  },
  {
    ids: ['MUST-9', 'SHLD-1'],
    what: 'initial sequence numbers depend on a secret and on the four-tuple',
    async run(b) {
      const first = (await b.open({ localPort: 5001 })).syn.seq;
      const second = (await b.open({ localPort: 5002 })).syn.seq;
      must(Math.abs((second - first) | 0) > 10_000, 'two connections at one time have unrelated numbers');
      const other = new Bench({}, 4);
      const theirs = (await other.open({ localPort: 5001 })).syn.seq;
      await other.world.close();
      must(Math.abs((theirs - first) | 0) > 10_000_000, 'a stack with another secret has others');
    },
  },
  {
    ids: ['MUST-10', 'MUST-11'],
    what: 'simultaneous open; a RST in SYN-RECEIVED ends an active open as refused',
    async run(b) {
      const { opened } = await b.open();
      const heard = await b.say({ flags: SYN, seq: IRS, options: MSS_1000 });
      must(
        heard.some((s) => s.flags === (SYN | ACK) && b.at(s) === 0),
        'our SYN again, with ACK',
      );
      await b.say({ flags: SYN | ACK, seq: IRS, ack: b.iss + 1, options: MSS_1000 });
      await b.ack(1);
      must((await b.world.settle(opened)).state === 'ESTABLISHED', 'established');
      const second = await b.open();
      await b.say({ flags: SYN, seq: IRS, options: MSS_1000 });
      await b.say({ flags: RST, seq: IRS + 1 });
      const error = await b.world.settle(second.opened).catch((e: { code?: string }) => e);
      must((error as { code?: string }).code === 'ECONNREFUSED', 'refused');
    },
  },
  {
    ids: ['MUST-11'],
    what: 'a RST in SYN-RECEIVED of a listener goes back to LISTEN in silence',
    async run(b) {
      b.serve();
      await b.say({ flags: SYN, seq: IRS, options: MSS_1000 }, 10);
      await b.say({ flags: RST, seq: IRS + 1 });
      must(b.events.length === 0, 'the user is not told');
      b.rport++;
      must((await b.say({ flags: SYN, seq: IRS, options: MSS_1000 }))[0]?.flags === (SYN | ACK), 'it listens on');
    },
  },
  {
    ids: ['MUST-12'],
    what: 'the end and an abort are told apart',
    async run(b) {
      await b.accept();
      await b.say({ flags: RST, seq: IRS + 1 });
      must(b.events.at(-1) === 'close ECONNRESET' && !b.events.includes('end'), 'an abort is an error');
      b.rport++;
      await b.say({ flags: SYN, seq: IRS, options: MSS_1000 }).then(([s]) => {
        b.iss = s!.seq;
      });
      await b.ack(1);
      await b.say({ flags: FIN | ACK, seq: IRS + 1, ack: b.iss + 1 });
      must(b.events.includes('end'), 'a FIN is an end');
    },
  },
  {
    ids: ['MUST-13'],
    what: 'the active closer stays in TIME-WAIT for twice the MSL',
    options: { tcp: { msl: 20_000 } },
    async run(b) {
      const conn = await b.accept();
      conn.end();
      await b.ack(2, 32_000, 1);
      await b.say({ flags: FIN | ACK, seq: IRS + 1, ack: b.iss + 2 });
      await b.wait(38_000);
      must(!(await b.say({ flags: ACK, seq: IRS + 2, ack: b.iss + 2 })).some((s) => s.flags & RST), 'held for 38 s');
      await b.wait(4000);
      must(
        (await b.say({ flags: ACK, seq: IRS + 2, ack: b.iss + 2 })).some((s) => s.flags & RST),
        'gone after 40 s',
      );
    },
  },
  {
    ids: ['MUST-41', 'MUST-42'],
    what: 'listening beside an opening and beside connections on the port',
    async run(b) {
      await b.open({ localPort: 80 });
      b.serve();
      await b.say({ flags: SYN | ACK, seq: IRS, ack: b.iss + 1, options: MSS_1000 });
      must(!(await b.gone()), 'the opening goes on');
      b.rport++;
      must((await b.say({ flags: SYN, seq: IRS, options: MSS_1000 }))[0]?.flags === (SYN | ACK), 'and it listens');
    },
  },
  {
    ids: ['MUST-43', 'MUST-44', 'MUST-45'],
    what: 'the local address: asked for, chosen, kept',
    async run(b) {
      const { syn } = await b.open();
      must(syn.source === STACK, 'one of ours is chosen before the SYN');
      const refused = await b.stack.open({ host: '10.0.0.2', port: 9, localAddress: '10.0.0.77' }).catch((e) => e);
      must((refused as { code?: string }).code === 'EADDRNOTAVAIL', 'one that is not ours is refused');
      const heard = await b.say({ flags: SYN | ACK, seq: IRS, ack: b.iss + 1, options: MSS_1000 });
      must(
        heard.every((s) => s.source === STACK),
        'later segments keep it',
      );
    },
  },
  {
    ids: ['MUST-46'],
    what: 'no connection to a group',
    async run(b) {
      for (const host of ['224.0.0.1', '255.255.255.255']) {
        const error = await b.stack.open({ host, port: 9 }).catch((e) => e);
        must((error as { code?: string }).code === 'EINVAL', `${host} is refused`);
      }
      must((await b.hear(100)).length === 0, 'and nothing is sent');
    },
  },
  {
    ids: ['MUST-54', 'MUST-56', 'MUST-47', 'SHLD-25'],
    what: 'soft ICMP errors reach the connection they are about, and end nothing',
    async run(b) {
      const conn = await b.accept();
      conn.write('x');
      const [text] = await b.hear();
      for (const [type, code] of [
        [3, 0],
        [3, 1],
        [3, 5],
        [11, 0],
        [11, 1],
        [12, 0],
      ] as const) {
        b.peer.complain(text!, type, code);
        await b.wait(1);
      }
      must(b.events.filter((e) => e === 'soft ERR_USERTCP_ICMP').length === 6, 'all six are told');
      must(conn.state === 'ESTABLISHED', 'the connection lives');
      const { syn, opened } = await b.open();
      let failed = false;
      opened.catch(() => {
        failed = true;
      });
      b.peer.complain(syn, 3, 1);
      await b.wait(10);
      must(!failed, 'an opening goes on, too');
    },
  },
  {
    ids: ['MUST-55'],
    what: 'source quench is dropped',
    async run(b) {
      const conn = await b.accept();
      conn.write('x');
      const [text] = await b.hear();
      b.peer.complain(text!, 4, 0);
      await b.wait(1);
      must(!b.events.some((e) => e.startsWith('soft')), 'nobody hears of it');
    },
  },
];

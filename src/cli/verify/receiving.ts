/** RFC 9293 §3.8.4 to 3.8.6, §3.9.1, §3.10.7.4: receiving, keep-alive, urgent data, what the application sets. */
import { type Check, IRS, must } from './bench.ts';
import { ACK, PSH, RST, SYN, URG } from './peer.ts';

const text = (seq: number, ack: number, length: number, flags = ACK) => ({ flags, seq, ack, length });

export const receiving: readonly Check[] = [
  {
    ids: ['MUST-39', 'SHLD-14'],
    what: 'the window opens by a segment at least',
    options: { tcp: { initialWindow: 10_000, receiveBuffer: 10_000 } },
    async run(b) {
      const conn = await b.accept();
      conn.pause();
      for (let n = 0; n < 10; n++) b.send(text(IRS + 1 + 1000 * n, b.iss + 1, 1000));
      const heard = await b.hear(100);
      must(heard.at(-1)?.window === 0, 'it closes while nobody reads');
      conn.resume();
      const [update] = await b.hear(100);
      must(update !== undefined && update.window >= 1000, 'and opens again by much');
    },
  },
  {
    ids: ['MUST-40', 'SHLD-18'],
    what: 'one segment is acknowledged within half a second',
    async run(b) {
      await b.accept();
      must(
        (await b.say(text(IRS + 1, b.iss + 1, 10), 499)).some((s) => s.ack === IRS + 11),
        'within 500 ms',
      );
    },
  },
  {
    ids: ['MUST-58', 'MUST-59'],
    what: 'segments that come together are acknowledged together',
    async run(b) {
      await b.accept();
      for (let n = 0; n < 20; n++) b.send(text(IRS + 1 + 1000 * n, b.iss + 1, 1000));
      const heard = await b.hear(100);
      must(heard.length < 10 && heard.at(-1)?.ack === IRS + 20_001, `${heard.length} ACKs for 20 segments`);
    },
  },
  {
    ids: ['MUST-66', 'UNTAGGED-6', 'UNTAGGED-22'],
    what: 'with a closed window URG and RST at RCV.NXT are heard',
    options: { tcp: { initialWindow: 5000, receiveBuffer: 5000 } },
    async run(b) {
      const conn = await b.accept();
      conn.pause();
      for (let n = 0; n < 5; n++) b.send(text(IRS + 1 + 1000 * n, b.iss + 1, 1000));
      await b.wait(100);
      b.peer.seen.length = 0;
      const probe = await b.say(text(IRS + 5001, b.iss + 1, 1), 50);
      must(probe[0]?.ack === IRS + 5001 && probe[0].window === 0, 'a probe is answered');
      await b.say({ flags: ACK | URG, seq: IRS + 5001, ack: b.iss + 1, urgent: 5 });
      must(b.events.includes('urgent 0'), 'urgent data is told');
      await b.say({ flags: RST, seq: IRS + 5001 });
      must(conn.state === 'CLOSED', 'the RST is taken');
      conn.resume();
      await b.wait(1);
      must(b.events.at(-1) === 'close ECONNRESET', 'and told behind the text');
    },
  },
  {
    ids: ['UNTAGGED-6', 'UNTAGGED-7'],
    what: 'RST and SYN inside the window are asked about, never believed',
    async run(b) {
      const conn = await b.accept();
      const heard = await b.say({ flags: RST, seq: IRS + 100 }, 10);
      must(heard[0]?.flags === ACK && conn.state === 'ESTABLISHED', 'a challenge ACK');
      await b.wait(2000);
      b.peer.seen.length = 0;
      must((await b.say({ flags: 2, seq: IRS + 100 }, 10))[0]?.flags === ACK, 'for a SYN, too');
      await b.say({ flags: RST, seq: IRS + 200_000 }, 10);
      must(conn.state === 'ESTABLISHED', 'a RST outside is nothing');
    },
  },
  {
    ids: ['MUST-25', 'MUST-28'],
    what: 'no keep-alive unless it is asked for, then after two hours by default',
    async run(b) {
      await b.accept();
      must((await b.hear(36_000_000)).length === 0, 'ten hours of silence');
      await b.open({ keepAlive: true });
      await b.say({ flags: SYN | ACK, seq: IRS, ack: b.iss + 1 });
      must((await b.hear(7_190_000)).length === 0, 'two hours of silence');
      must((await b.hear(20_000)).length > 0, 'then a probe');
    },
  },
  {
    ids: ['MUST-24', 'MUST-26', 'MUST-27', 'MUST-29', 'SHLD-12'],
    what: 'keep-alive: times as set, put off by traffic, one lost probe ends nothing, turned off again',
    async run(b) {
      const conn = await b.accept();
      conn.setKeepAlive(true, 10_000, 1000, 3);
      await b.wait(6000);
      await b.say(text(IRS + 1, b.iss + 1, 1), 100);
      must((await b.hear(9500)).length === 0, 'traffic puts it off');
      const probes = await b.hear(2000);
      must(probes.length >= 1 && b.at(probes[0]) === 0 && probes[0]!.length === 0, 'SEQ is SND.NXT - 1, no text');
      must(conn.state === 'ESTABLISHED', 'a lost one ends nothing');
      b.send({ flags: ACK, seq: IRS + 2, ack: b.iss + 1 });
      await b.wait(1);
      conn.setKeepAlive(false);
      must((await b.hear(100_000)).length === 0, 'turned off');
      conn.setKeepAlive(true, 10_000, 1000, 3);
      await b.wait(30_000);
      must(b.events.at(-1) === 'close ETIMEDOUT', 'all of them lost: ETIMEDOUT');
    },
  },
  {
    ids: ['MUST-30', 'MUST-31', 'MUST-62'],
    what: 'urgent data: the pointer is the octet behind it, whatever its length',
    async run(b) {
      const conn = await b.accept();
      conn.sendUrgent(Buffer.alloc(2500));
      const heard = await b.hear();
      must(heard.length === 3 && heard.every((s) => (s.flags & URG) !== 0), 'URG on all of it');
      must(
        heard.every((s) => b.at(s) + s.urgent === 2501),
        'they point at the same octet',
      );
    },
  },
  {
    ids: ['MUST-32', 'MUST-33', 'UNTAGGED-15'],
    what: 'urgent data received: told when it appears and when its end moves, counted while it is unread',
    async run(b) {
      const conn = await b.accept();
      await b.say({ flags: ACK | URG | PSH, seq: IRS + 1, ack: b.iss + 1, length: 10, urgent: 30 });
      must(conn.bytesToUrgentMark === 20, '20 octets are left');
      conn.pause();
      await b.say({ flags: ACK | URG, seq: IRS + 11, ack: b.iss + 1, length: 10, urgent: 40 });
      await b.say(text(IRS + 21, b.iss + 1, 30));
      must(conn.bytesToUrgentMark === 40, 'what has come and was not read counts');
      conn.resume();
      await b.wait(1);
      must(conn.bytesToUrgentMark === 0, 'and then it was read');
      const urgent = b.events.filter((e) => e.startsWith('urgent'));
      must(urgent.join() === 'urgent 0,urgent 1,urgent 2', `ahead, moved, reached: ${urgent}`);
    },
  },
  {
    ids: ['MUST-48', 'MUST-49', 'SHLD-21', 'SHLD-22', 'MAY-9'],
    what: 'Diffserv and TTL as they were set; the one received is shown',
    options: { tcp: { ttl: 9 } },
    async run(b) {
      const conn = await b.accept();
      conn.setTypeOfService(0xb8).write('x');
      const [seen] = await b.hear();
      must(((seen?.tos ?? 0) & 0xfc) === 0xb8 && seen?.ttl === 9, 'on the segments');
      await b.say({ ...text(IRS + 1, b.iss + 2, 1), tos: 0x28 });
      must(conn.receivedTypeOfService === 0x28, 'and of those received');
      const { syn } = await b.open({ typeOfService: 0x40, ttl: 7 });
      must((syn.tos & 0xfc) === 0x40 && syn.ttl === 7, 'those of one connection, from its SYN on');
    },
  },
];

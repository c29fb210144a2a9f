/** RFC 9293 §3.7.4, §3.8.1 to 3.8.3, §3.8.6, §3.9.1.2: what is sent, when, and sent again. */
import { type Check, IRS, MSS_1000, must } from './bench.ts';
import { ACK, PSH, SYN } from './peer.ts';

export const sending: readonly Check[] = [
  {
    ids: ['MUST-17', 'SHLD-7', 'MUST-61', 'UNTAGGED-31'],
    what: 'Nagle holds short segments back until it is turned off; PSH on the last one',
    async run(b) {
      const conn = await b.accept();
      conn.write('first');
      const [first] = await b.hear();
      must(first?.length === 5 && (first.flags & PSH) !== 0, 'the first goes at once, with PSH');
      conn.write('second');
      must((await b.hear(100)).length === 0, 'the second waits');
      conn.setNoDelay(true);
      must((await b.hear())[0]?.length === 6, 'until Nagle is off');
    },
  },
  {
    ids: ['MUST-60'],
    what: 'a cork does not hold text back for ever',
    async run(b) {
      const conn = await b.accept();
      conn.cork(true).write('corked');
      must((await b.hear(50)).length === 0, 'it waits');
      must((await b.hear(1000))[0]?.length === 6, 'and leaves within a second');
    },
  },
  {
    ids: ['MUST-18', 'MUST-19', 'SHLD-9', 'MUST-47'],
    what: 'the retransmission timeout doubles, nothing is measured on retransmissions, R1 is told',
    async run(b) {
      const conn = await b.accept();
      const before = conn.info()!.srttUs;
      conn.write('x');
      const times = (await b.hear(20_000)).map((s) => s.time);
      must(times.length >= 5, 'it is sent again and again');
      const gaps = times.slice(1).map((t, n) => t - times[n]!);
      // The first resend may be a tail loss probe (RFC 8985 §7), which comes earlier than the timeout.
      const late = gaps.slice(2);
      must(
        late.every((gap, n) => n === 0 || Math.abs(gap / late[n - 1]! - 2) < 0.2),
        `doubled: ${gaps}`,
      );
      await b.ack(2);
      must(conn.info()!.srttUs === before, 'no sample from it');
      must(b.events.includes('soft ETIMEDOUT'), 'R1 was told');
    },
  },
  {
    ids: ['MUST-20', 'SHLD-11'],
    what: 'text nobody acknowledges is given up at R2, not before 100 s',
    async run(b) {
      const conn = await b.accept();
      conn.write('x');
      await b.wait(100_000);
      must(conn.state === 'ESTABLISHED', 'not yet after 100 s');
      await b.wait(3_000_000);
      must(b.events.at(-1) === 'close ETIMEDOUT', 'then ETIMEDOUT');
    },
  },
  {
    ids: ['MUST-21'],
    what: 'the user timeout is obeyed',
    async run(b) {
      const conn = await b.accept();
      conn.setUserTimeout(5000).write('x');
      await b.wait(4000);
      must(conn.state === 'ESTABLISHED', 'not before');
      await b.wait(2000);
      must(b.events.at(-1) === 'close ETIMEDOUT', 'then ETIMEDOUT');
    },
  },
  {
    ids: ['MUST-22', 'MUST-23'],
    what: 'an unanswered SYN is tried for three minutes and then reported',
    async run(b) {
      const { opened } = await b.open();
      let error: { code?: string } | undefined;
      opened.catch((e) => {
        error = e;
      });
      await b.wait(180_000);
      must(error === undefined, 'not before 180 s');
      must(b.peer.seen.filter((s) => s.flags === SYN).length >= 6, 'it is sent again and again');
      await b.wait(200_000);
      must(error?.code === 'ETIMEDOUT', 'then ETIMEDOUT');
    },
  },
  {
    ids: ['MUST-34', 'MUST-35', 'SHLD-15'],
    what: 'a window that shrinks, to nothing at last',
    async run(b) {
      const conn = await b.accept(MSS_1000, 5000);
      conn.write(Buffer.alloc(8000));
      must((await b.hear()).length === 5, 'the window is filled');
      must(
        (await b.ack(1001, 1000)).every((s) => s.length === 0),
        'no new text beyond the new edge',
      );
      await b.ack(1001, 0);
      must(
        (await b.hear(20_000)).some((s) => s.length > 0),
        'with no window left it is probed',
      );
      await b.ack(1001, 30_000);
      for (let acked = 2001; acked <= 8001; acked += 1000) await b.ack(acked, 30_000, 200);
      must(conn.info()!.sndQueued === 0, 'all of it leaves once there is room');
    },
  },
  {
    ids: ['MUST-36', 'MUST-37', 'SHLD-29', 'SHLD-30'],
    what: 'a closed window is probed ever more slowly, and the connection lives while probes are answered',
    async run(b) {
      const conn = await b.accept();
      await b.ack(1, 0);
      conn.write('waiting');
      const from = b.world.now;
      let probes = 0;
      while (b.world.now - from < 3_600_000) {
        const heard = await b.hear(1000);
        if (heard.length === 0) continue;
        probes += heard.length;
        b.send({ flags: ACK, seq: IRS + 1, ack: b.iss + 1, window: 0 });
      }
      must(probes >= 30 && probes < 400, `${probes} probes in an hour`);
      must(conn.state === 'ESTABLISHED', 'established after an hour');
    },
  },
  {
    ids: ['MUST-38', 'UNTAGGED-32'],
    what: 'no short segments into a small window, until the override timeout',
    async run(b) {
      const conn = await b.accept();
      await b.ack(1, 300);
      conn.write(Buffer.alloc(1000));
      must((await b.hear(50)).length === 0, 'nothing at once');
      must((await b.hear(1000))[0]?.length === 300, 'what fits, within a second');
    },
  },
];

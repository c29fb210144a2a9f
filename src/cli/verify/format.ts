/** RFC 9293 §3.1, §3.2, §3.7.1, §3.9.2: headers, options, sizes, and what is not for us. */
import { type Bench, type Check, IRS, MSS_1000, must } from './bench.ts';
import { ACK, FIN, PSH, RST, type Seen, SYN } from './peer.ts';

/** Kinds of the options; undefined when a length is wrong or the padding is not zero. */
function kinds(options: Uint8Array): number[] | undefined {
  const found: number[] = [];
  let at = 0;
  while (at < options.length && options[at] !== 0) {
    const kind = options[at]!;
    const length = kind === 1 ? 1 : (options[at + 1] ?? 0);
    if (length < 1 || at + length > options.length || (kind === 2 && length !== 4)) return undefined;
    if (kind !== 1) found.push(kind);
    at += length;
  }
  return options.subarray(at).every((octet) => octet === 0) ? found : undefined;
}

/** A whole life: opening, text both ways, the end. */
async function life(b: Bench): Promise<Seen[]> {
  const { syn, opened } = await b.open();
  const heard = [syn];
  heard.push(...(await b.say({ flags: SYN | ACK, seq: IRS, ack: b.iss + 1, options: [...MSS_1000, 4, 2, 1, 1] })));
  const conn = await b.world.settle(opened);
  void conn.write(Buffer.alloc(1501));
  heard.push(...(await b.hear()));
  heard.push(...(await b.say({ flags: ACK | PSH, seq: IRS + 1, ack: b.iss + 1502, length: 33 }, 100)));
  conn.closeWrite();
  heard.push(...(await b.hear()));
  heard.push(...(await b.say({ flags: ACK | FIN, seq: IRS + 34, ack: b.iss + 1503 })));
  return heard;
}

export const format: readonly Check[] = [
  {
    ids: ['MUST-2', 'MUST-65', 'MUST-68', 'MUST-69', 'UNTAGGED-1', 'UNTAGGED-20'],
    what: 'checksums, options and reserved bits of a whole connection',
    async run(b) {
      const heard = await life(b);
      must(heard.length >= 6, 'the connection goes through its life');
      must(
        heard.every((s) => s.sound),
        'checksums are right, reserved bits zero',
      );
      must(
        heard.every((s) => kinds(s.options) !== undefined),
        'options have their lengths, padding is zero',
      );
      must(
        heard.every((s) => (s.flags & SYN) !== 0 || !kinds(s.options)!.includes(2)),
        'MSS on SYN segments only',
      );
      must(
        heard.every((s) => (s.flags & (SYN | ACK)) !== 0),
        'ACK on every segment after the SYN',
      );
    },
  },
  {
    ids: ['MUST-3'],
    what: 'a segment with a wrong checksum is dropped',
    async run(b) {
      await b.accept();
      await b.say({ flags: ACK, seq: IRS + 1, ack: b.iss + 1, length: 10, spoiled: true }, 300);
      must(!b.events.some((e) => e.startsWith('data')), 'its text is not delivered');
    },
  },
  {
    ids: ['MUST-4', 'MUST-5', 'MUST-6', 'MUST-14', 'MUST-16', 'MUST-64', 'UNTAGGED-1'],
    what: 'options in any place, on any segment, unknown ones among them; the MSS is obeyed',
    async run(b) {
      const conn = await b.accept([1, 0xfe, 8, 1, 2, 3, 4, 5, 6, 2, 4, 1, 44, 1]);
      await b.say({
        flags: ACK,
        seq: IRS + 1,
        ack: b.iss + 1,
        length: 9,
        options: [1, 1, 0xfd, 3, 7, 0],
        reserved: 14,
      });
      must(b.events.includes('data 9'), 'text behind options is delivered');
      conn.write(Buffer.alloc(900));
      const sizes = (await b.hear()).filter((s) => s.length > 0).map((s) => s.length);
      must(sizes.length === 3 && sizes.every((n) => n === 300), `segments of the peer's MSS, 300, not ${sizes}`);
    },
  },
  {
    ids: ['MUST-16', 'MUST-64'],
    what: 'timestamps at any alignment; what they take is taken off the size',
    async run(b) {
      const stamp = (value: number): number[] => [1, 8, 10, 0, 0, 0, value, 0, 0, 0, 0, 1];
      b.serve();
      const [synAck] = await b.say({ flags: SYN, seq: IRS, options: [...stamp(5), ...MSS_1000] }, 10);
      const at = synAck?.options.indexOf(8) ?? -1;
      must(at >= 0 && synAck!.options[at + 9] === 5, 'the timestamp is echoed');
      b.iss = synAck!.seq;
      await b.say({ flags: ACK, seq: IRS + 1, ack: b.iss + 1, options: stamp(6) });
      b.conn!.write(Buffer.alloc(1976));
      const sizes = (await b.hear()).map((s) => s.length);
      must(sizes.length === 2 && sizes.every((n) => n === 988), `988 octets, not ${sizes}`);
    },
  },
  {
    ids: ['MUST-7'],
    what: 'illegal option lengths harm nobody',
    async run(b) {
      await b.accept();
      let at = IRS + 1;
      for (const options of [
        [0xfe, 0, 1, 1],
        [0xfe, 1, 1, 1],
        [0xfe, 9, 1, 1],
      ]) {
        await b.say({ flags: ACK, seq: at, ack: b.iss + 1, length: 5, options });
        at += 5;
      }
      must(b.conn!.state === 'ESTABLISHED', 'the connection lives');
    },
  },
  {
    ids: ['MUST-15'],
    what: 'without an MSS option segments are 536 octets',
    async run(b) {
      const conn = await b.accept([]);
      conn.write(Buffer.alloc(1072));
      const sizes = (await b.hear()).map((s) => s.length);
      must(sizes.length === 2 && sizes.every((n) => n === 536), `536 octets, not ${sizes}`);
    },
  },
  {
    ids: ['MUST-67', 'SHLD-5'],
    what: 'the MSS offered is what a frame holds',
    async run(b) {
      const { syn } = await b.open();
      const at = syn.options.indexOf(2);
      must(((syn.options[at + 2]! << 8) | syn.options[at + 3]!) === 1460, 'MSS is MTU - 40');
    },
  },
  {
    ids: ['MUST-1', 'REC-1'],
    what: 'the largest windows are large, not negative',
    async run(b) {
      const conn = await b.accept([...MSS_1000, 3, 3, 14, 1], 0xffff);
      conn.write(Buffer.alloc(1000));
      must(
        (await b.hear()).some((s) => s.length === 1000),
        'text is sent into it',
      );
    },
  },
  {
    ids: ['MUST-50'],
    what: 'unknown IP options are ignored',
    async run(b) {
      b.serve();
      const heard = await b.say(
        { flags: SYN, seq: IRS, options: MSS_1000, ipOptions: [0x94, 4, 0, 0, 0x9e, 4, 9, 9] },
        10,
      );
      must(heard[0]?.flags === (SYN | ACK), 'a SYN with them is answered');
    },
  },
  {
    ids: ['MUST-57'],
    what: 'nothing is answered to what came to everybody',
    async run(b) {
      b.serve();
      const heard = await b.say({ flags: SYN, seq: IRS, options: MSS_1000, broadcast: true }, 100);
      must(heard.length === 0, 'a SYN in a broadcast frame draws silence');
    },
  },
  {
    ids: ['MUST-63'],
    what: 'a SYN from an impossible source is ignored',
    async run(b) {
      b.serve();
      for (const source of [0x7f000001, 0xe0000001, 0xffffffff, 0, 0x0a0000ff, 0x0a000001]) {
        for (const port of [80, 81]) {
          b.lport = port;
          const heard = await b.say({ flags: SYN, seq: IRS, options: MSS_1000, source }, 50);
          must(heard.length === 0, `${source}: silence`);
        }
      }
    },
  },
  {
    ids: ['UNTAGGED-4'],
    what: 'a RST is never answered',
    async run(b) {
      must((await b.say({ flags: RST, seq: 1 }, 50)).length === 0, 'silence');
      must((await b.say({ flags: ACK, seq: 1, ack: 7 }, 50))[0]?.flags === RST, 'what is no RST draws one');
    },
  },
];

/** RFC 9293 §3.9.2.1: source routes, by the options of RFC 791 §3.1. */
import { type Bench, type Check, IRS, MSS_1000, must } from './bench.ts';
import { ACK, FIN, PEER, type Seen, SYN } from './peer.ts';

const LSRR = 131;
/** And 0, the end of the list: what fills the header up. */
const NOP = 1;
/** Gateways, on the network of the two. */
const NEAR = 0x0a000009;
const FAR = 0x0a000008;

const octets = (...addresses: readonly number[]): number[] =>
  addresses.flatMap((a) => [a >>> 24, (a >>> 16) & 255, (a >>> 8) & 255, a & 255]);

/** A route that has come to its end: its pointer is behind the last of these addresses. */
function completed(...addresses: readonly number[]): number[] {
  const length = 3 + 4 * addresses.length;
  return [LSRR, length, length + 1, ...octets(...addresses), 0];
}

/** Whether a packet of the stack goes by way of these addresses, the last of them where it ends. */
function goesBy(s: Seen | undefined, first: number, ...others: readonly number[]): boolean {
  if (s === undefined) return false;
  const header = [...s.packet.subarray(0, (s.packet[0]! & 15) * 4)];
  const options = header.slice(20);
  while (options[0] === NOP) options.shift();
  while (options.at(-1)! <= NOP) options.pop(); // no address here ends like that
  const route = others.length === 0 ? [] : [LSRR, 3 + 4 * others.length, 4, ...octets(...others)];
  return String([...header.slice(16, 20), ...options]) === String([...octets(first), ...route]);
}

/** A whole life of an active OPEN; what comes is routed by NEAR. */
async function life(b: Bench, more: object): Promise<Seen[]> {
  const ipOptions = completed(NEAR);
  const { syn, opened } = await b.open(more);
  const heard = [syn];
  heard.push(...(await b.say({ flags: SYN | ACK, seq: IRS, ack: b.iss + 1, options: MSS_1000, ipOptions })));
  const conn = await b.world.settle(opened);
  void conn.write(Buffer.alloc(100));
  heard.push(...(await b.hear()));
  heard.push(...(await b.say({ flags: ACK, seq: IRS + 1, ack: b.iss + 101, length: 10, ipOptions }, 100)));
  conn.closeWrite();
  heard.push(...(await b.hear()));
  heard.push(...(await b.say({ flags: ACK | FIN, seq: IRS + 11, ack: b.iss + 102, ipOptions })));
  must(heard.length === 6, `six segments, not ${heard.length}`);
  return heard;
}

export const routes: readonly Check[] = [
  {
    ids: ['MUST-51'],
    what: 'an active OPEN names a source route, and every segment goes by it',
    async run(b) {
      const heard = await life(b, { sourceRoute: { hops: ['10.0.0.8', '10.0.0.9'] } });
      must(
        heard.every((s) => goesBy(s, FAR, NEAR, PEER)),
        'the first gateway in the header, the second and the destination in the option',
      );
    },
  },
  {
    ids: ['MUST-52'],
    what: 'the route of an OPEN is not replaced by one that is received',
    options: { ip: { sourceRoutes: 'accept' } },
    async run(b) {
      const heard = await life(b, { sourceRoute: { hops: ['10.0.0.8'] } });
      must(
        heard.every((s) => goesBy(s, FAR, PEER)),
        'every segment goes by the route that was named',
      );
    },
  },
  {
    ids: ['MUST-53'],
    what: 'a passive connection answers along the reverse of the route that the SYN came by',
    options: { ip: { sourceRoutes: 'accept' } },
    async run(b) {
      b.serve();
      const ipOptions = completed(FAR, NEAR);
      const [synAck] = await b.say({ flags: SYN, seq: IRS, options: MSS_1000, ipOptions }, 10);
      must(synAck?.flags === (SYN | ACK), 'the SYN is answered');
      must(goesBy(synAck, NEAR, FAR, PEER), 'the gateways, the last one first');
      b.iss = synAck!.seq;
      await b.say({ flags: ACK, seq: IRS + 1, ack: b.iss + 1, ipOptions });
      b.conn!.write(Buffer.alloc(100));
      const heard = await b.hear();
      heard.push(...(await b.say({ flags: ACK | FIN, seq: IRS + 1, ack: b.iss + 101, ipOptions })));
      must(heard.length >= 2 && heard.every((s) => goesBy(s, NEAR, FAR, PEER)), 'text and ACKs go that way, too');
      b.rport++;
      const [plain] = await b.say({ flags: SYN, seq: IRS, options: MSS_1000 }, 10);
      must(goesBy(plain, PEER), 'a SYN without a route is answered without one');
    },
  },
];

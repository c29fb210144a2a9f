/** One question to one server: over UDP from a port that nobody can guess, and over TCP when the answer is too long for that. */
import dnsPacket, { type DecodedPacket, type RecordType } from 'dns-packet';
import { ECONNRESET } from '../../core/events.ts';
import { parseAddress } from '../../wire/address-text.ts';
import type { Conn } from '../conn.ts';
import { systemError } from '../errors.ts';
import { UdpSocket } from '../udp.ts';
import type { ExchangeParts } from './parts.ts';

export interface Query {
  readonly server: string;
  readonly name: string;
  readonly type: RecordType;
  /** ms */
  readonly timeout: number;
  /** RFC 6891: offers to take more than 512 bytes; a few servers dislike it. */
  readonly edns: boolean;
}

const DNS_PORT = 53;
const RECURSION_DESIRED = 1 << 8;
/** What passes every usual path in one piece. */
const UDP_SIZE = 1232;
const LENGTH_BYTES = 2;
const ANY = new Int32Array(4);

/** The server's answer to just this question; rejects with a SystemError or a timeout. */
export async function exchange(parts: ExchangeParts, query: Query): Promise<DecodedPacket> {
  // RFC 5452 §9.1, §9.2: an id and a port of its own for each question.
  const id = parts.random() & 0xffff;
  const bytes = dnsPacket.encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ type: query.type, name: query.name }],
    ...(query.edns && {
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: UDP_SIZE,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    }),
  });
  const accept = (answer: Uint8Array): DecodedPacket | undefined => answerTo(query, id, answer);
  const answer = await overUdp(parts, query, bytes, accept);
  return answer.flag_tc ? overTcp(parts, query, bytes, accept) : answer;
}

type Accept = (answer: Uint8Array) => DecodedPacket | undefined;

function overUdp(parts: ExchangeParts, query: Query, bytes: Uint8Array, accept: Accept): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = new UdpSocket(parts.engine, {});
    const end = (): void => {
      answered();
      cancel();
      socket.close();
    };
    const cancel = parts.after(query.timeout, () => {
      end();
      reject(timedOut(query));
    });
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const answered = parts.engine.errands.begin(fail);
    socket.on('error', fail);
    // What is not the answer may be somebody's guess: the real one may still come.
    socket.onMessage((answer) => {
      const packet = accept(answer);
      if (packet === undefined) return;
      end();
      resolve(packet);
    });
    try {
      socket.connect(DNS_PORT, query.server);
      socket.send(bytes);
    } catch (error) {
      fail(error);
    }
  });
}

/** RFC 7766: the same message behind its length. */
function overTcp(parts: ExchangeParts, query: Query, bytes: Uint8Array, accept: Accept): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const { engine } = parts;
    let received = Buffer.alloc(0);
    let over = false;
    const finish = (act: () => void): void => {
      if (over) return;
      over = true;
      answered();
      cancel();
      act();
    };
    const raddr = parseAddress(query.server);
    const conn = engine.connect(
      ANY,
      0,
      raddr,
      DNS_PORT,
      {},
      {
        open: (c: Conn) => {
          c.write(Uint8Array.of(bytes.length >>> 8, bytes.length));
          c.write(bytes);
        },
        data: (c: Conn, chunk: Buffer) => {
          received = Buffer.concat([received, chunk]);
          if (received.length < LENGTH_BYTES || received.length < LENGTH_BYTES + received.readUInt16BE()) return;
          const packet = accept(received.subarray(LENGTH_BYTES, LENGTH_BYTES + received.readUInt16BE()));
          c.abort();
          finish(() => (packet === undefined ? reject(systemError(ECONNRESET, 'read')) : resolve(packet)));
        },
        close: (_c: Conn, error: Error | null) => finish(() => reject(error ?? systemError(ECONNRESET, 'read'))),
      },
    );
    const giveUp = (error: Error): void => {
      if (typeof conn !== 'number') conn.abort();
      finish(() => reject(error));
    };
    const cancel = parts.after(query.timeout, () => giveUp(timedOut(query)));
    const answered = engine.errands.begin(giveUp);
    if (typeof conn === 'number') finish(() => reject(systemError(conn, 'connect', query.server, DNS_PORT)));
  });
}

/** undefined unless it is a response to this very question (RFC 5452 §9.1). */
function answerTo({ name, type }: Query, id: number, bytes: Uint8Array): DecodedPacket | undefined {
  try {
    const packet = dnsPacket.decode(Buffer.from(bytes));
    const [question, ...more] = packet.questions ?? [];
    const same = question?.type === type && question.name.toLowerCase() === name.toLowerCase() && more.length === 0;
    return packet.id === id && packet.type === 'response' && same ? packet : undefined;
  } catch {
    return undefined;
  }
}

function timedOut({ server, timeout }: Query): Error {
  return Object.assign(new Error(`${server} did not answer in ${timeout} ms`), { code: 'ETIMEOUT' });
}

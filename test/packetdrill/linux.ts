/** Numbers of Linux's socket interface, as packetdrill passes them. */
import { constants } from 'node:os';
import { errorName } from '../conformance/script/names.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const O_NONBLOCK = 0o4000;
export const O_RDWR = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const MSG_OOB = 0x1;
export const MSG_PEEK = 0x2;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_WAITALL = 0x100;
export const MSG_ERRQUEUE = 0x2000;
export const MSG_MORE = 0x8000;
export const MSG_FASTOPEN = 0x20000000;
export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;
export const POLLNVAL = 32;
export const POLLRDNORM = 64;
export const POLLWRNORM = 256;
export const POLLRDHUP = 0x2000;
export const SIOCINQ = 0x541b;
export const SIOCOUTQ = 0x5411;
export const SHUT_RD = 0;
export const SHUT_WR = 1;

const { errno } = constants;

/** Of a call that failed. */
export function failed(name: string): Reply {
  return { result: -1, errno: (errno as Readonly<Record<string, number>>)[name] ?? errno.EINVAL };
}

/** Of a negative result of the core. */
export const coreFailed = (code: number): Reply => failed(errorName(code));

export interface Reply {
  readonly result: number;
  readonly errno?: number;
  readonly bytes?: Uint8Array;
}

export const OK: Reply = { result: 0 };

export interface Endpoint {
  /** Mapped form, 4 words. */
  readonly address: Int32Array;
  readonly port: number;
}

/** undefined when it is no address of these families. */
export function readSockaddr(bytes: Uint8Array): Endpoint | undefined {
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = view.getUint16(0, true);
  const port = view.getUint16(2);
  const any = new Int32Array(4);
  if (family === AF_INET) {
    const word = view.getInt32(4);
    return { address: word === 0 ? any : Int32Array.of(0, 0, 0xffff, word), port };
  }
  if (family !== AF_INET6 || bytes.length < 24) return undefined;
  return { address: any.map((_, i) => view.getInt32(8 + 4 * i)), port };
}

export function writeSockaddr(domain: number, { address, port }: Endpoint): Uint8Array {
  const bytes = new Uint8Array(domain === AF_INET ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, domain, true);
  view.setUint16(2, port);
  if (domain === AF_INET) view.setInt32(4, address[3]!);
  else for (let i = 0; i < 4; i++) view.setInt32(8 + 4 * i, address[i]!);
  return bytes;
}

export function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

/** Bound UDP ports and who gets a datagram (RFC 768, RFC 1122 §4.1.3.5). */
import type { Rng } from '../../ports.ts';
import { ADDRESS_WORDS, isMapped, isUnspecified, sameAddress } from '../../wire/address.ts';
import type { Share } from '../share.ts';

/** One bound port: a record of fixed shape. Addresses are four words in the mapped form. */
export class UdpBinding {
  readonly id: number;
  /** Tells users of an id apart. */
  readonly gen: number;
  port = 0;
  /** All zero = any address of either family, 0.0.0.0 = any of IPv4. */
  readonly laddr = new Int32Array(ADDRESS_WORDS);
  readonly raddr = new Int32Array(ADDRESS_WORDS);
  /** 0 = not connected. */
  rport = 0;
  /** 0 = the default. */
  ttl = 0;
  tos = 0;
  /** Other sockets may have the port, too. */
  reuse = false;
  /** May send to broadcast addresses. */
  broadcast = false;
  /** May send from 0.0.0.0, as a host does that has no address yet. */
  nameless = false;
  /** Bytes of packets that have not left yet. */
  queued = 0;
  wantsDrain = false;

  constructor(id: number, gen: number) {
    this.id = id;
    this.gen = gen;
  }
}

/** How well a socket matches: an address of ours, then a peer, each outweigh what comes before. */
const ANY = 1;
const BOUND = 2;
const CONNECTED = 4;

export class UdpSockets {
  private readonly slots: (UdpBinding | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly byPort = new Map<number, UdpBinding[]>();
  private generation = 0;

  get(id: number, gen: number): UdpBinding | undefined {
    const socket = this.slots[id];
    return socket !== undefined && socket.gen === gen ? socket : undefined;
  }

  /** A socket on address and port; undefined when somebody else is there who does not share. */
  bind(laddr: Int32Array, port: number, reuse: boolean): UdpBinding | undefined {
    if (this.isTaken(laddr, port, reuse)) return undefined;
    const id = this.free.pop() ?? this.slots.length;
    this.generation = (this.generation + 1) & 0x7fffffff;
    const socket = new UdpBinding(id, this.generation);
    socket.laddr.set(laddr.subarray(0, ADDRESS_WORDS));
    socket.port = port;
    socket.reuse = reuse;
    this.slots[id] = socket;
    const there = this.byPort.get(port);
    if (there === undefined) this.byPort.set(port, [socket]);
    else there.push(socket);
    return socket;
  }

  /**
   * [RFC 6056 §3] (§3.3.2): a random port, tried again elsewhere when it is taken. A datagram socket has no peer to hash, and a
   * resolver's safety rests on nobody guessing its port (RFC 5452 §9.2). 0 when every port is taken.
   */
  pickPort(laddr: Int32Array, first: number, last: number, rng: Rng, share: Share | null = null): number {
    const fits = (port: number): boolean => (!share?.on || share.canBind(port)) && !this.isTaken(laddr, port, false);
    const size = last - first + 1;
    let port = 0;
    for (let tries = 0; tries < RANDOM_TRIES; tries++) {
      port = first + ((rng.u32() >>> 0) % size);
      if (fits(port)) return port;
    }
    for (let step = 0; step < size; step++) {
      port = port === last ? first : port + 1;
      if (fits(port)) return port;
    }
    return 0;
  }

  close(socket: UdpBinding): void {
    const there = this.byPort.get(socket.port)!;
    there.splice(there.indexOf(socket), 1);
    if (there.length === 0) this.byPort.delete(socket.port);
    this.slots[socket.id] = undefined;
    this.free.push(socket.id);
  }

  /** The one socket for a datagram to an address of ours: the closest match, of equals the one bound last. */
  find(laddr: Int32Array, port: number, raddr: Int32Array, rport: number): UdpBinding | undefined {
    const there = this.byPort.get(port);
    if (there === undefined) return undefined;
    let best: UdpBinding | undefined;
    let bestScore = 0;
    for (let n = 0; n < there.length; n++) {
      const score = scoreOf(there[n]!, laddr, raddr, rport);
      if (score === 0 || score < bestScore) continue;
      bestScore = score;
      best = there[n];
    }
    return best;
  }

  /** Number `n` of the sockets on a port, in the order they were bound; undefined behind the last. */
  at(port: number, n: number): UdpBinding | undefined {
    return this.byPort.get(port)?.[n];
  }

  /** Every port that somebody has. */
  eachPort(told: (port: number) => void): void {
    for (const port of this.byPort.keys()) told(port);
  }

  private isTaken(laddr: Int32Array, port: number, reuse: boolean): boolean {
    const there = this.byPort.get(port);
    return there?.some((other) => overlap(other.laddr, laddr) && !(reuse && other.reuse)) ?? false;
  }
}

const RANDOM_TRIES = 64;

/** 0 = not for this socket. A datagram to a group matches any address. */
export function scoreOf(socket: UdpBinding, laddr: Int32Array, raddr: Int32Array, rport: number): number {
  let score = ANY;
  if (isUnspecified(socket.laddr)) {
    if (isMapped(socket.laddr) && !isMapped(laddr)) return 0;
  } else if (sameAddress(socket.laddr, 0, laddr, 0)) score = BOUND;
  else return 0;
  if (socket.rport === 0) return score;
  return socket.rport === rport && sameAddress(socket.raddr, 0, raddr, 0) ? score | CONNECTED : 0;
}

/** Whether some datagram could be for both addresses. */
function overlap(a: Int32Array, b: Int32Array): boolean {
  if (isUnspecified(a)) return !isMapped(a) || isMapped(b) || (isUnspecified(b) && !isMapped(b));
  if (isUnspecified(b)) return !isMapped(b) || isMapped(a);
  return sameAddress(a, 0, b, 0);
}

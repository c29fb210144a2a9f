/**
 * UDP (RFC 768, RFC 1122 §4.1): ports, datagrams in as borrowed pieces of the burst, datagrams out as whole frames. Calls
 * return 0 or an error (< 0) and take addresses of four words in the mapped form.
 */
import type { Rng } from '../../ports.ts';
import { ADDRESS_WORDS, isMulticast, isUnspecified } from '../../wire/address.ts';
import { get16 } from '../../wire/bytes.ts';
import { ETHER_HEADER } from '../../wire/ethernet.ts';
import { IPV4_HEADER, IPV6_HEADER } from '../../wire/ip.ts';
import { UDP_HEADER, udpData, udpIntact } from '../../wire/udp.ts';
import {
  EADDRINUSE,
  EADDRNOTAVAIL,
  EDESTADDRREQ,
  EHOSTUNREACH,
  EINVAL,
  ENOTCONN,
  EV_DATAGRAM,
  EV_UDP_DRAIN,
  EV_UDP_ERROR,
  type EventQueue,
  OK,
  REGION_ARENA,
} from '../events.ts';
import type { DatagramUp } from '../ip/ip-layer.ts';
import type { Packet } from '../ip/packet.ts';
import type { Share } from '../share.ts';
import type { TransmitQueues } from '../tcp/transmit-queues.ts';
import { UdpCounters } from './counters.ts';
import { Egress, type EgressParts } from './egress.ts';
import { Outgoing } from './outgoing.ts';
import { Peers } from './peers.ts';
import { scoreOf, type UdpBinding, UdpSockets } from './sockets.ts';
import { udpErrorOf } from './unreachable.ts';

export interface UdpParts extends EgressParts {
  readonly out: TransmitQueues;
  readonly events: EventQueue;
  readonly share: Share;
  /** Chunks to be given back when the turn ends. */
  readonly lent: number[];
}

export interface UdpOptions {
  readonly ttl?: number;
  readonly tos?: number;
  readonly reuse?: boolean;
  readonly broadcast?: boolean;
  readonly nameless?: boolean;
}

export class Udp implements DatagramUp {
  readonly counters = new UdpCounters();
  /** Whom the events of this turn speak of. */
  readonly peers = new Peers();
  private readonly parts: UdpParts;
  private readonly rng: Rng;
  /** Ports that are chosen when the user leaves it open, both included. */
  private readonly ephemeral: readonly [number, number];
  private readonly sockets = new UdpSockets();
  private readonly queue = new Outgoing();
  private readonly egress: Egress;
  private readonly source = new Int32Array(ADDRESS_WORDS);
  private readonly target = new Int32Array(ADDRESS_WORDS);

  constructor(parts: UdpParts, rng: Rng, ephemeral: readonly [number, number]) {
    this.parts = parts;
    this.egress = new Egress(parts);
    this.rng = rng;
    this.ephemeral = ephemeral;
  }

  // ---- the user speaks ----------------------------------------------------------------------------------------------

  /** The socket, or an error. Port 0 = choose; an all-zero address = any of either family, 0.0.0.0 = any of IPv4. */
  bind(laddr: Int32Array, port: number, options: UdpOptions = {}): UdpBinding | number {
    const { ephemeral, rng } = this;
    const { ip } = this.parts;
    if (!isUnspecified(laddr) && !ip.isOurs(laddr, 0)) return EADDRNOTAVAIL;
    const chosen = port !== 0 ? port : this.sockets.pickPort(laddr, ephemeral[0], ephemeral[1], rng, this.parts.share);
    if (chosen === 0) return EADDRINUSE;
    const socket = this.sockets.bind(laddr, chosen, options.reuse ?? false);
    if (socket === undefined) return EADDRINUSE;
    socket.ttl = options.ttl ?? 0;
    socket.tos = options.tos ?? 0;
    socket.broadcast = options.broadcast ?? false;
    socket.nameless = options.nameless ?? false;
    return socket;
  }

  /** Only datagrams of this peer come in, and `send` needs no address. Port 0 undoes it. */
  connect(socket: UdpBinding, raddr: Int32Array, rport: number): void {
    socket.raddr.set(raddr.subarray(0, ADDRESS_WORDS));
    socket.rport = rport;
  }

  close(socket: UdpBinding): void {
    if (this.sockets.get(socket.id, socket.gen) === socket) this.sockets.close(socket);
  }

  /**
   * Queues a copy of the bytes for the end of the turn. `daddr` null = the connected peer; `source` null = the address the
   * socket is bound to, or by route.
   */
  send(
    socket: UdpBinding,
    bytes: Uint8Array,
    offset: number,
    length: number,
    daddr: Int32Array | null,
    dport: number,
    source: Int32Array | null,
  ): number {
    if (this.sockets.get(socket.id, socket.gen) !== socket) return ENOTCONN;
    if (daddr === null && socket.rport === 0) return EDESTADDRREQ;
    const dst = daddr ?? socket.raddr;
    const port = daddr === null ? socket.rport : dport;
    if (port < 1 || port > 65535 || isUnspecified(dst)) return EINVAL;
    const { egress } = this;
    const routed = egress.route(socket, dst, source);
    if (routed < 0) return routed;
    const chunk = egress.pack(socket, bytes, offset, length, dst, port);
    if (chunk < 0) {
      if (egress.hop >= 0) this.parts.ip.release(egress.hop);
      return chunk;
    }
    this.queue.push(chunk, egress.offset, egress.length, egress.hop, egress.link, socket.id, socket.gen);
    socket.queued += egress.length;
    return OK;
  }

  /** EV_UDP_DRAIN is to come when nothing of the socket is queued. */
  wantDrain(socket: UdpBinding): void {
    socket.wantsDrain = true;
  }

  // ---- what now -----------------------------------------------------------------------------------------------------

  /** Turns what is queued into transmit descriptors, as far as there is room. */
  poll(): void {
    const { queue } = this;
    const { out, ip } = this.parts;
    for (let n = queue.first(); n >= 0; n = queue.first()) {
      if (!out.hasRoom(queue.link(n))) return;
      queue.shift();
      const hop = queue.hop(n);
      if (hop < 0 || ip.ready(hop)) this.transmit(n);
      else this.park(n);
    }
  }

  // ---- the IP layer speaks --------------------------------------------------------------------------------------------

  arrives(packet: Packet): boolean {
    const { memory, l3, l4, end } = packet;
    const length = udpData(memory, l4, end);
    if (length < 0 || !udpIntact(memory, l3, l4)) {
      this.counters.inErrors++;
      return true;
    }
    const rport = get16(memory, l4);
    const port = get16(memory, l4 + 2);
    const { ip } = this.parts;
    if (isMulticast(packet.dst) || ip.isBroadcast(packet.dst, 0)) {
      for (let n = 0, s = this.sockets.at(port, 0); s !== undefined; s = this.sockets.at(port, ++n)) {
        if (scoreOf(s, packet.dst, packet.src, rport) > 0) this.deliver(s, packet, rport, length);
      }
      return true; // RFC 1122 §3.2.2: no error about a group
    }
    if (!ip.isFor(packet.link, packet.dst, 0)) return true;
    const socket = this.sockets.find(packet.dst, port, packet.src, rport);
    if (this.parts.share.on && this.isOthers(packet, port, rport, socket !== undefined)) return true;
    if (socket === undefined) {
      this.counters.noPorts++;
      return false;
    }
    this.deliver(socket, packet, rport, length);
    return true;
  }

  /** Every port that a socket has. */
  eachPort(told: (port: number) => void): void {
    this.sockets.eachPort(told);
  }

  /** Whether the datagram is for another stack with our address. A port that was chosen is one socket's, wherever its bucket went. */
  private isOthers(packet: Packet, port: number, rport: number, known: boolean): boolean {
    const { share, links } = this.parts;
    if (links[packet.link]!.kind === 'loop' || (known && share.isChosenPort(port))) return false;
    const bucket = share.bucketOfDatagram(packet.dst, port, packet.src, rport);
    return share.isDatagramOfOthers(bucket, known);
  }

  udpError(
    laddr: Int32Array,
    lport: number,
    raddr: Int32Array,
    rport: number,
    type: number,
    code: number,
    version: 4 | 6,
    mtu: number,
  ): void {
    const socket = this.sockets.find(laddr, lport, raddr, rport);
    if (socket === undefined) return;
    this.counters.icmpErrors++;
    this.report(socket, udpErrorOf(type, code, version), laddr, raddr, rport, (type << 8) | code, mtu);
  }

  hopReady(hop: number): void {
    this.queue.resume(hop);
  }

  hopFailed(hop: number): void {
    for (let n = this.queue.takeWaiting(hop); n >= 0; n = this.queue.takeWaiting(hop)) this.fail(n);
  }

  // ---- inside -------------------------------------------------------------------------------------------------------

  private transmit(n: number): void {
    const { queue } = this;
    const l3 = queue.offset(n);
    if (queue.hop(n) >= 0) this.egress.addressHop(l3, queue.hop(n), queue.link(n));
    this.parts.out.addRaw(queue.link(n), l3 - ETHER_HEADER, queue.length(n) + ETHER_HEADER);
    this.counters.outDatagrams++;
    this.done(n);
  }

  private park(n: number): void {
    const oldest = this.queue.wait(n);
    if (oldest < 0) return;
    this.counters.unsent++;
    this.done(oldest);
  }

  /** Nobody answers for the hop: the socket hears which datagram that was for. */
  private fail(n: number): void {
    const { queue, target, source } = this;
    const socket = this.sockets.get(queue.socket(n), queue.generation(n));
    this.counters.unsent++;
    if (socket !== undefined) {
      const { bytes } = this.parts.arena;
      const l3 = queue.offset(n);
      this.peers.readAddresses(bytes, l3, source, target);
      const header = bytes[l3]! >>> 4 === 4 ? IPV4_HEADER : IPV6_HEADER;
      this.report(socket, EHOSTUNREACH, source, target, get16(bytes, l3 + header + 2), 0, 0);
    }
    this.done(n);
  }

  /** A queued datagram is no more: its chunk goes when the turn ends, its hop now. */
  private done(n: number): void {
    const { queue } = this;
    const { lent, ip, events } = this.parts;
    const socket = this.sockets.get(queue.socket(n), queue.generation(n));
    lent.push(queue.chunk(n));
    if (queue.hop(n) >= 0) ip.release(queue.hop(n));
    if (socket !== undefined) {
      socket.queued -= queue.length(n);
      if (socket.queued === 0 && socket.wantsDrain) {
        socket.wantsDrain = false;
        events.push(EV_UDP_DRAIN, socket.id, socket.gen);
      }
    }
    queue.drop(n);
  }

  /** Several that travelled as one are told one by one, the last of them perhaps shorter. */
  private deliver(socket: UdpBinding, packet: Packet, rport: number, length: number): void {
    const { arena, events } = this.parts;
    // What was reassembled lies in the arena, everything else in the memory of its link.
    const region = packet.memory === arena.bytes ? REGION_ARENA : packet.link;
    const peer = this.peers.add(events.count === 0, packet.src, packet.dst, rport, packet.link, packet.ttl, packet.tos);
    const each = packet.each || length;
    const data = packet.l4 + UDP_HEADER;
    let at = 0;
    do {
      this.counters.inDatagrams++;
      events.push(EV_DATAGRAM, socket.id, socket.gen, region, data + at, Math.min(each, length - at), peer);
      at += each;
    } while (at < length);
  }

  private report(
    socket: UdpBinding,
    error: number,
    laddr: Int32Array,
    raddr: Int32Array,
    rport: number,
    icmp: number,
    mtu: number,
  ): void {
    const { events } = this.parts;
    const peer = this.peers.add(events.count === 0, raddr, laddr, rport, 0, 0, 0);
    events.push(EV_UDP_ERROR, socket.id, socket.gen, error, icmp, mtu, peer);
  }
}

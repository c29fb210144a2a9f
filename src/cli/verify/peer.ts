/** The other end of a check: a peer without a stack, which sends the TCP segments it is told to and keeps those it gets. */
import { ScriptPort, type SimWire } from '../../link/sim.ts';
import { ARP_REQUEST, arpOperation, arpSenderAddress, arpTargetAddress, writeArp } from '../../wire/arp.ts';
import { get16, get32, put16, put32 } from '../../wire/bytes.ts';
import { pseudo, verifies, writeChecksum } from '../../wire/checksum.ts';
import { ETHER_HEADER, ETHERTYPE_ARP, ETHERTYPE_IPV4, macHi, macLo, writeEthernet } from '../../wire/ethernet.ts';
import { writeIcmp4 } from '../../wire/icmp.ts';
import { IPV4_HEADER, PROTO_ICMP4, PROTO_TCP, writeIpv4 } from '../../wire/ip.ts';

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;

/** A segment of the stack, in absolute numbers. */
export interface Seen {
  /** Virtual ms. */
  readonly time: number;
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly urgent: number;
  readonly length: number;
  readonly options: Uint8Array;
  readonly sport: number;
  readonly dport: number;
  readonly source: number;
  readonly tos: number;
  readonly ttl: number;
  /** Its checksum is right, and its reserved bits are zero. */
  readonly sound: boolean;
  /** The IP packet, for an ICMP error to quote. */
  readonly packet: Uint8Array;
}

export interface Sent {
  readonly flags: number;
  readonly seq: number;
  readonly ack?: number;
  readonly window?: number;
  readonly length?: number;
  readonly urgent?: number;
  readonly options?: readonly number[];
  readonly ipOptions?: readonly number[];
  readonly source?: number;
  readonly broadcast?: boolean;
  readonly spoiled?: boolean;
  readonly reserved?: number;
  readonly tos?: number;
}

export const STACK = 0x0a000001;
export const PEER = 0x0a000002;
const DEFAULT_WINDOW = 32_000;
const TCP = 20;

export class Peer {
  readonly seen: Seen[] = [];
  readonly #port: ScriptPort;
  readonly #now: () => number;
  readonly #stackMac: readonly [number, number];

  constructor(wire: SimWire, stackMac: Uint8Array, now: () => number) {
    this.#stackMac = [macHi(stackMac, 0), macLo(stackMac, 0)];
    this.#now = now;
    this.#port = new ScriptPort(wire, { onFrame: (frame) => this.#receive(frame) });
  }

  send(lport: number, rport: number, s: Sent): void {
    const ipOptions = s.ipOptions ?? [];
    const options = s.options ?? [];
    const padded = (options.length + 3) & ~3;
    const length = s.length ?? 0;
    const header = IPV4_HEADER + ipOptions.length;
    const size = TCP + padded + length;
    const out = new Uint8Array(ETHER_HEADER + header + size).fill(0x75);
    const l3 = ETHER_HEADER;
    const l4 = l3 + header;
    const [hi, lo] = s.broadcast ? [-1, 0xffff] : this.#stackMac;
    writeEthernet(out, 0, hi, lo, this.#port.mac, ETHERTYPE_IPV4);
    writeIpv4(out, l3, s.tos ?? 0, header + size, 64, PROTO_TCP, s.source ?? PEER, STACK);
    if (ipOptions.length > 0) {
      out.set(ipOptions, l3 + IPV4_HEADER);
      out[l3] = 0x40 | (header / 4);
      put16(out, l3 + 10, 0);
      writeChecksum(out, l3 + 10, l3, header);
    }
    put16(out, l4, rport);
    put16(out, l4 + 2, lport);
    put32(out, l4 + 4, s.seq);
    put32(out, l4 + 8, s.ack ?? 0);
    out[l4 + 12] = (((TCP + padded) / 4) << 4) | (s.reserved ?? 0);
    out[l4 + 13] = s.flags;
    put16(out, l4 + 14, s.window ?? DEFAULT_WINDOW);
    put16(out, l4 + 16, 0);
    put16(out, l4 + 18, s.urgent ?? 0);
    out.fill(0, l4 + TCP, l4 + TCP + padded);
    out.set(options, l4 + TCP);
    writeChecksum(out, l4 + 16, l4, size, pseudo(out, l3, PROTO_TCP, size));
    if (s.spoiled) out[l4 + 16]! ^= 1;
    this.#port.send(out);
  }

  /** An ICMP error about a segment of the stack. */
  complain(about: Seen, type: number, code: number): void {
    const quoted = IPV4_HEADER + 8;
    const out = new Uint8Array(ETHER_HEADER + IPV4_HEADER + 8 + quoted);
    writeEthernet(out, 0, ...this.#stackMac, this.#port.mac, ETHERTYPE_IPV4);
    writeIpv4(out, ETHER_HEADER, 0, IPV4_HEADER + 8 + quoted, 64, PROTO_ICMP4, PEER, STACK);
    writeIcmp4(out, ETHER_HEADER + IPV4_HEADER, type, code, 0, about.packet, 0, quoted);
    this.#port.send(out);
  }

  #receive(frame: Uint8Array): void {
    const type = get16(frame, 12);
    if (type === ETHERTYPE_ARP) return this.#resolve(frame);
    if (type !== ETHERTYPE_IPV4 || frame[ETHER_HEADER + 9] !== PROTO_TCP) return;
    const l3 = ETHER_HEADER;
    const l4 = l3 + (frame[l3]! & 15) * 4;
    const size = get16(frame, l3 + 2) - (l4 - l3);
    const header = (frame[l4 + 12]! >> 4) * 4;
    this.seen.push({
      time: this.#now(),
      flags: frame[l4 + 13]!,
      seq: get32(frame, l4 + 4),
      ack: get32(frame, l4 + 8),
      window: get16(frame, l4 + 14),
      urgent: get16(frame, l4 + 18),
      length: size - header,
      options: frame.slice(l4 + TCP, l4 + header),
      sport: get16(frame, l4),
      dport: get16(frame, l4 + 2),
      source: get32(frame, l3 + 12),
      tos: frame[l3 + 1]!,
      ttl: frame[l3 + 8]!,
      sound: verifies(frame, l4, size, pseudo(frame, l3, PROTO_TCP, size)) && (frame[l4 + 12]! & 15) === 0,
      packet: frame.slice(l3),
    });
  }

  /** Every neighbour anybody asks for is this peer. */
  #resolve(frame: Uint8Array): void {
    const target = arpTargetAddress(frame, ETHER_HEADER);
    const asker = arpSenderAddress(frame, ETHER_HEADER);
    if (arpOperation(frame, ETHER_HEADER) !== ARP_REQUEST || target === asker || asker === 0) return;
    const out = new Uint8Array(60);
    writeEthernet(out, 0, ...this.#stackMac, this.#port.mac, ETHERTYPE_ARP);
    writeArp(out, ETHER_HEADER, 2, this.#port.mac, target, ...this.#stackMac, asker);
    this.#port.send(out);
  }
}

/** One received packet as the IP layer sees it: a reused record over a descriptor and the link's memory. */
import {
  KIND_ARP,
  KIND_FRAGMENT,
  KIND_UDP,
  RX_FRAME,
  RX_GSO,
  RX_IP,
  RX_KIND,
  RX_L3L4,
  RX_LEN,
  RX_MULTICAST,
  RX_OFF,
} from '../../wire/abi.ts';
import { ADDRESS_WORDS, isMapped, isUnspecified, mapIpv4, readIpv6Address } from '../../wire/address.ts';
import { get32 } from '../../wire/bytes.ts';
import { RX_IN_ARENA } from '../events.ts';

export class Packet {
  link = 0;
  kind = 0;
  memory: Uint8Array = new Uint8Array(0);
  /** Offsets in `memory`: layer 2 header, layer 3 header, what follows the IP header(s), one past its end. */
  frame = 0;
  l3 = 0;
  l4 = 0;
  end = 0;
  version = 0;
  tos = 0;
  /** TTL or hop limit. */
  ttl = 0;
  /** Data bytes of each UDP datagram when the sender's kernel or ours put several into one; 0 = it is one. */
  each = 0;
  /** Destination MAC was a group. */
  group = false;
  /** It came in fragments. */
  assembled = false;
  /** Not filled for ARP. */
  readonly src = new Int32Array(ADDRESS_WORDS);
  readonly dst = new Int32Array(ADDRESS_WORDS);

  read(link: number, rx: Int32Array, base: number, memory: Uint8Array): void {
    const word = rx[base + RX_KIND]!;
    const ip = rx[base + RX_IP]!;
    this.link = link;
    this.memory = memory;
    this.kind = word & 0xff;
    this.group = ((word >>> 16) & RX_MULTICAST) !== 0;
    this.assembled = ((word >>> 16) & RX_IN_ARENA) !== 0;
    this.frame = rx[base + RX_FRAME]!;
    this.l3 = this.frame + (rx[base + RX_L3L4]! & 0xffff);
    this.l4 = rx[base + RX_OFF]!;
    this.end = this.l4 + rx[base + RX_LEN]!;
    this.each = rx[base + RX_GSO]! & 0xffff;
    this.tos = ip & 0xff;
    this.ttl = (ip >>> 8) & 0xff;
    this.version = ip >>> 24;
    if (this.kind !== KIND_ARP) this.readAddresses();
  }

  /** An IP packet somewhere in memory; what an error about it needs. */
  quote(link: number, memory: Uint8Array, frame: number, l3: number, l4: number, end: number): void {
    this.link = link;
    this.memory = memory;
    this.kind = KIND_FRAGMENT;
    this.group = false;
    this.frame = frame;
    this.l3 = l3;
    this.l4 = l4;
    this.end = end;
    this.version = memory[l3]! >>> 4;
    this.readAddresses();
  }

  /** RFC 1122 §3.2.1.3 (a): a host that learns its address yet asks everybody, from 0.0.0.0. */
  get seeksAddress(): boolean {
    return this.kind === KIND_UDP && this.group && isMapped(this.src) && isUnspecified(this.src);
  }

  private readAddresses(): void {
    const { memory } = this;
    if (this.version === 4) {
      mapIpv4(get32(memory, this.l3 + 12), this.src);
      mapIpv4(get32(memory, this.l3 + 16), this.dst);
    } else {
      readIpv6Address(memory, this.l3 + 8, this.src);
      readIpv6Address(memory, this.l3 + 24, this.dst);
    }
  }
}

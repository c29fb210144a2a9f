/** Address resolution for IPv4: RFC 826, with the announcements of RFC 5227 §3. */

import type { Link } from '../../ports.ts';
import { HOP_MAC_HI, HOP_MAC_LO, HOP_WORDS } from '../../wire/abi.ts';
import { mapIpv4 } from '../../wire/address.ts';
import {
  ARP_BYTES,
  ARP_REPLY,
  ARP_REQUEST,
  arpOperation,
  arpSenderAddress,
  arpSenderMacHi,
  arpSenderMacLo,
  arpTargetAddress,
  writeArp,
} from '../../wire/arp.ts';
import { ETHERTYPE_ARP, isGroupHi, macHi, macLo } from '../../wire/ethernet.ts';
import type { Addresses } from './addresses.ts';
import type { Duplicates } from './duplicates.ts';
import type { Frames } from './frames.ts';
import { HOP_ADDRESS, HOP_LINK, INCOMPLETE, type Neighbours, PROBE } from './neighbours.ts';
import type { Packet } from './packet.ts';

/** ff:ff:ff:ff:ff:ff */
const BROADCAST_HI = -1;
const BROADCAST_LO = 0xffff;

export class Arp {
  private readonly links: readonly Link[];
  private readonly addresses: Addresses;
  private readonly frames: Frames;
  /** Hears of others that use our addresses. */
  duplicates: Duplicates | null = null;
  private readonly sender = new Int32Array(4);
  private readonly target = new Int32Array(4);

  constructor(links: readonly Link[], addresses: Addresses, frames: Frames) {
    this.links = links;
    this.addresses = addresses;
    this.frames = frames;
  }

  /** "Packet Reception" of RFC 826. */
  handle(packet: Packet, neighbours: Neighbours): void {
    const { memory: b, l3, link } = packet;
    if (packet.end - l3 < ARP_BYTES) return;
    mapIpv4(arpSenderAddress(b, l3), this.sender);
    mapIpv4(arpTargetAddress(b, l3), this.target);
    const hi = arpSenderMacHi(b, l3);
    const lo = arpSenderMacLo(b, l3);
    // A group is nobody's hardware address (RFC 1812 §3.3.2): frames to it would reach every host.
    if (isGroupHi(hi)) return;
    this.noticeConflict(link, arpOperation(b, l3), hi, lo);
    const forUs = this.addresses.isOn(link, this.target, 0);
    const operation = arpOperation(b, l3);
    // 0.0.0.0 asks whether an address is in use (RFC 5227 §2.1.1): there is nothing to learn, but the owner answers.
    if (this.addresses.isValidSource(link, this.sender, 0)) {
      // "Merge": what is known is brought up to date whoever the target is; only for us a new pair is added.
      const hop = forUs ? neighbours.obtain(link, this.sender, 0) : neighbours.find(link, this.sender, 0);
      if (hop >= 0) {
        const state = neighbours.state(hop);
        const asked = operation === ARP_REPLY && forUs && (state === INCOMPLETE || state === PROBE);
        if (asked) neighbours.answered(hop, hi, lo);
        else neighbours.learn(hop, hi, lo);
      }
    }
    // Who asks for its own address tells it (RFC 5227 §2.3): that needs no reply.
    const asks = operation === ARP_REQUEST && this.sender[3] !== this.target[3];
    if (forUs && asks && this.addresses.speaksOn(link)) this.reply(packet, hi, lo);
  }

  /** RFC 5227 §2.1.1 and §2.4: somebody else sends from an address of ours, or asks for the one that we are asking for. */
  private noticeConflict(link: number, operation: number, hi: number, lo: number): void {
    const { mac } = this.links[link]!;
    if (!this.duplicates || (hi === macHi(mac, 0) && lo === macLo(mac, 0))) return;
    if (this.sender[3] !== 0) this.duplicates.conflict(link, this.sender, hi, lo);
    else if (operation === ARP_REQUEST && this.duplicates.isProbing(this.target)) {
      this.duplicates.conflict(link, this.target, hi, lo);
    }
  }

  /** Asks whether anybody has an address (RFC 5227 §2.1.1): as nobody, so that no cache learns from it. */
  probe(link: number, address: number): void {
    this.request(link, BROADCAST_HI, BROADCAST_LO, 0, 0, address);
  }

  /** Asks everybody on the link, or only the neighbour whose MAC is to be confirmed. */
  ask(hops: Int32Array, hop: number, unicast: boolean): void {
    const h = hop * HOP_WORDS;
    const link = hops[h + HOP_LINK]!;
    const target = hops[h + HOP_ADDRESS + 3]!;
    const sender = this.addresses.ipv4On(link, target);
    // Without an address of ours nobody could answer, and a request from 0.0.0.0 would be a probe of the target's.
    if (sender === 0) return;
    const mac = hops[h + HOP_MAC_LO]!;
    if (unicast) this.request(link, hops[h + HOP_MAC_HI]!, mac >>> 16, mac & 0xffff, sender, target);
    else this.request(link, BROADCAST_HI, BROADCAST_LO, mac & 0xffff, sender, target);
  }

  /** Tells the link that an address of ours is here, which corrects stale entries (RFC 5227 §3). */
  announce(link: number, address: number): void {
    this.request(link, BROADCAST_HI, BROADCAST_LO, 0, address, address);
  }

  private request(link: number, hi: number, lo: number, tci: number, sender: number, target: number): void {
    const o = this.frames.toMac(link, hi, lo, tci, ETHERTYPE_ARP, ARP_BYTES);
    if (o < 0) return;
    writeArp(this.frames.arena, o, ARP_REQUEST, this.links[link]!.mac, sender, 0, 0, target);
    this.frames.send();
  }

  private reply(packet: Packet, hi: number, lo: number): void {
    const o = this.frames.toSender(packet, ARP_BYTES);
    if (o < 0) return;
    writeArp(this.frames.arena, o, ARP_REPLY, this.links[packet.link]!.mac, this.target[3]!, hi, lo, this.sender[3]!);
    this.frames.send();
  }
}

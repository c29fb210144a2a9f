/** How an address becomes ours, is told to the neighbours, and stops being ours. */
import type { Link, Rng } from '../../ports.ts';
import { ADDRESS_WORDS, isLinkLocal, isMapped } from '../../wire/address.ts';
import { macHi, macLo } from '../../wire/ethernet.ts';
import { ADDRESS_ADDED, ADDRESS_SETTLED, ADDRESS_TAKEN } from '../events.ts';
import { sipHash24 } from '../siphash.ts';
import { type Addresses, TENTATIVE } from './addresses.ts';
import type { Arp } from './arp.ts';
import type { IpCounters } from './counters.ts';
import { Duplicates, type DuplicatesUp } from './duplicates.ts';
import type { Mld } from './mld.ts';
import type { NeighbourDiscovery } from './nd.ts';
import type { Routes } from './routes.ts';
import type { IpSettings } from './settings.ts';

/** Who hears of it: `what` is one of ADDRESS_*; the MAC is that of who else has it, or 0. */
export interface ResidenceUp {
  addressChanged(what: number, link: number, address: Int32Array, macHi: number, macLo: number): void;
}

export interface ResidenceParts {
  readonly links: readonly Link[];
  readonly settings: IpSettings;
  readonly rng: Rng;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly arp: Arp;
  readonly nd: NeighbourDiscovery;
  readonly mld: Mld;
  readonly up: ResidenceUp;
  readonly counters: IpCounters;
}

/** Bits of an address; a prefix as long as this has no network around it. */
const ALL_BITS = 128;
const NETWORK_BITS = 64;
const LINK_LOCAL_PREFIX = 0xfe800000;

export class Residence implements DuplicatesUp {
  readonly duplicates: Duplicates;
  private readonly parts: ResidenceParts;
  /** Links on which addresses were announced: what is added from then on is announced at once. */
  private readonly started = new Set<number>();
  private readonly next = new Int32Array(ADDRESS_WORDS);
  private readonly hashed = new Int32Array(2);

  constructor(parts: ResidenceParts) {
    this.parts = parts;
    this.duplicates = new Duplicates(parts.rng, this);
    parts.arp.duplicates = this.duplicates;
    parts.nd.duplicates = this.duplicates;
  }

  /** `onLink`: whether the network around the address is reached without a router; `atOnce`: it is used while it is looked for elsewhere. */
  add(address: Int32Array, prefix: number, link: number, onLink: boolean, atOnce = false): void {
    const { addresses, routes, settings, up } = this.parts;
    const tentative = settings.duplicates === 'wait' && !atOnce && this.detects(link);
    if (!addresses.add(address, prefix, link, tentative ? TENTATIVE : 0)) return;
    if (onLink && prefix < ALL_BITS) routes.add(address, prefix, null, link);
    if (!this.started.has(link)) return;
    up.addressChanged(ADDRESS_ADDED, link, address, 0, 0);
    this.introduce(link, address);
  }

  /** The address is not ours any more, nor is its network on the link. */
  remove(address: Int32Array): void {
    const { addresses, routes } = this.parts;
    this.duplicates.forget(address);
    const link = addresses.homeOf(address);
    const prefix = addresses.remove(address);
    if (prefix >= 0 && prefix < ALL_BITS) routes.remove(address, prefix, null, link);
  }

  /** The link is up: its addresses are asked for, or told to the neighbours at once. */
  announce(link: number): void {
    const { links, addresses } = this.parts;
    if (links[link]!.kind === 'loop' || !addresses.speaksOn(link)) return;
    this.started.add(link);
    this.each(link, (address) => this.introduce(link, address));
    this.addLinkLocal(link);
  }

  /** The link has another MAC address: the neighbours are told at once where our addresses are now. */
  moved(link: number): void {
    const { addresses } = this.parts;
    if (!addresses.speaksOn(link)) return;
    this.each(link, (address) => {
      if ((addresses.flagsOf(address) & TENTATIVE) === 0) this.announceAddress(link, address);
    });
  }

  private each(link: number, act: (address: Int32Array) => void): void {
    for (let n = 0; ; n++) {
      const on = this.parts.addresses.entry(n, this.next);
      if (on < 0) return;
      if (on === link) act(this.next);
    }
  }

  // ---- called by the detection of duplicates --------------------------------------------------------------------------

  probe(link: number, address: Int32Array): void {
    if (isMapped(address)) this.parts.arp.probe(link, address[3]!);
    else this.parts.nd.probe(link, address);
  }

  announceAddress(link: number, address: Int32Array): void {
    if (isMapped(address)) this.parts.arp.announce(link, address[3]!);
    else this.parts.nd.announce(link, address);
  }

  addressSettled(link: number, address: Int32Array): void {
    const { addresses, up } = this.parts;
    addresses.setFlags(address, addresses.flagsOf(address) & ~TENTATIVE);
    up.addressChanged(ADDRESS_SETTLED, link, address, 0, 0);
  }

  addressTaken(link: number, address: Int32Array, hi: number, lo: number): void {
    this.parts.counters.addressConflicts++;
    this.remove(address);
    this.parts.up.addressChanged(ADDRESS_TAKEN, link, address, hi, lo);
  }

  private detects(link: number): boolean {
    const { settings, links, addresses } = this.parts;
    return settings.duplicates !== 'off' && links[link]!.kind !== 'loop' && addresses.speaksOn(link);
  }

  private introduce(link: number, address: Int32Array): void {
    const { settings, mld, addresses } = this.parts;
    if (settings.multicastReports && !isMapped(address)) mld.join(link);
    if (this.detects(link)) this.duplicates.begin(link, address, (addresses.flagsOf(address) & TENTATIVE) !== 0);
    else this.announceAddress(link, address);
  }

  /** RFC 4291 §2.1: an interface that speaks IPv6 has a link-local address. */
  private addLinkLocal(link: number): void {
    if (!this.parts.settings.linkLocal) return;
    let six = this.parts.settings.slaac;
    for (let n = 0; ; n++) {
      const on = this.parts.addresses.entry(n, this.next);
      if (on < 0) break;
      if (on !== link || isMapped(this.next)) continue;
      if (isLinkLocal(this.next)) return;
      six = true;
    }
    if (!six) return;
    const address = Int32Array.of(LINK_LOCAL_PREFIX, 0, 0, 0);
    this.interfaceIdentifier(address, link);
    this.add(address, NETWORK_BITS, link, true);
  }

  /**
   * Fills in the last 64 bits as RFC 7217 §5 does: always the same for a prefix and a MAC, telling nothing of either, and not
   * that of a kernel with the same MAC (docs/adr).
   */
  interfaceIdentifier(address: Int32Array, link: number): void {
    const { mac } = this.parts.links[link]!;
    const text = Int32Array.of(address[0]!, address[1]!, macHi(mac, 0), macLo(mac, 0));
    sipHash24(this.parts.settings.secret, text, 0, 4, this.hashed);
    address[2] = this.hashed[0]!;
    address[3] = this.hashed[1]!;
  }
}

/**
 * What routers tell an IPv6 host: RFC 4861 §6.3 (who they are, which networks are on the link, its MTU and hop limit) and RFC 4862
 * §5.5 (addresses made of a prefix). Times are Micros: lifetimes reach further than ticks do.
 */
import type { Link, Micros, Rng } from '../../ports.ts';
import { ADDRESS_WORDS, isLinkLocal, isMapped, isMulticast, sameAddress, samePrefix } from '../../wire/address.ts';
import { isGroupHi } from '../../wire/ethernet.ts';
import { icmpCode } from '../../wire/icmp.ts';
import {
  NdOptions,
  PREFIX_AUTONOMOUS,
  PREFIX_ON_LINK,
  RA_BYTES,
  raLifetime,
  raReachableTime,
  raRetransTimer,
} from '../../wire/nd.ts';
import { ADDRESS_EXPIRED } from '../events.ts';
import { type Addresses, DEPRECATED } from './addresses.ts';
import type { LinkMtus } from './link-mtus.ts';
import type { NeighbourDiscovery, RouterNews } from './nd.ts';
import type { Neighbours } from './neighbours.ts';
import type { Packet } from './packet.ts';
import type { Residence, ResidenceUp } from './residence.ts';
import type { Routes } from './routes.ts';

/** RFC 4861 §10: MAX_RTR_SOLICITATION_DELAY, RTR_SOLICITATION_INTERVAL, MAX_RTR_SOLICITATIONS. */
const FIRST_DELAY = 1_000_000;
const INTERVAL = 4_000_000;
const SOLICITATIONS = 3;
const SECOND = 1_000_000;
const INFINITE = 0xffffffff;
const TWO_HOURS = 7200 * SECOND;
/** Whoever can send advertisements could else fill our memory; RFC 4861 §6.3.4 wants two routers at least. */
const MOST_ROUTERS = 8;
const MOST_PREFIXES = 16;
const HOP_LIMIT = 255;
const LEAST_MTU = 1280;
const IDENTIFIER_BITS = 64;
const ALL_BITS = 128;
/** Where an option of a prefix holds what, see NdOptions. */
const PREFIX_WORDS = 8;
const DEFAULT_ROUTE = new Int32Array(ADDRESS_WORDS);

interface Router {
  readonly link: number;
  readonly address: Int32Array;
  until: Micros;
}

interface OnLink {
  readonly link: number;
  readonly prefix: Int32Array;
  readonly bits: number;
  until: Micros;
}

interface Lease {
  readonly link: number;
  readonly address: Int32Array;
  preferred: Micros;
  valid: Micros;
}

/** Of one link. */
interface Solicitation {
  sent: number;
  at: Micros;
}

/** Whom it tells. */
export interface RouterUp extends ResidenceUp {
  /** A router said another MTU of the link. */
  mtuChanged(link: number): void;
  /** The hop, which so many hold, is no router any more, or not for us. */
  routerGone(hop: number, holders: number): void;
}

export interface RouterParts {
  readonly links: readonly Link[];
  readonly mtus: LinkMtus;
  readonly rng: Rng;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly residence: Residence;
  readonly neighbours: Neighbours;
  readonly nd: NeighbourDiscovery;
  readonly up: RouterUp;
}

export class Routers implements RouterNews {
  private readonly parts: RouterParts;
  private readonly options = new NdOptions();
  private readonly asking = new Map<number, Solicitation>();
  private readonly prefix = new Int32Array(ADDRESS_WORDS);
  private routers: Router[] = [];
  private onLink: OnLink[] = [];
  private leases: Lease[] = [];

  constructor(parts: RouterParts) {
    this.parts = parts;
    parts.nd.routers = this;
  }

  /** Begins to look for routers on a link (RFC 4861 §6.3.7): up to three questions, 4 s apart, after a random wait. */
  start(link: number, now: Micros): void {
    const { links, addresses, rng } = this.parts;
    if (links[link]!.kind === 'loop' || !addresses.speaksOn(link)) return;
    this.asking.set(link, { sent: 0, at: now + ((rng.u32() >>> 0) % FIRST_DELAY) });
  }

  /** A router advertisement; nobody listens on links that were not started. */
  advertisement(packet: Packet, now: Micros): void {
    const { memory: b, l4, end, link, src } = packet;
    const asking = this.asking.get(link);
    // §6.1.2: what does not come from a router on this link is dropped; so are options that do not fit.
    if (asking === undefined || packet.ttl !== HOP_LIMIT || !isLinkLocal(src) || icmpCode(b, l4) !== 0) return;
    if (end - l4 < RA_BYTES || !this.options.read(b, l4 + RA_BYTES, end)) return;
    asking.at = Infinity;
    this.parameters(packet);
    this.router(packet, raLifetime(b, l4), now);
    for (let n = 0; n < this.options.prefixes; n++) this.takePrefix(link, n * PREFIX_WORDS, now);
  }

  /** RFC 4861 §7.2.5: an advertisement of the neighbour's came without the flag of routers. */
  routesNoMore(link: number, address: Int32Array): void {
    const router = this.find(link, address);
    if (router !== undefined) this.dropRouter(router);
  }

  /** Nobody on the link is known any more, and nothing is asked until `start`. */
  linkDown(link: number): void {
    this.asking.delete(link);
    this.parts.mtus.forget(link);
    this.parts.neighbours.times.forget(link);
    for (const router of this.routers) if (router.link === link) this.dropRouter(router);
    for (const known of this.onLink) if (known.link === link) this.dropPrefix(known);
    for (const lease of this.leases) if (lease.link === link) this.expire(lease);
  }

  /** When `run` is to be called; Infinity = never. */
  next(): Micros {
    let next = Infinity;
    for (const { at } of this.asking.values()) next = Math.min(next, at);
    for (const { until } of this.routers) next = Math.min(next, until);
    for (const { until } of this.onLink) next = Math.min(next, until);
    for (const { address, preferred, valid } of this.leases) {
      next = Math.min(next, this.isDeprecated(address) ? valid : Math.min(preferred, valid));
    }
    return next;
  }

  /** Does what is due. */
  run(now: Micros): void {
    for (const [link, asking] of this.asking) if (asking.at <= now) this.solicit(link, asking, now);
    for (const router of this.routers) if (router.until <= now) this.dropRouter(router);
    for (const known of this.onLink) if (known.until <= now) this.dropPrefix(known);
    for (const lease of this.leases) {
      if (lease.valid <= now) this.expire(lease);
      else if (lease.preferred <= now) this.deprecate(lease.address, true);
    }
  }

  private solicit(link: number, asking: Solicitation, now: Micros): void {
    asking.sent++;
    asking.at = asking.sent < SOLICITATIONS ? now + INTERVAL : Infinity;
    this.parts.nd.solicitRouters(link);
  }

  /** §6.3.4: MTU and the times of neighbours; 0 means that the router does not say. Its hop limit is not taken (ADR 12). */
  private parameters({ memory: b, l4, link }: Packet): void {
    const { neighbours, links, mtus, up } = this.parts;
    const { mtu } = this.options;
    if (mtu >= LEAST_MTU && mtu <= links[link]!.mtu && mtus.hear(link, mtu)) up.mtuChanged(link);
    neighbours.times.hear(link, raReachableTime(b, l4) >>> 0, raRetransTimer(b, l4) >>> 0);
  }

  private router({ link, src }: Packet, lifetime: number, now: Micros): void {
    const { routes, neighbours } = this.parts;
    const { options } = this;
    const known = this.find(link, src);
    // A group is nobody's hardware address: frames to it would reach every host.
    if (options.hasSourceMac && !isGroupHi(options.sourceMacHi)) {
      const hop = neighbours.obtain(link, src, 0);
      if (hop >= 0) neighbours.learn(hop, options.sourceMacHi, options.sourceMacLo);
    }
    if (lifetime === 0) {
      if (known !== undefined) this.dropRouter(known);
    } else if (known !== undefined) {
      known.until = now + lifetime * SECOND;
    } else if (this.routers.length < MOST_ROUTERS) {
      const address = src.slice();
      this.routers.push({ link, address, until: now + lifetime * SECOND });
      routes.add(DEFAULT_ROUTE, 0, address, link);
    }
  }

  private find(link: number, address: Int32Array): Router | undefined {
    return this.routers.find((r) => r.link === link && sameAddress(r.address, 0, address, 0));
  }

  /** §6.3.5: who goes by it is told, so that nobody goes on sending to what drops it. */
  private dropRouter(router: Router): void {
    const { routes, neighbours, up } = this.parts;
    const { link, address } = router;
    this.routers = this.routers.filter((r) => r !== router);
    routes.remove(DEFAULT_ROUTE, 0, address, link);
    const hop = neighbours.find(link, address, 0);
    if (hop >= 0) up.routerGone(hop, neighbours.holders(hop));
  }

  /** A prefix option, at word `p` of the options. */
  private takePrefix(link: number, p: number, now: Micros): void {
    const w = this.options.prefix;
    const bits = w[p + 4]!;
    const flags = w[p + 5]!;
    const valid = lifetime(w[p + 6]!, now);
    const preferred = lifetime(w[p + 7]!, now);
    // §6.3.4, RFC 4862 §5.5.3 (b): the link-local prefix is no router's to give. Nor are groups, which nobody has as an address, nor
    // mapped addresses, which in our table of routes are those of IPv4.
    if (isLinkLocal(w, p) || isMulticast(w, p) || isMapped(w, p) || bits > ALL_BITS) return;
    for (let i = 0; i < ADDRESS_WORDS; i++) this.prefix[i] = w[p + i]!;
    if (flags & PREFIX_ON_LINK) this.takeOnLink(link, bits, valid, now);
    // RFC 4862 §5.5.3 (c), (d): prefix and identifier make up 128 bits.
    if (flags & PREFIX_AUTONOMOUS && preferred <= valid && bits === ALL_BITS - IDENTIFIER_BITS) {
      this.takeAutonomous(link, preferred, valid, now);
    }
  }

  private takeOnLink(link: number, bits: number, valid: Micros, now: Micros): void {
    const { prefix } = this;
    const known = this.onLink.find(
      (o) => o.link === link && o.bits === bits && samePrefix(o.prefix, 0, prefix, 0, bits),
    );
    if (known !== undefined) {
      known.until = valid;
      if (valid <= now) this.dropPrefix(known);
    } else if (valid > now && this.onLink.length < MOST_PREFIXES) {
      this.onLink.push({ link, prefix: prefix.slice(), bits, until: valid });
      this.parts.routes.add(prefix, bits, null, link);
    }
  }

  private dropPrefix(gone: OnLink): void {
    this.onLink = this.onLink.filter((o) => o !== gone);
    this.parts.routes.remove(gone.prefix, gone.bits, null, gone.link);
  }

  /** RFC 4862 §5.5.3 (d), (e). */
  private takeAutonomous(link: number, preferred: Micros, valid: Micros, now: Micros): void {
    const { residence } = this.parts;
    const { prefix } = this;
    const known = this.leases.find((l) => l.link === link && samePrefix(l.address, 0, prefix, 0, IDENTIFIER_BITS));
    if (known !== undefined) {
      known.preferred = preferred;
      this.deprecate(known.address, preferred <= now);
      // A forged lifetime of a second must not take an address away: below two hours it cannot be shortened further.
      if (valid > now + TWO_HOURS || valid > known.valid) known.valid = valid;
      else if (known.valid > now + TWO_HOURS) known.valid = now + TWO_HOURS;
    } else if (valid > now && this.leases.length < MOST_PREFIXES) {
      const address = prefix.slice();
      residence.interfaceIdentifier(address, link);
      this.leases.push({ link, address, preferred, valid });
      residence.add(address, IDENTIFIER_BITS, link, false);
    }
  }

  private expire(lease: Lease): void {
    this.leases = this.leases.filter((l) => l !== lease);
    this.parts.residence.remove(lease.address);
    this.parts.up.addressChanged(ADDRESS_EXPIRED, lease.link, lease.address, 0, 0);
  }

  private isDeprecated(address: Int32Array): boolean {
    return (this.parts.addresses.flagsOf(address) & DEPRECATED) !== 0;
  }

  private deprecate(address: Int32Array, on: boolean): void {
    const { addresses } = this.parts;
    const flags = addresses.flagsOf(address);
    // -1: it was given up because somebody else has it, and is not made again while its prefix lives.
    if (flags >= 0) addresses.setFlags(address, on ? flags | DEPRECATED : flags & ~DEPRECATED);
  }
}

/** Seconds as they were sent, all ones meaning for ever; the time when they are over. */
function lifetime(seconds: number, now: Micros): Micros {
  return seconds >>> 0 === INFINITE ? Infinity : now + (seconds >>> 0) * SECOND;
}

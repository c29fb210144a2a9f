/** What a lease changes in the stack: address, default route, MTU, DNS servers; and what its end takes away. */
import { MAPPED_BITS, mapIpv4 } from '../../wire/address.ts';
import { formatIpv4 } from '../../wire/address-text.ts';
import type { Engine } from '../engine.ts';
import type { DhcpSettings } from '../options/dhcp.ts';
import type { Household } from './client.ts';
import type { Lease } from './lease.ts';

export interface Neighbourhood {
  readonly engine: Engine;
  readonly settings: DhcpSettings;
  /** Addresses of the stack, as people read them. */
  readonly addresses: string[];
  /** Keeps the host's kernel from answering for an address; what undoes it. */
  readonly fence?: ((address: string) => Promise<() => Promise<void>>) | undefined;
  /** Names are asked of these servers; none = of nobody new. */
  readonly useDns: (servers: readonly string[], domain: string | undefined) => void;
}

/** A lease is for the first link: the device. */
const LINK = 0;
/** ::ffff:0:0/96 */
const DEFAULT_ROUTE = words(0);

export class LeaseHousehold implements Household {
  readonly #around: Neighbourhood;
  #unfence: () => Promise<void> = async () => {};

  constructor(around: Neighbourhood) {
    this.#around = around;
  }

  async moveIn(lease: Lease): Promise<void> {
    const { engine, addresses, fence } = this.#around;
    const text = formatIpv4(lease.address);
    if (fence !== undefined) this.#unfence = await fence(text);
    engine.core.ip.addAddress(words(lease.address), MAPPED_BITS + lease.bits, LINK, true);
    addresses.push(text);
    this.#furnish(lease);
    this.#tellLinks();
    engine.core.ip.announce(LINK);
    engine.driver.touch();
  }

  renew(before: Lease, lease: Lease): void {
    this.#clear(before);
    this.#furnish(lease);
  }

  async moveOut(lease: Lease): Promise<void> {
    const { engine, addresses } = this.#around;
    const own = words(lease.address);
    this.#clear(lease);
    engine.core.handleAddressGone(own, engine.driver.now());
    engine.core.ip.removeAddress(own);
    const at = addresses.indexOf(formatIpv4(lease.address));
    if (at >= 0) addresses.splice(at, 1);
    this.#around.useDns([], undefined);
    this.#tellLinks();
    engine.driver.touch();
    const unfence = this.#unfence;
    this.#unfence = async () => {};
    await unfence();
  }

  #furnish(lease: Lease): void {
    const { engine, settings, useDns } = this.#around;
    for (const router of lease.routers.slice(0, 1))
      engine.core.ip.addRoute(DEFAULT_ROUTE, MAPPED_BITS, words(router), LINK);
    if (settings.mtu) this.#limitMtu(lease.mtu ?? Number.POSITIVE_INFINITY);
    if (settings.dns) useDns(lease.dns.map(formatIpv4), lease.domain);
  }

  /** A renewal may name another one, and connections are open then. */
  #limitMtu(most: number): void {
    const { core, driver, links } = this.#around.engine;
    const link = links[LINK]!;
    const before = link.mtu;
    link.limitMtu?.(most);
    if (link.mtu === before) return;
    core.handleLinkChanged(LINK, driver.now());
    driver.touch();
  }

  #clear(lease: Lease): void {
    const { ip } = this.#around.engine.core;
    for (const router of lease.routers.slice(0, 1)) ip.removeRoute(DEFAULT_ROUTE, MAPPED_BITS, words(router), LINK);
  }

  #tellLinks(): void {
    const { core, links } = this.#around.engine;
    for (const [index, link] of links.entries()) link.setAddresses?.(core.ip.acceptedBy(index));
  }
}

function words(address: number): Int32Array {
  const w = new Int32Array(4);
  mapIpv4(address, w);
  return w;
}

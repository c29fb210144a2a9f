/** How large a packet each link carries: what the device says, and for IPv6 what routers say, where that is less (RFC 4861 §6.3.4). */
import type { Link } from '../../ports.ts';

export class LinkMtus {
  private readonly links: readonly Link[];
  /** What routers said of a link. */
  private readonly said = new Map<number, number>();

  constructor(links: readonly Link[]) {
    this.links = links;
  }

  /** In octets, IP header included. The link may have another MTU since a router spoke. */
  of(link: number, ipv6: boolean): number {
    const { mtu } = this.links[link]!;
    return ipv6 ? Math.min(this.said.get(link) ?? mtu, mtu) : mtu;
  }

  /** A router says it of the link; whether that is news. */
  hear(link: number, mtu: number): boolean {
    if (this.said.get(link) === mtu) return false;
    this.said.set(link, mtu);
    return true;
  }

  /** Routers on the link have said nothing. */
  forget(link: number): void {
    this.said.delete(link);
  }
}

/**
 * Where packets go next: longest prefix first (RFC 1122 §3.3.1). A host has a handful of routes, so the table is a list
 * sorted by length and looked through from the front; it is asked once per connection, not per packet.
 */
import { ADDRESS_WORDS, isMapped, sameAddress, samePrefix } from '../../wire/address.ts';

/** Words of one route: destination, prefix, link, 1 = has a gateway, gateway. */
const STRIDE = 11;
const PREFIX = 4;
const LINK = 5;
const HAS_GATEWAY = 6;
const GATEWAY = 7;

export class Routes {
  private words = new Int32Array(0);

  /** Prefix in the mapped form: ::ffff:0:0/96 is the default route of IPv4. Of equal prefixes the one added first wins. */
  add(dst: Int32Array, prefix: number, gateway: Int32Array | null, link: number): void {
    let at = 0;
    while (at < this.words.length && this.words[at + PREFIX]! >= prefix) at += STRIDE;
    const words = new Int32Array(this.words.length + STRIDE);
    words.set(this.words.subarray(0, at));
    words.set(this.words.subarray(at), at + STRIDE);
    words.set(dst.subarray(0, ADDRESS_WORDS), at);
    words[at + PREFIX] = prefix;
    words[at + LINK] = link;
    if (gateway !== null) {
      words[at + HAS_GATEWAY] = 1;
      words.set(gateway.subarray(0, ADDRESS_WORDS), at + GATEWAY);
    }
    this.words = words;
  }

  /** Takes one route off that was added with the same words. */
  remove(dst: Int32Array, prefix: number, gateway: Int32Array | null, link: number): void {
    const w = this.words;
    for (let r = 0; r < w.length; r += STRIDE) {
      const same = w[r + PREFIX] === prefix && w[r + LINK] === link && sameAddress(w, r, dst, 0);
      const by =
        gateway === null
          ? w[r + HAS_GATEWAY] === 0
          : w[r + HAS_GATEWAY] === 1 && sameAddress(w, r + GATEWAY, gateway, 0);
      if (!same || !by) continue;
      const words = new Int32Array(w.length - STRIDE);
      words.set(w.subarray(0, r));
      words.set(w.subarray(r + STRIDE), r);
      this.words = words;
      return;
    }
  }

  /** Index of the route to a destination, valid until the next `add` or `remove`; -1 = none. */
  lookup(dst: Int32Array, at: number): number {
    const w = this.words;
    for (let r = 0; r < w.length; r += STRIDE) {
      // ::/0 covers the mapped addresses only in writing: they are IPv4.
      if (samePrefix(dst, at, w, r, w[r + PREFIX]!) && isMapped(dst, at) === isMapped(w, r)) return r / STRIDE;
    }
    return -1;
  }

  /** The next route of equal length to the same destination; -1 = none. */
  another(route: number, dst: Int32Array, at: number): number {
    const w = this.words;
    const bits = w[route * STRIDE + PREFIX]!;
    for (let r = (route + 1) * STRIDE; r < w.length && w[r + PREFIX] === bits; r += STRIDE) {
      if (samePrefix(dst, at, w, r, bits) && isMapped(dst, at) === isMapped(w, r)) return r / STRIDE;
    }
    return -1;
  }

  linkOf(route: number): number {
    return this.words[route * STRIDE + LINK]!;
  }

  /** The neighbour that a packet for `dst` is handed to: the gateway, or the destination itself. */
  nextHop(route: number, dst: Int32Array, at: number, out: Int32Array): void {
    const r = route * STRIDE;
    const direct = this.words[r + HAS_GATEWAY] === 0;
    for (let i = 0; i < ADDRESS_WORDS; i++) out[i] = direct ? dst[at + i]! : this.words[r + GATEWAY + i]!;
  }
}

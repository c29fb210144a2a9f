/** Who sent the datagrams that the events of a turn name, and to which of our addresses. */
import { ADDRESS_WORDS, mapIpv4, readIpv6Address } from '../../wire/address.ts';
import { get32 } from '../../wire/bytes.ts';

/** remote address, local address, remote port, link, TTL << 8 | TOS, one to spare. */
const WORDS = 12;
const LOCAL = 4;
const PORT = 8;
const LINK = 9;
const IP = 10;

export class Peers {
  /** Remote address of entry n from word n * 12 on. */
  words = new Int32Array(64 * WORDS);
  private count = 0;

  /** Number of the new entry. `first`: no event is waiting that could name an older one. */
  add(
    first: boolean,
    raddr: Int32Array,
    laddr: Int32Array,
    rport: number,
    link: number,
    ttl: number,
    tos: number,
  ): number {
    const n = first ? 0 : this.count;
    this.count = n + 1;
    const at = n * WORDS;
    if (at === this.words.length) {
      const bigger = new Int32Array(at * 2);
      bigger.set(this.words);
      this.words = bigger;
    }
    const w = this.words;
    for (let i = 0; i < ADDRESS_WORDS; i++) {
      w[at + i] = raddr[i]!;
      w[at + LOCAL + i] = laddr[i]!;
    }
    w[at + PORT] = rport;
    w[at + LINK] = link;
    w[at + IP] = (ttl << 8) | tos;
    return n;
  }

  /** First word of the remote address. */
  remote(n: number): number {
    return n * WORDS;
  }
  /** First word of our address. */
  local(n: number): number {
    return n * WORDS + LOCAL;
  }
  port(n: number): number {
    return this.words[n * WORDS + PORT]!;
  }
  link(n: number): number {
    return this.words[n * WORDS + LINK]!;
  }
  ttl(n: number): number {
    return this.words[n * WORDS + IP]! >>> 8;
  }
  tos(n: number): number {
    return this.words[n * WORDS + IP]! & 0xff;
  }

  /** Source and destination of the packet at `l3`. */
  readAddresses(b: Uint8Array, l3: number, src: Int32Array, dst: Int32Array): void {
    if (b[l3]! >>> 4 === 4) {
      mapIpv4(get32(b, l3 + 12), src);
      mapIpv4(get32(b, l3 + 16), dst);
    } else {
      readIpv6Address(b, l3 + 8, src);
      readIpv6Address(b, l3 + 24, dst);
    }
  }
}

/** Cuts an IP packet that is larger than the link's frames: RFC 791 §3.2, RFC 8200 §4.5. */
import type { Rng } from '../../ports.ts';
import { put16, put32 } from '../../wire/bytes.ts';
import { writeChecksum } from '../../wire/checksum.ts';
import { IPV6_HEADER, PROTO_FRAGMENT } from '../../wire/ip.ts';
import type { RawOut } from './frames.ts';

const FRAGMENT_HEADER = 8;
const MORE_FRAGMENTS = 0x2000;
/** Of the IPv6 header. */
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;

export class Fragmentation {
  private readonly raw: RawOut;
  private readonly rng: Rng;
  /** RFC 6864 §4.3: not used again before 65535 others were; only packets that are cut need one. */
  private id4: number;

  constructor(raw: RawOut, rng: Rng) {
    this.raw = raw;
    this.rng = rng;
    this.id4 = rng.u32() & 0xffff;
  }

  /** Sends the frame of `length` bytes at `at` in pieces; its IP header is at `l3`. Each piece has the options, for of these only source routes are ours (RFC 791 §3.1). */
  send(link: number, at: number, l3: number, length: number, mtu: number): void {
    const six = this.raw.arena[l3]! >>> 4 === 6;
    const header = six ? IPV6_HEADER : (this.raw.arena[l3]! & 15) * 4;
    const extra = six ? FRAGMENT_HEADER : 0;
    const total = at + length - l3 - header;
    const room = (mtu - header - extra) & ~7;
    // RFC 7739 §5.3: a number nobody can guess.
    const id = six ? this.rng.u32() : (this.id4 = (this.id4 + 1) & 0xffff);
    for (let offset = 0; offset < total; offset += room) {
      const size = Math.min(room, total - offset);
      const to = this.raw.reserve(link, l3 - at + header + extra + size);
      if (to < 0) return;
      this.piece(at, l3, header, to, offset, size, id, offset + size < total);
      this.raw.commit(link, to, l3 - at + header + extra + size);
    }
  }

  private piece(
    at: number,
    l3: number,
    header: number,
    to: number,
    offset: number,
    size: number,
    id: number,
    more: boolean,
  ): void {
    const b = this.raw.arena;
    const ip = to + l3 - at;
    b.copyWithin(to, at, l3 + header);
    if (b[l3]! >>> 4 === 4) {
      put16(b, ip + 2, header + size);
      put16(b, ip + 4, id);
      put16(b, ip + 6, (more ? MORE_FRAGMENTS : 0) | (offset >>> 3));
      writeChecksum(b, ip + 10, ip, header);
      b.copyWithin(ip + header, l3 + header + offset, l3 + header + offset + size);
      return;
    }
    const o = ip + header;
    put16(b, ip + PAYLOAD_LENGTH, FRAGMENT_HEADER + size);
    put16(b, o, b[ip + NEXT_HEADER]! << 8);
    b[ip + NEXT_HEADER] = PROTO_FRAGMENT;
    put16(b, o + 2, offset | (more ? 1 : 0));
    put32(b, o + 4, id);
    const from = l3 + header + offset;
    b.copyWithin(o + FRAGMENT_HEADER, from, from + size);
  }
}

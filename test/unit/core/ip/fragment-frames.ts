/** Frames that carry pieces of a datagram, as a peer would cut it. */
import { put16, put32 } from '../../../../src/wire/bytes.ts';
import { pseudo, writeChecksum } from '../../../../src/wire/checksum.ts';
import { packet } from './harness.ts';

export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly more: boolean;
  readonly id?: number;
  readonly src?: string;
  readonly dst?: string;
  readonly tos?: number;
  readonly protocol?: number;
}

/** Bytes [from, to) of an IPv4 or IPv6 payload as one fragment. */
export function fragment(whole: Uint8Array, six: boolean, piece: Piece): Uint8Array {
  const { from, to, more, id = 7, tos = 0, protocol = six ? 58 : 1 } = piece;
  const src = piece.src ?? (six ? '2001:db8::2' : '10.0.0.2');
  const dst = piece.dst ?? (six ? '2001:db8::1' : '10.0.0.1');
  const body = whole.subarray(from, to);
  if (six) {
    const payload = new Uint8Array(8 + body.length);
    payload[0] = protocol;
    put16(payload, 2, from | (more ? 1 : 0));
    put32(payload, 4, id);
    payload.set(body, 8);
    const frame = packet({ src, dst, protocol: 44, payload });
    put16(frame, 14, 0x6000 | (tos << 4));
    return frame;
  }
  const frame = packet({ src, dst, protocol, payload: body });
  frame[15] = tos;
  put16(frame, 18, id);
  put16(frame, 20, (from >>> 3) | (more ? 0x2000 : 0));
  writeChecksum(frame, 24, 14, 20);
  return frame;
}

/** An echo request with `size` bytes of data, its checksum right for the whole. */
export function echo(size: number, six: boolean): Uint8Array {
  const b = new Uint8Array(8 + size);
  b[0] = six ? 128 : 8;
  put32(b, 4, 0x12340001);
  for (let i = 0; i < size; i++) b[8 + i] = i * 7;
  return sealed(b, six, six ? 58 : 1, 2);
}

/** Fills in the checksum at `field` for the addresses that `fragment` uses. */
export function sealed(b: Uint8Array, six: boolean, protocol: number, field: number): Uint8Array {
  const src = six ? '2001:db8::2' : '10.0.0.2';
  const dst = six ? '2001:db8::1' : '10.0.0.1';
  const frame = packet({ src, dst, protocol, payload: b });
  const l4 = six ? 54 : 34;
  writeChecksum(frame, l4 + field, l4, b.length, protocol === 1 ? 0 : pseudo(frame, 14, protocol, b.length));
  return frame.slice(l4);
}

/** Cuts [0, length) at these places. */
export function cuts(length: number, ...places: number[]): Piece[] {
  return [...places, length].map((to, i) => ({ from: i === 0 ? 0 : places[i - 1]!, to, more: to !== length }));
}

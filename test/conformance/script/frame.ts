/** A TCP segment ↔ the bytes of an Ethernet frame, IPv4 or IPv6. Written for the tests alone, after RFC 9293 §3.1. */
import { isMapped } from '../../../src/wire/address.ts';
import { formatAddress, parseAddress } from '../../../src/wire/address-text.ts';
import { decodeOptions, encodeOptions, type Option } from './options.ts';

/** In absolute numbers; sequence numbers are int32. */
export interface TcpSegment {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  /** The four reserved bits. */
  readonly reserved: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: readonly Option[];
  readonly text: Uint8Array;
}

export interface Packet {
  readonly srcMac: Uint8Array;
  readonly dstMac: Uint8Array;
  readonly src: string;
  /** Of a packet that goes by a source route: where it ends. */
  readonly dst: string;
  /** `loose` or `strict` and the addresses that the packet has ahead of it, the IP header's own first. */
  readonly route?: string;
  readonly sport: number;
  readonly dport: number;
  readonly tos: number;
  readonly ttl: number;
  /** Bytes of IPv4 options. */
  readonly ipOptions?: Uint8Array;
  readonly segment: TcpSegment;
}

const TCP = 6;
const ETHER = 14;

/** `spoil` flips one bit of the TCP checksum. */
export function encodeFrame(p: Packet, spoil = false): Uint8Array {
  const options = encodeOptions(p.segment.options);
  const size = 20 + options.length + p.segment.text.length;
  const src = addressBytes(p.src);
  const dst = addressBytes(p.dst);
  const six = src.length === 16;
  const ipBytes = six ? 40 : 20 + (p.ipOptions?.length ?? 0);
  const frame = new Uint8Array(ETHER + ipBytes + size);
  const view = new DataView(frame.buffer);
  frame.set(p.dstMac, 0);
  frame.set(p.srcMac, 6);
  view.setUint16(12, six ? 0x86dd : 0x0800);
  if (six) writeIpv6(view, frame, p, src, dst, size);
  else writeIpv4(view, frame, p, src, dst, ipBytes, size);
  const l4 = ETHER + ipBytes;
  writeTcp(view, p, l4, options.length);
  frame.set(options, l4 + 20);
  frame.set(p.segment.text, l4 + 20 + options.length);
  view.setUint16(l4 + 16, pseudoChecksum(src, dst, frame.subarray(l4)) ^ (spoil ? 1 : 0));
  return frame;
}

function writeTcp(view: DataView, { segment: s, sport, dport }: Packet, l4: number, options: number): void {
  view.setUint16(l4, sport);
  view.setUint16(l4 + 2, dport);
  view.setInt32(l4 + 4, s.seq);
  view.setInt32(l4 + 8, s.ack);
  view.setUint8(l4 + 12, ((20 + options) << 2) | s.reserved);
  view.setUint8(l4 + 13, s.flags);
  view.setUint16(l4 + 14, s.window);
  view.setUint16(l4 + 18, s.urgent);
}

function writeIpv4(
  view: DataView,
  frame: Uint8Array,
  p: Packet,
  src: Uint8Array,
  dst: Uint8Array,
  header: number,
  size: number,
): void {
  view.setUint8(ETHER, 0x40 | (header / 4));
  view.setUint8(ETHER + 1, p.tos);
  view.setUint16(ETHER + 2, header + size);
  view.setUint16(ETHER + 6, 0x4000);
  view.setUint8(ETHER + 8, p.ttl);
  view.setUint8(ETHER + 9, TCP);
  frame.set(src, ETHER + 12);
  frame.set(dst, ETHER + 16);
  if (p.ipOptions) frame.set(p.ipOptions, ETHER + 20);
  view.setUint16(ETHER + 10, internetChecksum(frame.subarray(ETHER, ETHER + header)));
}

function writeIpv6(view: DataView, frame: Uint8Array, p: Packet, src: Uint8Array, dst: Uint8Array, size: number): void {
  view.setUint32(ETHER, 0x60000000 | (p.tos << 20));
  view.setUint16(ETHER + 4, size);
  view.setUint8(ETHER + 6, TCP);
  view.setUint8(ETHER + 7, p.ttl);
  frame.set(src, ETHER + 8);
  frame.set(dst, ETHER + 24);
}

/** undefined for what is not TCP. Throws when the segment has a wrong checksum [MUST-2] or bad options. */
export function decodeFrame(frame: Uint8Array): Packet | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const type = view.getUint16(12);
  if (type !== 0x0800 && type !== 0x86dd) return undefined;
  const six = type === 0x86dd;
  if (frame[ETHER + (six ? 6 : 9)] !== TCP) return undefined;
  const header = six ? 40 : (frame[ETHER]! & 15) * 4;
  const size = six ? view.getUint16(ETHER + 4) : view.getUint16(ETHER + 2) - header;
  const src = frame.slice(ETHER + (six ? 8 : 12), ETHER + (six ? 24 : 16));
  const first = frame.slice(ETHER + (six ? 24 : 16), ETHER + (six ? 40 : 20));
  const l4 = ETHER + header;
  const route = six ? undefined : readRoute(frame.subarray(ETHER + 20, l4));
  const dst = route?.hops.at(-1) ?? first;
  const tcp = frame.subarray(l4, l4 + size);
  if (pseudoChecksum(src, dst, tcp) !== 0) throw new Error('a segment with a wrong checksum was sent [MUST-2]');
  if (!six && internetChecksum(frame.subarray(ETHER, l4)) !== 0)
    throw new Error('a wrong IPv4 header checksum was sent');
  const offset = (frame[l4 + 12]! >> 4) * 4;
  return {
    dstMac: frame.slice(0, 6),
    srcMac: frame.slice(6, 12),
    src: addressText(src),
    dst: addressText(dst),
    ...(route !== undefined && { route: [route.type, ...[first, ...route.hops].map(addressText)].join(',') }),
    sport: view.getUint16(l4),
    dport: view.getUint16(l4 + 2),
    tos: six ? (view.getUint16(ETHER) >> 4) & 0xff : frame[ETHER + 1]!,
    ttl: frame[ETHER + (six ? 7 : 8)]!,
    segment: {
      seq: view.getInt32(l4 + 4),
      ack: view.getInt32(l4 + 8),
      flags: frame[l4 + 13]!,
      reserved: frame[l4 + 12]! & 15,
      window: view.getUint16(l4 + 14),
      urgent: view.getUint16(l4 + 18),
      options: decodeOptions(tcp.slice(20, offset)),
      text: tcp.slice(offset),
    },
  };
}

/** LSRR or SSRR among IPv4 options: the addresses from its pointer on. RFC 791 §3.1. */
function readRoute(options: Uint8Array): { readonly type: string; readonly hops: Uint8Array[] } | undefined {
  for (let at = 0; at < options.length && options[at] !== 0; at += options[at] === 1 ? 1 : options[at + 1]!) {
    if (options[at] !== 131 && options[at] !== 137) continue;
    const end = at + options[at + 1]!;
    if (end > options.length || (options[at + 1]! - 3) % 4 !== 0) throw new Error('a malformed source route was sent');
    const hops: Uint8Array[] = [];
    for (let hop = at + options[at + 2]! - 1; hop < end; hop += 4) hops.push(options.slice(hop, hop + 4));
    return { type: options[at] === 131 ? 'loose' : 'strict', hops };
  }
  return undefined;
}

function internetChecksum(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function pseudoChecksum(src: Uint8Array, dst: Uint8Array, tcp: Uint8Array): number {
  const words = Uint8Array.of(...src, ...dst, 0, 0, tcp.length >> 8, tcp.length & 0xff, 0, 0, 0, TCP);
  return internetChecksum(tcp, ~internetChecksum(words) & 0xffff);
}

function addressBytes(text: string): Uint8Array {
  const words = parseAddress(text);
  const bytes = new Uint8Array(16);
  words.forEach((word, i) => {
    new DataView(bytes.buffer).setInt32(4 * i, word);
  });
  return isMapped(words) ? bytes.slice(12) : bytes;
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return formatAddress(Int32Array.from([0, 4, 8, 12], (at) => view.getInt32(at)));
}

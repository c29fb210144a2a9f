/** An IP layer between two fake links: bytes in, bytes out. */

import { IpLayer, type IpUp, type RawOut } from '../../../../src/core/ip/ip-layer.ts';
import { DEFAULT_IP, type IpSettings } from '../../../../src/core/ip/settings.ts';
import type { Link } from '../../../../src/ports.ts';
import { DESC_WORDS, HOP_WORDS, KIND_TCP, RX_IP, RX_LEN, RX_OFF } from '../../../../src/wire/abi.ts';
import { formatAddress, parseAddress, parseCidr } from '../../../../src/wire/address-text.ts';
import { put16, put32 } from '../../../../src/wire/bytes.ts';
import { pseudo, writeChecksum } from '../../../../src/wire/checksum.ts';
import { PARSED } from '../../../../src/wire/drop.ts';
import { writeIpv4, writeIpv6 } from '../../../../src/wire/ip.ts';
import { FrameParser } from '../../../../src/wire/parse.ts';

export const OUR_MAC = '020000000001';
export const PEER_MAC = '020000000002';
export const BROADCAST = 'ffffffffffff';
export const ETHER = 0;
export const LOOP = 1;
export const address = parseAddress;

export const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');
export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

export interface Sent {
  readonly link: number;
  readonly hex: string;
  readonly bytes: Uint8Array;
}

export interface Heard {
  readonly laddr: string;
  readonly lport: number;
  readonly raddr: string;
  readonly rport: number;
  readonly seq: number;
  readonly type: number;
  readonly code: number;
  readonly version: number;
  readonly mtu: number;
}

class FakeRaw implements RawOut {
  readonly arena = new Uint8Array(512 * 1024);
  private used = 0;
  readonly sent: Sent[] = [];
  full = false;
  private readonly open = new Map<number, number>();
  reserve(_link: number, n: number): number {
    const at = 64 + this.used;
    if (this.full || at + n > this.arena.length) return -1;
    this.arena.fill(0xee, at, at + n);
    this.used += n;
    this.open.set(at, n);
    return at;
  }
  commit(link: number, offset: number, length: number): void {
    if (this.open.get(offset) !== length) throw new Error('commit of something else than was reserved');
    const copy = this.arena.slice(offset, offset + length);
    this.sent.push({ link, hex: hex(copy), bytes: copy });
  }
  borrow(n: number): number {
    return this.reserve(-1, n);
  }
  endTurn(): void {
    this.used = 0;
    this.open.clear();
  }
}

export function fakeLink(kind: 'ether' | 'loop', mac: string, mtu = 1500): Link {
  const nothing = (): void => {};
  return {
    name: kind,
    kind,
    mac: bytes(mac),
    mtu,
    offload: { txChecksum: false, maxPacket: mtu },
    capacity: 0,
    rxMemory: new Uint8Array(0),
    rx: new Int32Array(0),
    tx: new Int32Array(0),
    counters: new Float64Array(32),
    attach: nothing,
    start: nothing,
    flush: nothing,
    ref: nothing,
    unref: nothing,
    close: async () => {},
  };
}

export class Host {
  readonly raw = new FakeRaw();
  readonly ready: number[] = [];
  readonly failed: number[] = [];
  readonly heard: Heard[] = [];
  readonly changed: { what: number; link: number; address: string; mac: string }[] = [];
  /** Links with another MTU than a router said before. */
  readonly narrowed: number[] = [];
  /** Hops that are routers no more, and who held them. */
  readonly gone: { hop: number; holders: number }[] = [];
  /** Datagrams put together of fragments. */
  readonly whole: { kind: number; payload: Uint8Array; tos: number }[] = [];
  readonly hops: Int32Array;
  readonly ip: IpLayer;
  now = 1_000_000;
  private readonly parser = new FrameParser();

  constructor(
    options: { hops?: number; loop?: boolean; addresses?: readonly string[]; ip?: Partial<IpSettings> } = {},
  ) {
    const settings = { ...DEFAULT_IP, ...options.ip };
    this.hops = new Int32Array((options.hops ?? 8) * HOP_WORDS);
    const links = [fakeLink('ether', OUR_MAC)];
    if (options.loop !== false) links.push(fakeLink('loop', '000000000000', 65535));
    let seed = 7;
    const rng = { u32: (): number => (seed = Math.imul(seed, 1664525) + 1013904223) | 0 };
    const up: IpUp = {
      hopReady: (hop) => this.ready.push(hop),
      hopFailed: (hop) => this.failed.push(hop),
      mtuChanged: (link) => void this.narrowed.push(link),
      routerGone: (hop, holders) => void this.gone.push({ hop, holders }),
      addressChanged: (what, link, at, hi, lo) => {
        this.changed.push({ what, link, address: formatAddress(at), mac: lo === 0 ? '' : macText(hi, lo) });
      },
      icmpError: (laddr, lport, raddr, rport, seq, type, code, version, mtu) => {
        this.heard.push({ laddr: words(laddr), lport, raddr: words(raddr), rport, seq, type, code, version, mtu });
      },
    };
    this.ip = new IpLayer({
      links,
      hops: this.hops,
      raw: this.raw,
      up,
      rng,
      fragments: new ArrayBuffer(1 << 20),
      settings,
    });
    for (const text of options.addresses ?? ['10.0.0.1/24', '2001:db8::1/64']) {
      const { address: words, bits } = parseCidr(text);
      this.ip.addAddress(words, bits, ETHER);
    }
    this.ip.tick(this.now);
  }

  /** What went out since the last time. */
  take(): Sent[] {
    return this.raw.sent.splice(0);
  }

  /** Hands a frame to the layer as a link would; says whether the parser let it through. */
  receive(frame: Uint8Array | string, link = ETHER): boolean {
    const b = typeof frame === 'string' ? bytes(frame) : frame;
    const { memory, rx } = this.describe(b);
    if (memory === null) return false;
    if (this.ip.handle(link, rx, DESC_WORDS, memory, this.now)) this.arrive(link);
    this.raw.endTurn();
    return true;
  }

  /** A datagram became whole. */
  private arrive(link: number): void {
    const { whole } = this.ip;
    const kind = whole[0]! & 0xff;
    const off = whole[RX_OFF]!;
    this.whole.push({ kind, payload: this.raw.arena.slice(off, off + whole[RX_LEN]!), tos: whole[RX_IP]! & 0xff });
    if (kind !== KIND_TCP) this.ip.handle(link, whole, 0, this.raw.arena, this.now);
  }

  describe(frame: Uint8Array): { memory: Uint8Array | null; rx: Int32Array } {
    // Somewhere in the middle, so that a forgotten offset shows.
    const memory = new Uint8Array(frame.length + 96).fill(0xcc);
    memory.set(frame, 32);
    const rx = new Int32Array(DESC_WORDS * 3);
    const result = this.parser.parse(memory, 32, frame.length, rx, DESC_WORDS, false);
    return { memory: result === PARSED ? memory : null, rx };
  }

  pass(ms: number): void {
    this.now += ms * 1000;
    this.ip.tick(this.now);
    this.raw.endTurn();
  }
}

const macText = (hi: number, lo: number): string =>
  (hi >>> 0).toString(16).padStart(8, '0') + lo.toString(16).padStart(4, '0');

const words = (w: Int32Array): string => [...w].map((x) => (x >>> 0).toString(16)).join(':');

export interface Ip {
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly ttl?: number;
  readonly dstMac?: string;
  /** Where the layer 4 checksum is, if it has one. */
  readonly checksum?: number;
  readonly tag?: string;
}

/** A frame from the peer; the checksum of layer 4 is filled in. */
export function packet({
  src,
  dst,
  protocol,
  payload,
  ttl = 64,
  dstMac = OUR_MAC,
  checksum,
  tag = '',
}: Ip): Uint8Array {
  const from = address(src);
  const to = address(dst);
  const six = src.includes(':');
  const ether = bytes(`${dstMac}${PEER_MAC}${tag}${six ? '86dd' : '0800'}`);
  const header = six ? 40 : 20;
  const frame = new Uint8Array(ether.length + header + payload.length);
  frame.set(ether);
  frame.set(payload, ether.length + header);
  if (six) writeIpv6(frame, ether.length, 0, payload.length, ttl, protocol, from, 0, to, 0);
  else writeIpv4(frame, ether.length, 0, header + payload.length, ttl, protocol, from[3]!, to[3]!);
  if (checksum !== undefined) {
    const l4 = ether.length + header;
    const start = protocol === 1 ? 0 : pseudo(frame, ether.length, protocol, payload.length);
    writeChecksum(frame, l4 + checksum, l4, payload.length, start);
  }
  return frame;
}

export const icmp4 = (type: number, code: number, word: number, body: Uint8Array, ip: Partial<Ip> = {}): Uint8Array =>
  packet({
    src: '10.0.0.2',
    dst: '10.0.0.1',
    protocol: 1,
    payload: icmpBytes(type, code, word, body),
    checksum: 2,
    ...ip,
  });

export const icmp6 = (type: number, code: number, word: number, body: Uint8Array, ip: Partial<Ip> = {}): Uint8Array =>
  packet({
    src: '2001:db8::2',
    dst: '2001:db8::1',
    protocol: 58,
    payload: icmpBytes(type, code, word, body),
    checksum: 2,
    ...ip,
  });

function icmpBytes(type: number, code: number, word: number, body: Uint8Array): Uint8Array {
  const b = new Uint8Array(8 + body.length);
  b[0] = type;
  b[1] = code;
  put32(b, 4, word);
  b.set(body, 8);
  return b;
}

/** The first 20 bytes of a TCP header. */
export function tcp(lport: number, rport: number, seq: number): Uint8Array {
  const b = new Uint8Array(20);
  put16(b, 0, lport);
  put16(b, 2, rport);
  put32(b, 4, seq);
  b[12] = 0x50;
  return b;
}

/** The frame with IP options. */
export function optioned(frame: Uint8Array, options: string): Uint8Array {
  const more = bytes(options);
  const b = new Uint8Array(frame.length + more.length);
  b.set(frame.subarray(0, 34));
  b.set(more, 34);
  b.set(frame.subarray(34), 34 + more.length);
  seal(b, 34 + more.length);
  return b;
}

/** Lengths and checksum of the IP header [14, l4), and that of ICMP. */
export function seal(b: Uint8Array, l4: number): void {
  b[14] = 0x40 + (l4 - 14) / 4;
  put16(b, 16, b.length - 14);
  writeChecksum(b, 24, 14, l4 - 14);
  if (b[23] === 1) writeChecksum(b, l4 + 2, l4, b.length - l4);
}

/** Writes pcapng (draft-ietf-opsawg-pcapng): one section, any number of interfaces, packets with comments. */
import type { Micros } from '../ports.ts';

export interface InterfaceOptions {
  readonly name?: string;
  /** Most bytes kept of a packet; 0 = all. */
  readonly snaplen?: number;
  /** Unit of its time stamps; 'ns' by default. */
  readonly resolution?: 'us' | 'ns';
  /** LINKTYPE_*; Ethernet by default. */
  readonly linkType?: number;
}

export interface PacketOptions {
  readonly comment?: string;
  readonly direction?: 'in' | 'out';
  /** Bytes the packet had, when fewer are given. */
  readonly originalLength?: number;
}

export const LINKTYPE_ETHERNET = 1;

export const BLOCK_SECTION = 0x0a0d0d0a;
export const BLOCK_INTERFACE = 1;
export const BLOCK_PACKET = 6;
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const OPTION_END = 0;
export const OPTION_COMMENT = 1;
export const OPTION_IF_NAME = 2;
export const OPTION_IF_TSRESOL = 9;
export const OPTION_IF_TSOFFSET = 14;
const OPTION_SECTION_APPLICATION = 4;
const OPTION_PACKET_FLAGS = 2;

/** Value and code; the length is its own. */
type Option = readonly [code: number, value: Uint8Array];

interface Interface {
  readonly snaplen: number;
  readonly nano: boolean;
}

export class PcapngWriter {
  readonly #sink: (chunk: Uint8Array) => void;
  readonly #interfaces: Interface[] = [];
  readonly #utf8 = new TextEncoder();

  /** Each call of `sink` gets one whole block, which it may keep. */
  constructor(sink: (chunk: Uint8Array) => void, application = 'usertcp') {
    this.#sink = sink;
    const body = new Uint8Array(16);
    const view = new DataView(body.buffer);
    view.setUint32(0, BYTE_ORDER_MAGIC, true);
    view.setUint16(4, 1, true);
    view.setBigInt64(8, -1n, true); // length of the section: not known in advance
    this.#block(BLOCK_SECTION, body, [[OPTION_SECTION_APPLICATION, this.#utf8.encode(application)]]);
  }

  /** Returns the number packets are filed under. */
  addInterface(options: InterfaceOptions = {}): number {
    const snaplen = options.snaplen ?? 0;
    const nano = options.resolution !== 'us';
    const body = new Uint8Array(8);
    const view = new DataView(body.buffer);
    view.setUint16(0, options.linkType ?? LINKTYPE_ETHERNET, true);
    view.setUint32(4, snaplen, true);
    const more: Option[] = [[OPTION_IF_TSRESOL, Uint8Array.of(nano ? 9 : 6)]];
    if (options.name !== undefined) more.unshift([OPTION_IF_NAME, this.#utf8.encode(options.name)]);
    this.#block(BLOCK_INTERFACE, body, more);
    return this.#interfaces.push({ snaplen, nano }) - 1;
  }

  /** `time` counts from the Unix epoch. The bytes are copied. */
  packet(number: number, time: Micros, bytes: Uint8Array, options: PacketOptions = {}): void {
    const face = this.#interfaces[number];
    if (face === undefined)
      throw new RangeError(`no capture interface ${number}: there are ${this.#interfaces.length}`);
    const kept = face.snaplen === 0 ? bytes.length : Math.min(bytes.length, face.snaplen);
    const body = new Uint8Array(20 + kept);
    const view = new DataView(body.buffer);
    const stamp = ticks(time, face.nano);
    view.setUint32(0, number, true);
    view.setUint32(4, Number(stamp >> 32n), true);
    view.setUint32(8, Number(stamp & 0xffffffffn), true);
    view.setUint32(12, kept, true);
    view.setUint32(16, options.originalLength ?? bytes.length, true);
    body.set(bytes.subarray(0, kept), 20);
    const more: Option[] = [];
    if (options.comment !== undefined) more.push([OPTION_COMMENT, this.#utf8.encode(options.comment)]);
    if (options.direction !== undefined) {
      more.push([OPTION_PACKET_FLAGS, Uint8Array.of(options.direction === 'in' ? 1 : 2, 0, 0, 0)]);
    }
    this.#block(BLOCK_PACKET, body, more);
  }

  /** Type, length, body and options padded to words, and the length again. */
  #block(type: number, body: Uint8Array, options: readonly Option[]): void {
    let length = 12 + padded(body.length);
    for (const [, value] of options) length += 4 + padded(value.length);
    if (options.length > 0) length += 4;
    const block = new Uint8Array(length);
    const view = new DataView(block.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, length, true);
    block.set(body, 8);
    let at = 8 + padded(body.length);
    for (const [code, value] of options) {
      view.setUint16(at, code, true);
      view.setUint16(at + 2, value.length, true);
      block.set(value, at + 4);
      at += 4 + padded(value.length);
    }
    view.setUint32(length - 4, length, true);
    this.#sink(block);
  }
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** Exact also for nanoseconds since 1970, which a float64 cannot count. */
function ticks(time: Micros, nano: boolean): bigint {
  const whole = Math.floor(time);
  if (!nano) return BigInt(whole);
  return BigInt(whole) * 1000n + BigInt(Math.floor((time - whole) * 1000));
}

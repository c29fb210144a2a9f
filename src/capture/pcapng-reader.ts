/** The blocks of a pcapng file; those that are not packets or interfaces are skipped. */
import { CaptureError } from './capture-error.ts';
import type { CapturedPacket } from './capture-reader.ts';
import {
  BLOCK_INTERFACE,
  BLOCK_PACKET,
  BLOCK_SECTION,
  BYTE_ORDER_MAGIC,
  OPTION_COMMENT,
  OPTION_END,
  OPTION_IF_NAME,
  OPTION_IF_TSOFFSET,
  OPTION_IF_TSRESOL,
} from './pcapng-writer.ts';

const BLOCK_SIMPLE_PACKET = 3;

interface Interface {
  readonly linkType: number;
  readonly snaplen: number;
  readonly name: string | undefined;
  /** Units per second. */
  readonly perSecond: number;
  /** Seconds to add. */
  readonly offset: number;
}

interface Option {
  readonly code: number;
  readonly from: number;
  readonly length: number;
}

export function* readPcapng(file: Uint8Array, view: DataView): Generator<CapturedPacket> {
  let little = true;
  let interfaces: Interface[] = [];
  for (let at = 0; at < file.length; ) {
    if (file.length - at < 12) throw new CaptureError(`the file ends in a block header, at byte ${at}`);
    if (view.getUint32(at, true) === BLOCK_SECTION) {
      little = byteOrder(view, at);
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    const smallest =
      type === BLOCK_PACKET ? 32 : type === BLOCK_INTERFACE ? 20 : type === BLOCK_SIMPLE_PACKET ? 16 : 12;
    if (length < smallest || length % 4 !== 0 || length > file.length - at) {
      throw new CaptureError(
        `the block at byte ${at} says it has ${length} bytes; it may have ${smallest} to ${file.length - at}, in fours`,
      );
    }
    if (type === BLOCK_INTERFACE) interfaces.push(readInterface(view, at, length, little));
    else if (type === BLOCK_PACKET) yield readPacket(file, view, at, length, little, interfaces);
    else if (type === BLOCK_SIMPLE_PACKET) yield readSimplePacket(file, view, at, length, little, interfaces);
    at += length;
  }
}

function byteOrder(view: DataView, at: number): boolean {
  for (const little of [true, false]) {
    if (view.getUint32(at + 8, little) === BYTE_ORDER_MAGIC) return little;
  }
  throw new CaptureError(`the section at byte ${at} has no byte order mark`);
}

function readInterface(view: DataView, at: number, length: number, little: boolean): Interface {
  let name: string | undefined;
  let perSecond = 1e6;
  let offset = 0;
  for (const option of optionsIn(view, at + 16, at + length - 4, little)) {
    if (option.code === OPTION_IF_NAME) name = text(view, option);
    else if (option.code === OPTION_IF_TSRESOL && option.length === 1)
      perSecond = resolution(view.getUint8(option.from));
    else if (option.code === OPTION_IF_TSOFFSET && option.length === 8)
      offset = Number(view.getBigInt64(option.from, little));
  }
  return {
    linkType: view.getUint16(at + 8, little),
    snaplen: view.getUint32(at + 12, little),
    name,
    perSecond,
    offset,
  };
}

/** A power of ten, or of two when the high bit is set. */
function resolution(value: number): number {
  return value & 0x80 ? 2 ** (value & 0x7f) : 10 ** value;
}

function readPacket(
  file: Uint8Array,
  view: DataView,
  at: number,
  length: number,
  little: boolean,
  interfaces: readonly Interface[],
): CapturedPacket {
  const number = view.getUint32(at + 8, little);
  const face = interfaceOf(interfaces, number, at);
  const kept = view.getUint32(at + 20, little);
  const from = at + 28;
  const end = at + length - 4;
  if (kept > end - from)
    throw new CaptureError(`the packet at byte ${at} has ${kept} bytes, its block only ${end - from}`);
  const stamp = (BigInt(view.getUint32(at + 12, little)) << 32n) | BigInt(view.getUint32(at + 16, little));
  const seconds = stamp / BigInt(face.perSecond);
  const rest = Number(stamp % BigInt(face.perSecond)) / face.perSecond;
  const comments: string[] = [];
  for (const option of optionsIn(view, from + ((kept + 3) & ~3), end, little)) {
    if (option.code === OPTION_COMMENT) comments.push(text(view, option));
  }
  return {
    linkType: face.linkType,
    interface: number,
    interfaceName: face.name,
    time: (Number(seconds) + face.offset) * 1e6 + rest * 1e6,
    bytes: file.subarray(from, from + kept),
    originalLength: view.getUint32(at + 24, little),
    comments,
  };
}

/** Has no time and no interface number; what it lost is known from the snap length. */
function readSimplePacket(
  file: Uint8Array,
  view: DataView,
  at: number,
  length: number,
  little: boolean,
  interfaces: readonly Interface[],
): CapturedPacket {
  const face = interfaceOf(interfaces, 0, at);
  const originalLength = view.getUint32(at + 8, little);
  const snaplen = face.snaplen === 0 ? originalLength : face.snaplen;
  const kept = Math.min(originalLength, snaplen, length - 16);
  const bytes = file.subarray(at + 12, at + 12 + kept);
  return {
    linkType: face.linkType,
    interface: 0,
    interfaceName: face.name,
    time: 0,
    bytes,
    originalLength,
    comments: [],
  };
}

function interfaceOf(interfaces: readonly Interface[], number: number, at: number): Interface {
  const face = interfaces[number];
  if (face === undefined) {
    throw new CaptureError(`the packet at byte ${at} is of interface ${number}; ${interfaces.length} were described`);
  }
  return face;
}

function* optionsIn(view: DataView, from: number, end: number, little: boolean): Generator<Option> {
  for (let at = from; at + 4 <= end; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === OPTION_END) return;
    if (length > end - at - 4) throw new CaptureError(`the option at byte ${at} is longer than its block`);
    yield { code, from: at + 4, length };
    at += 4 + ((length + 3) & ~3);
  }
}

function text(view: DataView, option: Option): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + option.from, option.length));
}

/** Reads captures, pcapng and classic pcap, of either byte order. */
import type { Micros } from '../ports.ts';
import { CaptureError } from './capture-error.ts';
import { readPcapng } from './pcapng-reader.ts';
import { BLOCK_SECTION } from './pcapng-writer.ts';

export interface CapturedPacket {
  /** LINKTYPE_* of the interface. */
  readonly linkType: number;
  /** Number of the interface in its section; 0 in classic pcap. */
  readonly interface: number;
  readonly interfaceName: string | undefined;
  /** Since the Unix epoch, or whatever the writer took. */
  readonly time: Micros;
  /** A view of the file. */
  readonly bytes: Uint8Array;
  /** More than `bytes.length` when the capture cut it. */
  readonly originalLength: number;
  readonly comments: readonly string[];
}

const MAGIC_US = 0xa1b2c3d4;
const MAGIC_NS = 0xa1b23c4d;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** Yields the packets in the order of the file; throws a CaptureError where it stops making sense. */
export function* readCapture(file: Uint8Array): Generator<CapturedPacket> {
  if (file.length < FILE_HEADER)
    throw new CaptureError(`not a capture: ${file.length} bytes, a header has ${FILE_HEADER}`);
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  if (view.getUint32(0, true) === BLOCK_SECTION) {
    yield* readPcapng(file, view);
    return;
  }
  const little = [MAGIC_US, MAGIC_NS].includes(view.getUint32(0, true));
  const magic = view.getUint32(0, little);
  if (magic !== MAGIC_US && magic !== MAGIC_NS) {
    throw new CaptureError(`neither pcapng nor pcap: the file starts with 0x${magic.toString(16).padStart(8, '0')}`);
  }
  yield* readPcap(file, view, little, magic === MAGIC_NS);
}

function* readPcap(file: Uint8Array, view: DataView, little: boolean, nano: boolean): Generator<CapturedPacket> {
  const linkType = view.getUint32(20, little) & 0xffff; // the upper half may speak of a frame check sequence
  for (let at = FILE_HEADER; at < file.length; ) {
    if (at + RECORD_HEADER > file.length) throw new CaptureError(`the file ends in a packet header, at byte ${at}`);
    const kept = view.getUint32(at + 8, little);
    const from = at + RECORD_HEADER;
    if (kept > file.length - from) {
      throw new CaptureError(`the packet at byte ${at} has ${kept} bytes, the file only ${file.length - from} more`);
    }
    yield {
      linkType,
      interface: 0,
      interfaceName: undefined,
      time: view.getUint32(at, little) * 1e6 + view.getUint32(at + 4, little) / (nano ? 1000 : 1),
      bytes: file.subarray(from, from + kept),
      originalLength: view.getUint32(at + 12, little),
      comments: [],
    };
    at = from + kept;
  }
}

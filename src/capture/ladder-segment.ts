/** Captured packets → TCP segments: what a ladder diagram is drawn from. */

import type { Micros } from '../ports.ts';
import {
  KIND_TCP,
  OPT_BAD,
  OPT_MSS,
  OPT_OTHER,
  OPT_SACK,
  OPT_SACK_OK,
  OPT_TS,
  OPT_WS,
  RX_ACK,
  RX_FLAGS,
  RX_KIND,
  RX_L3L4,
  RX_LEN,
  RX_SEQ,
} from '../wire/abi.ts';
import { isMapped } from '../wire/address.ts';
import { formatAddress } from '../wire/address-text.ts';
import { put16 } from '../wire/bytes.ts';
import { PARSED } from '../wire/drop.ts';
import { ETHER_HEADER, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../wire/ethernet.ts';
import { KEY_LADDR, KEY_PORTS, KEY_RADDR, KEY_WORDS, readFlowKey } from '../wire/flow-key.ts';
import { FrameParser } from '../wire/parse.ts';
import type { TcpOptions } from '../wire/tcp-options.ts';
import type { CapturedPacket } from './capture-reader.ts';

export interface LadderSegment {
  /** Number in the file, from 1 as other tools count. */
  readonly number: number;
  readonly time: Micros;
  /** "address:port" of sender and receiver. */
  readonly from: string;
  readonly to: string;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  /** As in the header, not scaled. */
  readonly window: number;
  readonly length: number;
  readonly options: SegmentOptions;
  readonly comments: readonly string[];
}

/** Only what the segment has. */
export interface SegmentOptions {
  readonly mss?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: true;
  readonly timestamps?: readonly [value: number, echo: number];
  /** Left and right edges. */
  readonly sack?: readonly (readonly [number, number])[];
  readonly other?: number;
  readonly bad?: true;
}

const LINKTYPE_NULL = 0;
const LINKTYPE_ETHERNET = 1;
const LINKTYPE_RAW_BSD = 12;
const LINKTYPE_RAW = 101;
const LINKTYPE_SLL = 113;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;
const LINKTYPE_SLL2 = 276;

export class SegmentReader {
  readonly #parser = new FrameParser();
  readonly #rx = new Int32Array(16);
  readonly #key = new Int32Array(KEY_WORDS);

  /** Undefined for anything but TCP. Checksums are not looked at: a sender's capture is made before they are filled in. */
  read(packet: CapturedPacket, number: number): LadderSegment | undefined {
    const frame = asEthernet(packet);
    if (frame === undefined) return undefined;
    const rx = this.#rx;
    if (this.#parser.parse(frame, 0, frame.length, rx, 0, true) !== PARSED) return undefined;
    if ((rx[RX_KIND]! & 0xff) !== KIND_TCP) return undefined;
    readFlowKey(frame, rx[RX_L3L4]! & 0xffff, rx[RX_L3L4]! >>> 16, this.#key);
    return {
      number,
      time: packet.time,
      from: this.#endpoint(KEY_RADDR, this.#key[KEY_PORTS]! & 0xffff),
      to: this.#endpoint(KEY_LADDR, this.#key[KEY_PORTS]! >>> 16),
      seq: rx[RX_SEQ]!,
      ack: rx[RX_ACK]!,
      flags: rx[RX_FLAGS]! & 0x1ff,
      window: rx[RX_FLAGS]! >>> 16,
      length: rx[RX_LEN]!,
      options: optionsOf(this.#parser.options),
      comments: packet.comments,
    };
  }

  #endpoint(at: number, port: number): string {
    const address = formatAddress(this.#key, at);
    return isMapped(this.#key, at) ? `${address}:${port}` : `[${address}]:${port}`;
  }
}

/** The packet as an Ethernet frame of its original length: bytes that were cut off are 0. */
function asEthernet(packet: CapturedPacket): Uint8Array | undefined {
  const { bytes, linkType } = packet;
  if (linkType === LINKTYPE_ETHERNET && bytes.length === packet.originalLength) return bytes;
  const header = linkHeader(linkType);
  if (header === undefined || bytes.length <= header) return undefined;
  const missing = Math.min(Math.max(0, packet.originalLength - bytes.length), 1 << 17);
  const kept = linkType === LINKTYPE_ETHERNET ? bytes : bytes.subarray(header);
  const at = linkType === LINKTYPE_ETHERNET ? 0 : ETHER_HEADER;
  const frame = new Uint8Array(at + kept.length + missing);
  frame.set(kept, at);
  if (at > 0) put16(frame, 12, kept[0]! >>> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
  return frame;
}

/** Bytes in front of the IP header; undefined for links that carry something else. */
function linkHeader(linkType: number): number | undefined {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return ETHER_HEADER;
    case LINKTYPE_NULL:
      return 4;
    case LINKTYPE_SLL:
      return 16;
    case LINKTYPE_SLL2:
      return 20;
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      return 0;
    default:
      return undefined;
  }
}

function optionsOf(o: TcpOptions): SegmentOptions {
  const blocks: [number, number][] = [];
  for (let i = 0; i < o.sackBlocks; i++) blocks.push([o.sack[2 * i]!, o.sack[2 * i + 1]!]);
  return {
    ...(o.seen & OPT_MSS ? { mss: o.mss } : {}),
    ...(o.seen & OPT_WS ? { windowScale: o.ws } : {}),
    ...(o.seen & OPT_SACK_OK ? { sackPermitted: true as const } : {}),
    ...(o.seen & OPT_TS ? { timestamps: [o.tsVal >>> 0, o.tsEcr >>> 0] as const } : {}),
    ...(o.seen & OPT_SACK ? { sack: blocks } : {}),
    ...(o.seen & OPT_OTHER ? { other: o.otherKind } : {}),
    ...(o.seen & OPT_BAD ? { bad: true as const } : {}),
  };
}

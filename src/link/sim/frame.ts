/** A frame under way on a simulated wire. */
import { get16 } from '../../wire/bytes.ts';
import { ETHER_HEADER, ETHERTYPE_VLAN, VLAN_TAG } from '../../wire/ethernet.ts';

/** A frame on a simulated wire. */
export interface SimFrame {
  /** From the Ethernet header on. */
  readonly bytes: Uint8Array;
  /** More than 1: a super-segment carried uncut. */
  readonly segments: number;
  /** Payload bytes of each of them; 0 for a plain frame. */
  readonly size: number;
  /** Bytes of the largest IP packet on the wire: what an MTU is compared with. */
  readonly packet: number;
  /** Bytes on the wire, the headers of every segment included: what a rate is reckoned with. */
  readonly wireBytes: number;
}

export function plainFrame(bytes: Uint8Array): SimFrame {
  return { bytes, segments: 1, size: 0, packet: bytes.length - layer2(bytes), wireBytes: bytes.length };
}

/** A frame that stands for `segments` of `size` bytes, with `total` payload bytes in all. */
export function superFrame(bytes: Uint8Array, segments: number, size: number, total: number): SimFrame {
  const headers = bytes.length - total;
  const packet = headers + size - layer2(bytes);
  return { bytes, segments, size, packet, wireBytes: total + segments * headers };
}

function layer2(bytes: Uint8Array): number {
  return get16(bytes, 12) === ETHERTYPE_VLAN ? ETHER_HEADER + VLAN_TAG : ETHER_HEADER;
}

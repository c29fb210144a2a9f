/** The frame behind a receive descriptor; one that was merged is put together again as the super-frame it amounts to. */
import { KIND_TCP, RX_FLAGS, RX_FRAME, RX_FRAME_LEN, RX_L3L4, RX_OFF, RX_TOTAL } from '../wire/abi.ts';
import { put16 } from '../wire/bytes.ts';
import { pseudo, writeChecksum } from '../wire/checksum.ts';
import { IPV6_HEADER, PROTO_TCP } from '../wire/ip.ts';
import { gather, kindOf, pieceDescriptors } from '../wire/pieces.ts';

/** For one frame a view of the memory, so it is to be used before the memory is given back. */
export function receivedFrame(rx: Int32Array, at: number, memory: Uint8Array): Uint8Array {
  const frame = rx[at + RX_FRAME]!;
  if (kindOf(rx, at) !== KIND_TCP || pieceDescriptors(rx, at) === 0) {
    return memory.subarray(frame, frame + rx[at + RX_FRAME_LEN]!);
  }
  const headers = rx[at + RX_OFF]! - frame;
  const total = rx[at + RX_TOTAL]!;
  const out = new Uint8Array(headers + total);
  out.set(memory.subarray(frame, frame + headers));
  gather(rx, at, memory, 0, total, out, headers);
  const l3 = rx[at + RX_L3L4]! & 0xffff;
  const l4 = rx[at + RX_L3L4]! >>> 16;
  lengthen(out, l3);
  out[l4 + 13] = rx[at + RX_FLAGS]!;
  put16(out, l4 + 14, rx[at + RX_FLAGS]! >>> 16);
  writeChecksum(out, l4 + 16, l4, out.length - l4, pseudo(out, l3, PROTO_TCP, out.length - l4));
  return out;
}

/** Makes the IP length that of the whole. What does not fit into 16 bits is written as 0, as the kernel does. */
function lengthen(out: Uint8Array, l3: number): void {
  const length = out.length - l3;
  if (out[l3]! >>> 4 === 6) {
    put16(out, l3 + 4, length - IPV6_HEADER > 0xffff ? 0 : length - IPV6_HEADER);
    return;
  }
  put16(out, l3 + 2, length > 0xffff ? 0 : length);
  writeChecksum(out, l3 + 10, l3, (out[l3]! & 15) * 4);
}

/** A segment under way, and the number by which two of them count as the same. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly key: number;
}

/** Where the TCP header begins, and the destination address. */
export const L4 = 34;
export const DST = 14 + 16;

export function get32(b: Uint8Array, at: number): number {
  return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
}

/** Sequence numbers, flags, window and text; options and their clocks do not count. */
export function keyOf(bytes: Uint8Array): number {
  let key = 0;
  const mix = (value: number): void => {
    key = Math.imul(key ^ value, 0x01000193);
    key ^= key >>> 15;
  };
  mix(get32(bytes, L4 + 4));
  mix(get32(bytes, L4 + 8));
  mix(bytes[L4 + 13]!);
  mix(get32(bytes, L4 + 14));
  for (let at = L4 + (bytes[L4 + 12]! >> 4) * 4; at < bytes.length; at++) mix(bytes[at]! + 1);
  mix(bytes.length);
  return key;
}

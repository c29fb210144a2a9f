/** Copies of received bytes that outlive their burst: small ones share a block, large ones get their own. */

const BLOCK = 256 * 1024;
/** Above this a copy would waste too much of a block's end. */
const LARGEST_SHARED = 32 * 1024;

let block = Buffer.allocUnsafeSlow(0);
let used = 0;

/** A copy of `bytes` that belongs to the caller. */
export function keep(bytes: Uint8Array): Buffer {
  const length = bytes.length;
  if (length > LARGEST_SHARED) {
    const own = Buffer.allocUnsafeSlow(length);
    own.set(bytes);
    return own;
  }
  if (used + length > block.length) {
    block = Buffer.allocUnsafeSlow(BLOCK);
    used = 0;
  }
  const copy = block.subarray(used, used + length);
  copy.set(bytes);
  used += (length + 7) & ~7;
  return copy;
}

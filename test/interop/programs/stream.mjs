// A stream of bytes that both ends know: what it is follows from its seed, so one number says what SHA-256 must come out.
import { createCipheriv, createHash } from 'node:crypto';

const CHUNK = 64 * 1024;
const ZEROS = Buffer.alloc(CHUNK);

/** The next `size` bytes of the stream with this seed at every call; null at its end. */
export function source(seed, total) {
  const key = createHash('sha256').update(`usertcp ${seed}`).digest();
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16));
  let left = total;
  return (size = CHUNK) => {
    const n = Math.min(size, left, CHUNK);
    left -= n;
    return n === 0 ? null : cipher.update(ZEROS.subarray(0, n));
  };
}

/** SHA-256 of the whole stream. */
export function digest(seed, total) {
  const hash = createHash('sha256');
  const next = source(seed, total);
  for (let chunk = next(); chunk !== null; chunk = next()) hash.update(chunk);
  return hash.digest('hex');
}

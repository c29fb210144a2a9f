/** Which units of eight octets of a datagram are there: a bit each, in words of a larger array (RFC 791 §3.2). */
const UNITS = 1 << 13;
export const COVERAGE_WORDS = UNITS / 32;
export const UNIT = 8;

export function isMarked(w: Int32Array, at: number, unit: number): boolean {
  return unit < UNITS && ((w[at + (unit >>> 5)]! >>> (unit & 31)) & 1) !== 0;
}

export function mark(w: Int32Array, at: number, unit: number): void {
  w[at + (unit >>> 5)]! |= 1 << (unit & 31);
}

/** Whether any unit in [first, last) is there. */
export function anyMarked(w: Int32Array, at: number, first: number, last: number): boolean {
  for (let unit = first; unit < last; ) {
    if ((unit & 31) === 0 && unit + 32 <= last) {
      if (w[at + (unit >>> 5)] !== 0) return true;
      unit += 32;
    } else if (isMarked(w, at, unit++)) {
      return true;
    }
  }
  return false;
}

/** Whether any unit from `first` on is there. */
export function anyMarkedFrom(w: Int32Array, at: number, first: number): boolean {
  return anyMarked(w, at, first, UNITS);
}

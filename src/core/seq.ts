/** Sequence numbers are int32; every comparison is modulo 2^32 (RFC 9293 §3.4 [UNTAGGED-2]). */

export const lt = (a: number, b: number): boolean => ((a - b) | 0) < 0;
export const leq = (a: number, b: number): boolean => ((a - b) | 0) <= 0;
export const gt = (a: number, b: number): boolean => ((a - b) | 0) > 0;
export const geq = (a: number, b: number): boolean => ((a - b) | 0) >= 0;
/** a - b: how far a is ahead of b (negative when behind). */
export const diff = (a: number, b: number): number => (a - b) | 0;
export const add = (a: number, n: number): number => (a + n) | 0;
export const maxSeq = (a: number, b: number): number => (((a - b) | 0) > 0 ? a : b);

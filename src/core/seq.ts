/** Sequence numbers are int32; every comparison is modulo 2^32 (RFC 9293 §3.4 [UNTAGGED-2]). */

export const lt = (a: number, b: number): boolean => ((a - b) | 0) < 0;
export const leq = (a: number, b: number): boolean => ((a - b) | 0) <= 0;
export const gt = (a: number, b: number): boolean => ((a - b) | 0) > 0;
export const geq = (a: number, b: number): boolean => ((a - b) | 0) >= 0;
/** a - b: how far a is ahead of b (negative when behind). */
export const diff = (a: number, b: number): number => (a - b) | 0;
export const add = (a: number, n: number): number => (a + n) | 0;
/**
 * How long ago a moment was that has passed, in a clock of 32 bits. All of them count: half of them would call what happened 25 days
 * ago (in ms) a moment that has yet to come, for as long again.
 */
export const since = (now: number, then: number): number => (now - then) >>> 0;

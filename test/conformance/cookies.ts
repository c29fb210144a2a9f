/** Cookies of Fast Open (RFC 7413 §4.1) in scripts. */
import type { CoreBackend, Script } from './script/index.ts';

export const SIMPLE = { sack: false, timestamps: false, windowScaling: false } as const;
export const CLIENT = { tcp: { ...SIMPLE, fastOpen: 'client' } } as const;
export const SERVER = { tcp: { ...SIMPLE, fastOpen: 'server' } } as const;
export const ASK = 'raw 22 02';
export const COOKIE = 'raw 22 0a 01 02 03 04 05 06 07 08';
export const FOURTEEN = 'raw 22 10 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e';
export const OTHER = 'raw 22 0a 01 02 03 04 05 06 07 09';

export const core = (s: Script) => (s.backend as CoreBackend).core;
export const mss = (s: Script): string => `mss ${s.family === 4 ? 1460 : 1440}`;

/** A first connection, which brings the cookie; the next is `b`. */
export async function learn(s: Script, option = COOKIE): Promise<void> {
  await s.run(`
    open active
    +0 > S seq 0 len 0 <${mss(s)}, ${ASK}>
    +0 < S. seq 0 ack 1 win 5000 <mss 1000, ${option}>
    +0 > . seq 1 ack 1
    conn b
  `);
}

/** The cookie that left last, as scripts write it. */
export function lastCookie(s: Script): string {
  const frames = Buffer.from((s.backend as CoreBackend).capture());
  const at = frames.lastIndexOf(Uint8Array.of(1, 1, 0x22, 10)) + 2;
  return `raw ${[...frames.subarray(at, at + 10)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}

/** Asks the listener for a cookie; the next connection is `b`. */
export async function cookieOf(s: Script): Promise<string> {
  await s.run(`
    listen
    +0 < S seq 0 win 5000 <mss 1000, ${ASK}>
    +0 > S. seq 0 ack 1
    +0 < . seq 1 ack 1 win 5000
    event accept
    conn b
  `);
  return lastCookie(s);
}

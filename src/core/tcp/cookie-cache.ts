/** What a client of Fast Open remembers of servers (RFC 7413 §4.1.3): their cookies, and which of them it asks no more. */

import { since } from '../seq.ts';

/** The oldest entry makes room for one more. */
const MOST = 1024;
/** RFC 7413 §4.1.3.1: ms without Fast Open after a server, or the path to it, did not take it. */
export const REFUSED_FOR = 600_000;

export interface Server {
  readonly cookie: Uint8Array;
  /** Of the server's SYN,ACK: text on a SYN must fit without asking. */
  readonly mss: number;
  /** Tick at which Fast Open failed; 0 = it may be tried. */
  readonly refused: number;
}

const NONE = new Uint8Array(0);

export class CookieCache {
  /** Oldest first. */
  private readonly servers = new Map<string, Server>();

  /** undefined: nothing is known, so a cookie may be asked for. */
  find(words: Int32Array, at: number): Server | undefined {
    return this.servers.size === 0 ? undefined : this.servers.get(keyOf(words, at));
  }

  mayTry(words: Int32Array, at: number, tick: number): boolean {
    const refused = this.find(words, at)?.refused ?? 0;
    return refused === 0 || since(tick, refused) >= REFUSED_FOR;
  }

  /** Whether the cookie is another one than before. */
  learn(words: Int32Array, at: number, cookie: Uint8Array, mss: number): boolean {
    const before = this.find(words, at)?.cookie ?? NONE;
    this.put(keyOf(words, at), { cookie: cookie.slice(), mss, refused: 0 });
    return before.length !== cookie.length || before.some((byte, n) => byte !== cookie[n]);
  }

  refuse(words: Int32Array, at: number, tick: number): void {
    const { cookie, mss } = this.find(words, at) ?? { cookie: NONE, mss: 0 };
    this.put(keyOf(words, at), { cookie, mss, refused: tick });
  }

  private put(key: string, server: Server): void {
    this.servers.delete(key);
    this.servers.set(key, server);
    if (this.servers.size <= MOST) return;
    const [oldest] = this.servers.keys();
    this.servers.delete(oldest!);
  }

  get size(): number {
    return this.servers.size;
  }
}

function keyOf(w: Int32Array, at: number): string {
  return `${w[at]}/${w[at + 1]}/${w[at + 2]}/${w[at + 3]}`;
}

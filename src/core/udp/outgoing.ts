/**
 * Datagrams on their way out: whole packets in chunks of the arena, which only lack the address of the next hop. They leave
 * in the turn that made them, in order; those for a neighbour that is being asked for wait beside the queue.
 */

/** next, chunk, offset of the packet, its length, hop (-1 = the frame is complete), link, socket and its generation. */
const WORDS = 8;
const NEXT = 0;
const CHUNK = 1;
const OFFSET = 2;
const LENGTH = 3;
const HOP = 4;
const LINK = 5;
const SOCKET = 6;
const GEN = 7;

/** RFC 1122 §2.3.2.2: at least one packet, the latest, is kept for a neighbour that has not answered yet. */
export const MOST_WAITING = 16;
/** Whoever makes a socket answer many that are not there must not use up the hops, nor the memory of connections. */
export const MOST_WAITING_IN_ALL = 512;

interface Line {
  first: number;
  last: number;
  length: number;
}

export class Outgoing {
  /** Datagrams held, waiting ones included. */
  count = 0;
  private words = new Int32Array(64 * WORDS);
  private free = -1;
  private top = 0;
  private head = -1;
  private tail = -1;
  /** Of each hop that is asked for what waits for it, oldest first; the hop that was asked for first comes first. */
  private readonly waiting = new Map<number, Line>();
  private waitingCount = 0;

  chunk(n: number): number {
    return this.words[n * WORDS + CHUNK]!;
  }
  offset(n: number): number {
    return this.words[n * WORDS + OFFSET]!;
  }
  length(n: number): number {
    return this.words[n * WORDS + LENGTH]!;
  }
  hop(n: number): number {
    return this.words[n * WORDS + HOP]!;
  }
  link(n: number): number {
    return this.words[n * WORDS + LINK]!;
  }
  socket(n: number): number {
    return this.words[n * WORDS + SOCKET]!;
  }
  generation(n: number): number {
    return this.words[n * WORDS + GEN]!;
  }

  /** Queues a packet behind all others. */
  push(chunk: number, offset: number, length: number, hop: number, link: number, socket: number, gen: number): void {
    const n = this.take();
    const at = n * WORDS;
    const w = this.words;
    w[at + CHUNK] = chunk;
    w[at + OFFSET] = offset;
    w[at + LENGTH] = length;
    w[at + HOP] = hop;
    w[at + LINK] = link;
    w[at + SOCKET] = socket;
    w[at + GEN] = gen;
    this.append(n);
    this.count++;
  }

  /** The record at the front of the queue, or -1. */
  first(): number {
    return this.head;
  }

  /** Takes the front record off the queue; `drop` or `wait` is its future. */
  shift(): void {
    this.head = this.words[this.head * WORDS + NEXT]!;
    if (this.head < 0) this.tail = -1;
  }

  /** Sets a record aside until its hop is known. Returns one that has to go for it, or -1: the oldest for the hop, or of who waits longest. */
  wait(n: number): number {
    const hop = this.hop(n);
    let line = this.waiting.get(hop);
    if (line === undefined) {
      line = { first: n, last: n, length: 0 };
      this.waiting.set(hop, line);
    } else this.setNext(line.last, n);
    this.setNext(n, -1);
    line.last = n;
    line.length++;
    this.waitingCount++;
    if (line.length > MOST_WAITING) return this.takeWaiting(hop);
    if (this.waitingCount <= MOST_WAITING_IN_ALL) return -1;
    const [longest] = this.waiting.keys();
    return this.takeWaiting(longest!);
  }

  /** What waits for the hop is queued again, in its order. */
  resume(hop: number): void {
    for (let n = this.takeWaiting(hop); n >= 0; n = this.takeWaiting(hop)) this.append(n);
  }

  /** Takes the oldest waiting record of the hop off, or -1. */
  takeWaiting(hop: number): number {
    const line = this.waiting.get(hop);
    if (line === undefined) return -1;
    const n = line.first;
    line.first = this.next(n);
    this.waitingCount--;
    if (--line.length === 0) this.waiting.delete(hop);
    return n;
  }

  /** The record is free; its chunk and hop are the caller's. */
  drop(n: number): void {
    this.setNext(n, this.free);
    this.free = n;
    this.count--;
  }

  private append(n: number): void {
    this.setNext(n, -1);
    if (this.tail >= 0) this.setNext(this.tail, n);
    else this.head = n;
    this.tail = n;
  }

  private next(n: number): number {
    return this.words[n * WORDS + NEXT]!;
  }

  private setNext(n: number, next: number): void {
    this.words[n * WORDS + NEXT] = next;
  }

  private take(): number {
    const n = this.free;
    if (n >= 0) {
      this.free = this.next(n);
      return n;
    }
    if (this.top * WORDS === this.words.length) {
      const bigger = new Int32Array(this.words.length * 2);
      bigger.set(this.words);
      this.words = bigger;
    }
    return this.top++;
  }
}

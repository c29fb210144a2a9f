/** SEND's bytes, from SND.UNA on: a list of arena chunks. Copied in once; every transmission points there. */
import type { Arena } from '../arena.ts';
import type { Tcb } from './tcb.ts';

/** Copies up to `length` bytes in; returns how many found room. */
export function enqueue(arena: Arena, tcb: Tcb, bytes: Uint8Array, offset: number, length: number): number {
  let done = 0;
  let tail = tcb.sndTail;
  while (done < length) {
    let room = tail < 0 ? 0 : arena.capacity(tail) - arena.end(tail);
    if (room === 0) {
      const chunk = arena.take(length - done);
      if (chunk < 0) break;
      if (tail < 0) tcb.sndHead = chunk;
      else arena.setNext(tail, chunk);
      tail = chunk;
      tcb.sndTail = chunk;
      room = arena.capacity(chunk);
    }
    const n = Math.min(room, length - done);
    const at = arena.offset(tail) + arena.end(tail);
    const from = offset + done;
    arena.bytes.set(from === 0 && n === bytes.length ? bytes : bytes.subarray(from, from + n), at);
    const end = arena.end(tail) + n;
    arena.setEnd(tail, end);
    arena.wrote(tail, end);
    done += n;
  }
  tcb.sndQueued += done;
  return done;
}

/** Bytes below this are cheaper to copy than to keep track of. */
const LEAST_LENT = 4096;

/** As `enqueue`, but the bytes stay where they are until they are acknowledged. Falls back to copying. */
export function enqueueLent(
  arena: Arena,
  tcb: Tcb,
  link: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const region = length < LEAST_LENT ? -1 : arena.regions.take(link, bytes.buffer);
  const chunk = region < 0 ? -1 : arena.takeLent(region, bytes.byteOffset + offset, length);
  if (chunk < 0) {
    if (region > 0) arena.regions.release(region);
    return enqueue(arena, tcb, bytes, offset, length);
  }
  if (tcb.sndTail < 0) tcb.sndHead = chunk;
  else arena.setNext(tcb.sndTail, chunk);
  tcb.sndTail = chunk;
  tcb.sndQueued += length;
  return length;
}

/** The first `n` bytes were acknowledged: chunks that hold nothing else go back. */
export function dequeue(arena: Arena, tcb: Tcb, n: number): void {
  tcb.sndQueued -= n;
  let head = tcb.sndHead;
  let left = n;
  while (left > 0) {
    const held = arena.end(head) - arena.start(head);
    if (held > left) {
      arena.setStart(head, arena.start(head) + left);
      return;
    }
    left -= held;
    const next = arena.next(head);
    if (tcb.sndChunk === head) tcb.sndChunk = -1;
    arena.give(head);
    head = next;
    tcb.sndHead = head;
    if (head < 0) {
      tcb.sndTail = -1;
      return;
    }
  }
}

/** Keeps the first `keep` bytes. All that was ever sent must be among them. */
export function truncate(arena: Arena, tcb: Tcb, keep: number): void {
  if (keep === 0) {
    discard(arena, tcb);
    return;
  }
  let chunk = tcb.sndHead;
  let left = keep - (arena.end(chunk) - arena.start(chunk));
  while (left > 0) {
    chunk = arena.next(chunk);
    left -= arena.end(chunk) - arena.start(chunk);
  }
  arena.shorten(chunk, arena.end(chunk) + left);
  tcb.sndTail = chunk;
  tcb.sndQueued = keep;
  let gone = arena.next(chunk);
  arena.setNext(chunk, -1);
  while (gone >= 0) {
    const next = arena.next(gone);
    if (tcb.sndChunk === gone) {
      tcb.sndChunk = chunk;
      tcb.sndOffset = arena.end(chunk);
    }
    arena.give(gone);
    gone = next;
  }
}

/** Points the cursor (`sndChunk`, `sndOffset`) at the next byte never sent. */
export function seekNew(arena: Arena, tcb: Tcb): void {
  if (tcb.sndChunk < 0) {
    // Everything sent is acknowledged, chunks and all: new text starts at the head.
    tcb.sndChunk = tcb.sndHead;
    tcb.sndOffset = tcb.sndHead < 0 ? 0 : arena.start(tcb.sndHead);
  } else if (tcb.sndOffset === arena.end(tcb.sndChunk) && arena.next(tcb.sndChunk) >= 0) {
    tcb.sndChunk = arena.next(tcb.sndChunk);
    tcb.sndOffset = arena.start(tcb.sndChunk);
  }
}

/** `n` bytes from there on were sent. */
export function advanceNew(arena: Arena, tcb: Tcb, n: number): void {
  let left = n;
  while (left > 0) {
    const here = arena.end(tcb.sndChunk) - tcb.sndOffset;
    if (left <= here) {
      tcb.sndOffset += left;
      return;
    }
    left -= here;
    tcb.sndChunk = arena.next(tcb.sndChunk);
    tcb.sndOffset = arena.start(tcb.sndChunk);
  }
}

/** Gives back everything queued. */
export function discard(arena: Arena, tcb: Tcb): void {
  let chunk = tcb.sndHead;
  while (chunk >= 0) {
    const next = arena.next(chunk);
    arena.give(chunk);
    chunk = next;
  }
  tcb.sndHead = -1;
  tcb.sndTail = -1;
  tcb.sndChunk = -1;
  tcb.sndQueued = 0;
}

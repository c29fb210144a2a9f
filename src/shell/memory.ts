/** Core state in plain ArrayBuffers. Linux commits their pages on first touch, so a large reservation costs nothing. */
import { markAsUntransferable } from 'node:worker_threads';
import type { Memory } from '../ports.ts';

export class HeapMemory implements Memory {
  /** Bytes reserved, by region. */
  readonly reserved = new Map<string, number>();

  region(name: string, bytes: number): ArrayBuffer {
    this.reserved.set(name, (this.reserved.get(name) ?? 0) + bytes);
    const region = new ArrayBuffer(bytes);
    // Handlers see views of it: who transfers the ArrayBuffer under one would take the stack's state along.
    markAsUntransferable(region);
    return region;
  }
}

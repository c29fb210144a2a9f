/** Core state in plain ArrayBuffers. Linux commits their pages on first touch, so a large reservation costs nothing. */
import type { Memory } from '../ports.ts';

export class HeapMemory implements Memory {
  /** Bytes reserved, by region. */
  readonly reserved = new Map<string, number>();

  region(name: string, bytes: number): ArrayBuffer {
    this.reserved.set(name, (this.reserved.get(name) ?? 0) + bytes);
    return new ArrayBuffer(bytes);
  }
}

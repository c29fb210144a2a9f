/** What a router on the way does to the ECN field: marks packets, or clears it. In place, and the checksum of IPv4 follows. */
import { SeededRng } from '../../../src/link/sim.ts';
import type { World } from './world.ts';

const AT = 14;

export class Router {
  marked = 0;
  readonly #world: Pick<World, 'marks' | 'bleaches'>;
  readonly #rng: SeededRng;

  constructor(world: Pick<World, 'seed' | 'marks' | 'bleaches'>) {
    this.#world = world;
    this.#rng = new SeededRng(world.seed ^ 0x5eed);
  }

  pass(frame: Uint8Array, direction: number): 'pass' {
    const v4 = frame[12] === 8 && frame[13] === 0;
    if (!v4 && !(frame[12] === 0x86 && frame[13] === 0xdd)) return 'pass';
    const shift = v4 ? 0 : 4;
    const field = (frame[AT + 1]! >> shift) & 3;
    const bleach = this.#world.bleaches[direction] ?? false;
    const mark = field !== 0 && !bleach && this.#rng.chance(this.#world.marks[direction] ?? 0);
    const next = bleach ? 0 : mark ? 3 : field;
    if (next === field) return 'pass';
    if (mark) this.marked++;
    frame[AT + 1] = (frame[AT + 1]! & ~(3 << shift)) | (next << shift);
    if (v4) this.#checksum(frame);
    return 'pass';
  }

  #checksum(frame: Uint8Array): void {
    frame[AT + 10] = 0;
    frame[AT + 11] = 0;
    let sum = 0;
    for (let at = AT; at < AT + (frame[AT]! & 15) * 4; at += 2) sum += (frame[at]! << 8) | frame[at + 1]!;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    frame[AT + 10] = ~(sum >> 8) & 0xff;
    frame[AT + 11] = ~sum & 0xff;
  }
}

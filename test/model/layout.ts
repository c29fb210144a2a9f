/** Words of a row by name and unit, from the table that declares them. */
import { FIRST_IDLE_TIMER, flight, listening, row } from '../../src/core/tcp/row.ts';

export const at = new Map<string, number>();
export const TIMER_WORDS = 8;

/** How a word counts in the fingerprint of a state. */
export interface Part {
  readonly offset: number;
  readonly words: number;
  readonly kind: 'raw' | 'own' | 'peer' | 'since';
}

export const parts: Part[] = [];
const KIND: Readonly<Record<string, Part['kind'] | undefined>> = {
  bit: 'raw',
  bits: 'raw',
  B: 'raw',
  count: 'raw',
  code: 'raw',
  any: 'raw',
  seq: 'peer',
  tick: 'since',
};
/** The generation only rises; chunks are named by how they were given out. */
const LEFT_OUT = new Set(['gen', 'sndOffset', 'sndMss', 'wheelAt', 'bytesIn', 'bytesOut']);
const OURS = /^(iss|snd|recover|rack|tlp|prr|undo)/;

let offset = 0;
for (const [name, words, unit] of row) {
  at.set(name, offset);
  const kind = KIND[unit];
  if (name !== 'timers' && kind !== undefined && !LEFT_OUT.has(name))
    parts.push({ offset, words, kind: kind === 'peer' && OURS.test(name) ? 'own' : kind });
  offset += words;
}

for (const [name, of] of listening) at.set(name, at.get(of)!);

/** Words of the flight block that count: what is under way, and what recovery waits for. */
export const flightParts: Part[] = [];
const inBlock = new Map<string, number>();
let block = 0;
for (const [name, words, unit] of flight) {
  const underWay = block > 0 && !inBlock.has('deadlines');
  inBlock.set(name, block);
  const kind = unit === 'tick@' ? 'since' : KIND[unit];
  if (name !== 'deadlines' && (unit === 'seq' || (underWay && kind !== undefined && !LEFT_OUT.has(name))))
    flightParts.push({ offset: block, words, kind: kind === 'since' ? 'since' : 'raw' });
  block += words;
}

/** Word of the flight block. */
export function flightWord(name: string): number {
  return inBlock.get(name)!;
}

const TIMERS = at.get('timers')!;
const DEADLINES = flightWord('deadlines');
const FLIGHT = at.get('flight')!;

/** A deadline of the row at `base`: some are in its flight block. */
export function deadline(rows: Int32Array, flights: Int32Array, base: number, timer: number): number {
  const idle = timer - FIRST_IDLE_TIMER;
  return idle >= 0 && idle < 3 ? rows[base + TIMERS + idle]! : flights[rows[base + FLIGHT]! + DEADLINES + timer]!;
}

export function word(name: string): number {
  const found = at.get(name);
  if (found === undefined) throw new Error(`row.ts has no ${name}`);
  return found;
}

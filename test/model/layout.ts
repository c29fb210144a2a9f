/** Words of a row by name and unit, from the table that declares them. */
import { flight, row } from '../../src/core/tcp/row.ts';

export const at = new Map<string, number>();
export const TIMER_WORDS = 8;

/** How a word counts in the fingerprint of a state. */
export interface Part {
  readonly offset: number;
  readonly words: number;
  readonly kind: 'raw' | 'own' | 'peer' | 'timers' | 'since';
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
  if (name === 'timers') parts.push({ offset, words, kind: 'timers' });
  else if (kind !== undefined && !LEFT_OUT.has(name))
    parts.push({ offset, words, kind: kind === 'peer' && OURS.test(name) ? 'own' : kind });
  offset += words;
}

/** Words of the flight block that count: what recovery waits for. */
export const flightWords: number[] = [];
let inBlock = 0;
for (const [, words, unit] of flight) {
  if (unit === 'seq') flightWords.push(inBlock);
  inBlock += words;
}

export function word(name: string): number {
  const found = at.get(name);
  if (found === undefined) throw new Error(`row.ts has no ${name}`);
  return found;
}

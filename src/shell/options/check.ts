/** The checks that option tables are made of. */
import { OptionError } from '../option-error.ts';

/** Refuses names that do not exist, with the nearest one that does. */
export function checkKnown(path: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const full = path === '' ? name : `${path}.${name}`;
    const fix = near === undefined ? `Known are: ${known.join(', ')}.` : `Did you mean ${JSON.stringify(near)}?`;
    throw new OptionError(full, (given as Record<string, unknown>)[name], 'absent: there is no such option', fix);
  }
}

/** A whole number from `least` to `most`; `fallback` when absent. */
export function checkNumber(
  name: string,
  value: number | undefined,
  fallback: number,
  least: number,
  most: number,
  unit = '',
): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new OptionError(name, value, `an integer from ${least} to ${most}${unit === '' ? '' : ` ${unit}`}`);
  }
  return value;
}

/** true or false; `fallback` when absent. */
export function checkFlag(name: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw new OptionError(name, value, 'true or false');
  return value;
}

/** An object with these methods, or absent. */
export function checkMethods(name: string, value: unknown, methods: readonly string[], what: string): void {
  if (value === undefined) return;
  const has = typeof value === 'object' && value !== null;
  if (!has || methods.some((method) => typeof (value as Record<string, unknown>)[method] !== 'function'))
    throw new OptionError(name, value, what);
}

/** An AbortSignal, or absent. */
export function checkSignal(signal: AbortSignal | undefined): void {
  checkMethods('signal', signal, ['addEventListener', 'removeEventListener'], 'an AbortSignal');
}

export function checkOneOf<T extends string>(
  name: string,
  value: T | undefined,
  allowed: readonly T[],
  fallback: T,
): T {
  if (value === undefined) return fallback;
  if (allowed.includes(value)) return value;
  const near = nearest(String(value), allowed);
  const fix = near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
  throw new OptionError(name, value, `one of ${allowed.map((a) => JSON.stringify(a)).join(', ')}`, fix);
}

/** What others call it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  tos: 'typeOfService',
  dscp: 'typeOfService',
  mss: 'maxSegment',
  hostname: 'host',
  address: 'host',
  congestionControl: 'congestion',
  timeout: 'signal', // AbortSignal.timeout(ms)
};

/** The known name that is meant, or a typing error away; undefined when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best = ELSEWHERE[name];
  if (best !== undefined && known.includes(best)) return best;
  best = undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions and substitutions between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + same));
    }
    row = next;
  }
  return row[b.length]!;
}

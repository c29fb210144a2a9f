/** A lookup of the user's, or node:dns: what waits for it keeps the process alive, and hears of it once. */
import { type LookupAddress, type LookupAllOptions, type LookupOneOptions, lookup } from 'node:dns';
import type { Engine } from './engine.ts';

type Found = string | readonly LookupAddress[] | undefined;
type Told = (error: Error | null | undefined, found: Found, family?: number) => void;
type Ask = (host: string, options: LookupOneOptions | LookupAllOptions, told: Told) => void;

/** One that throws is one that found nothing; its second answer is nobody's. Returns what to call when nobody waits for the first any more. */
export function heldLookup(
  engine: Engine,
  own: typeof lookup | undefined,
  host: string,
  options: LookupOneOptions | LookupAllOptions,
  told: Told,
): () => void {
  let over = false;
  let telling = false;
  const giveUp = (): void => {
    if (over) return;
    over = true;
    engine.letGo();
  };
  const once: Told = (...answer) => {
    if (over) return;
    giveUp();
    telling = true;
    told(...answer);
  };
  engine.hold();
  try {
    ((own ?? lookup) as Ask)(host, options, once);
  } catch (error) {
    if (telling) throw error; // of whoever was told
    once(error instanceof Error ? error : new Error(String(error), { cause: error }), undefined);
  }
  return giveUp;
}

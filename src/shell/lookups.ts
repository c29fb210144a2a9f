/** The addresses of a host name as they become known, family by family: RFC 8305 §3 does not wait for both. */
import { tryParseAddress } from '../wire/address-text.ts';
import { type ConnectOptions, noAddress } from './connect.ts';
import type { Engine } from './engine.ts';
import { heldLookup } from './held-lookup.ts';

export interface Answer {
  /** Which question it answers; 0 = both families at once. */
  readonly family: 0 | 4 | 6;
  readonly addresses: readonly string[];
  readonly error?: Error;
}

/** What is asked for a name. A lookup of the user's may not know of families: it is asked once for all it has. */
export function questionsOf(options: ConnectOptions): readonly (0 | 4 | 6)[] {
  const family = options.family ?? 0;
  return options.lookup === undefined && family === 0 ? [6, 4] : [family];
}

/** Questions to the stack's own servers end by themselves. */
const nothing = (): void => {};

/** Asks one of them; `told` hears of it once, unless what this returns is called before. */
export function ask(
  engine: Engine,
  options: ConnectOptions,
  host: string,
  family: 0 | 4 | 6,
  told: (answer: Answer) => void,
): () => void {
  const own = engine.resolver;
  if (options.lookup !== undefined || own === undefined || own.servers.length === 0)
    return askSystem(engine, options, host, family, told);
  own.lookup(host, family).then(
    (addresses) => told({ family, addresses }),
    (error: Error) => told({ family, addresses: [], error }),
  );
  return nothing;
}

function askSystem(
  engine: Engine,
  options: ConnectOptions,
  host: string,
  family: 0 | 4 | 6,
  told: (answer: Answer) => void,
): () => void {
  return heldLookup(engine, options.lookup, host, { family, all: true }, (error, found: unknown) => {
    const addresses = (Array.isArray(found) ? found : [{ address: found }]).flatMap(({ address }) =>
      typeof address === 'string' && tryParseAddress(address) !== undefined ? [address] : [],
    );
    if (addresses.length > 0) told({ family, addresses });
    else told({ family, addresses, error: error ?? noAddress(host) });
  });
}

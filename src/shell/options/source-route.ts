/** `sourceRoute` of an active OPEN [MUST-51]. */
import type { SourceRoute } from '../../core/tcp/source-routes.ts';
import { isMapped } from '../../wire/address.ts';
import { tryParseAddress } from '../../wire/address-text.ts';
import { MOST_HOPS } from '../../wire/source-route.ts';
import { OptionError } from '../option-error.ts';
import { checkKnown, checkOneOf } from './check.ts';

/** The way that the packets of a connection to an IPv4 address take (RFC 791 §3.1). Most routers drop them. */
export interface SourceRouteOptions {
  /** 'strict': by these hosts and no other; 'loose' (default): by these, and between them as routers see fit. */
  type?: 'loose' | 'strict';
  /** One to nine IPv4 addresses; the destination is not among them. */
  hops: readonly string[];
}

export function checkSourceRoute(route: SourceRouteOptions | undefined): SourceRoute | undefined {
  if (route === undefined) return undefined;
  if (typeof route !== 'object' || route === null)
    throw new OptionError('sourceRoute', route, 'an object { type, hops }');
  checkKnown('sourceRoute', route, ['type', 'hops']);
  const { hops } = route;
  if (!Array.isArray(hops) || hops.length === 0 || hops.length > MOST_HOPS)
    throw new OptionError('sourceRoute.hops', hops, `one to ${MOST_HOPS} IPv4 addresses`);
  return {
    strict: checkOneOf('sourceRoute.type', route.type, ['loose', 'strict'], 'loose') === 'strict',
    hops: hops.map((text: string, n) => {
      const words = typeof text === 'string' ? tryParseAddress(text) : undefined;
      if (words === undefined || !isMapped(words))
        throw new OptionError(`sourceRoute.hops[${n}]`, text, 'an IPv4 address such as "10.0.0.1"');
      return words[3]!;
    }),
  };
}

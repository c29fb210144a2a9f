/** One end of a connection as people and Node write it. */
import { isMapped } from '../wire/address.ts';
import { formatAddress } from '../wire/address-text.ts';
export interface Endpoint {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}

/** The end of a connection that is gone and was never asked for. */
export const NOWHERE: Endpoint = { address: '', family: 'IPv4', port: 0 };

/** Of address words and a port. */
export function describe(words: Int32Array, port: number): Endpoint {
  return { address: formatAddress(words), family: isMapped(words) ? 'IPv4' : 'IPv6', port };
}

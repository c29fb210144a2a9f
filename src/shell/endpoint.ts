/** One end of a connection as people and Node write it. */
import { isMapped } from '../wire/address.ts';
import { formatAddress } from '../wire/address-text.ts';
/** One end of a connection. */
export interface Endpoint {
  /** As text, IPv4 without a prefix of IPv6. */
  readonly address: string;
  /** As Node writes it. */
  readonly family: 'IPv4' | 'IPv6';
  /** 1 to 65535. */
  readonly port: number;
}

/** The end of a connection that is gone and was never asked for. */
export const NOWHERE: Endpoint = { address: '', family: 'IPv4', port: 0 };

/** Of address words and a port. */
export function describe(words: Int32Array, port: number): Endpoint {
  return { address: formatAddress(words), family: isMapped(words) ? 'IPv4' : 'IPv6', port };
}

/** One end of a connection as people and Node write it. */
export interface Endpoint {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}

/** The end of a connection that is gone and was never asked for. */
export const NOWHERE: Endpoint = { address: '', family: 'IPv4', port: 0 };

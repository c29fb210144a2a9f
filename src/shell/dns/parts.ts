/** What asking needs of the stack. Nothing of dns-packet is in these types: users of ours need not have its own. */
import type { Engine } from '../engine.ts';
import type { DnsSettings } from '../options/dns.ts';

export interface ExchangeParts {
  readonly engine: Engine;
  /** 32 random bits. */
  readonly random: () => number;
  readonly after: (ms: number, fn: () => void) => () => void;
}

export interface ResolverParts extends ExchangeParts {
  /** ms, from any origin. */
  readonly now: () => number;
  readonly settings: DnsSettings;
}

/** Types that may be asked for; their data are as dns-packet gives them. */
export type DnsRecordType =
  | 'A'
  | 'AAAA'
  | 'CAA'
  | 'CNAME'
  | 'DNSKEY'
  | 'DS'
  | 'HINFO'
  | 'MX'
  | 'NAPTR'
  | 'NS'
  | 'PTR'
  | 'SOA'
  | 'SRV'
  | 'SSHFP'
  | 'TLSA'
  | 'TXT';

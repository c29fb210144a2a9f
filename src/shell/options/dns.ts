/** Options of the resolver. */
import { tryParseAddress } from '../../wire/address-text.ts';
import { OptionError } from '../option-error.ts';
import { checkKnown, checkNumber } from './check.ts';
import { systemDns } from './resolv-conf.ts';

/** How names are asked for. */
export interface DnsOptions {
  /**
   * Addresses of servers, in the order in which they are asked. 'system': those of /etc/resolv.conf, and its search list; a server on
   * the host's loopback is out of reach, and in the place of systemd-resolved's stub are the servers that it asks.
   */
  servers?: readonly string[] | 'system';
  /** Domains in which names without a dot are looked for. Default: that of the DHCP lease. */
  search?: readonly string[];
  /** ms that a server gets the first time; doubled with each attempt. Default 2000. */
  timeout?: number;
  /** How often each server is asked. Default 2. */
  attempts?: number;
}

export interface DnsSettings {
  readonly servers: readonly string[];
  readonly search: readonly string[] | undefined;
  readonly timeout: number;
  readonly attempts: number;
}

const NAMES = ['servers', 'search', 'timeout', 'attempts'] as const satisfies readonly (keyof DnsOptions)[];
const SYSTEM = 'system';

export function checkDns(dns: readonly string[] | typeof SYSTEM | DnsOptions | undefined): DnsSettings {
  const list = dns === SYSTEM || Array.isArray(dns);
  const given: DnsOptions = list ? { servers: dns as readonly string[] | typeof SYSTEM } : ((dns ?? {}) as DnsOptions);
  if (typeof given !== 'object') {
    throw new OptionError('dns', dns, 'a list of servers such as ["10.0.0.1"], "system", or an object of options');
  }
  checkKnown('dns', given, NAMES);
  const at = list ? 'dns' : 'dns.servers';
  const system = given.servers === SYSTEM ? systemDns(at) : undefined;
  const servers = system?.servers ?? checkServers(at, given.servers as readonly string[] | undefined);
  return {
    servers,
    search: given.search === undefined ? system?.search : checkSearch(given.search),
    timeout: checkNumber('dns.timeout', given.timeout, 2000, 10, 60_000, 'ms'),
    attempts: checkNumber('dns.attempts', given.attempts, 2, 1, 10),
  };
}

function checkServers(name: string, servers: readonly string[] | undefined): readonly string[] {
  if (servers === undefined) return [];
  if (!Array.isArray(servers)) throw new OptionError(name, servers, 'a list of addresses, such as ["10.0.0.1"]');
  servers.forEach((server: unknown, n) => {
    if (typeof server !== 'string' || tryParseAddress(server) === undefined) {
      throw new OptionError(`${name}[${n}]`, server, 'an IP address such as "10.0.0.1" or "fd00::1"');
    }
  });
  return servers;
}

function checkSearch(search: readonly string[]): readonly string[] {
  if (!Array.isArray(search) || !search.every((s) => typeof s === 'string' && s !== '')) {
    throw new OptionError('dns.search', search, 'a list of domains, such as ["example.org"]');
  }
  return search;
}

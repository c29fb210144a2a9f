/** Options of the resolver. */
import { readFileSync } from 'node:fs';
import { tryParseAddress } from '../../wire/address-text.ts';
import { OptionError } from '../option-error.ts';
import { checkKnown, checkNumber } from './check.ts';

/** How names are asked for. */
export interface DnsOptions {
  /** Addresses of servers, in the order in which they are asked. 'system': those of /etc/resolv.conf, and its search list. */
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
const RESOLV_CONF = '/etc/resolv.conf';
const SYSTEM = 'system';

export function checkDns(dns: readonly string[] | typeof SYSTEM | DnsOptions | undefined): DnsSettings {
  const list = dns === SYSTEM || Array.isArray(dns);
  const given: DnsOptions = list ? { servers: dns as readonly string[] | typeof SYSTEM } : ((dns ?? {}) as DnsOptions);
  if (typeof given !== 'object') {
    throw new OptionError('dns', dns, 'a list of servers such as ["10.0.0.1"], "system", or an object of options');
  }
  checkKnown('dns', given, NAMES);
  const at = list ? 'dns' : 'dns.servers';
  const system = given.servers === SYSTEM ? resolvConf() : undefined;
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

/** resolv.conf(5): `nameserver` once a line, the last `search` or `domain`. */
function resolvConf(): { servers: string[]; search: string[] | undefined } {
  let text = '';
  try {
    text = readFileSync(RESOLV_CONF, 'utf8');
  } catch (error) {
    throw new OptionError('dns', SYSTEM, `a list of servers where ${RESOLV_CONF} cannot be read (${String(error)})`);
  }
  return parseResolvConf(text);
}

export function parseResolvConf(text: string): { servers: string[]; search: string[] | undefined } {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const servers = lines.filter(([word]) => word === 'nameserver').map(([, address]) => address ?? '');
  const search = lines
    .filter(([word]) => word === 'search' || word === 'domain')
    .at(-1)
    ?.slice(1);
  return { servers: servers.filter((server) => tryParseAddress(server) !== undefined), search };
}

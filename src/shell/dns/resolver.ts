/**
 * The stub resolver (RFC 1034 §5.3.1): asks the servers of the stack, one after the other, and keeps what they say for as
 * long as it is good.
 */
import type { Answer } from 'dns-packet';
import { isMapped } from '../../wire/address.ts';
import { parseAddress, tryParseAddress } from '../../wire/address-text.ts';
import { judge, type Verdict } from './answer.ts';
import { DnsCache } from './cache.ts';
import { exchange } from './exchange.ts';
import type { DnsRecordType, ResolverParts } from './parts.ts';
import { wireName } from './wire-name.ts';

/** Shaped like the errors of node:dns. */
export interface DnsError extends Error {
  /** As in node:dns, such as ENOTFOUND. */
  code: string;
  /** Such as queryA. */
  syscall: string;
  /** The name that was asked for. */
  hostname: string;
}

const CACHED = 4096;
const NO_NAME = 'labels of a name have 1 to 63 octets, all of it 253';
const ALIASES = 8;

export class Resolver {
  readonly #parts: ResolverParts;
  readonly #cache = new DnsCache<Verdict>(CACHED);
  /** Questions under way: who asks the same shares the answer. */
  readonly #asking = new Map<string, Promise<Verdict>>();
  #leased: readonly string[] = [];
  #domain: string | undefined;
  /** Server that is asked first. */
  #first = 0;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** Servers of the options, then those of the lease. Empty = the stack has none of its own. */
  get servers(): readonly string[] {
    return [...new Set([...this.#parts.settings.servers, ...this.#leased])];
  }

  /** @internal The network named these servers. */
  use(servers: readonly string[], domain: string | undefined): void {
    this.#leased = servers;
    this.#domain = domain;
    this.#first = 0;
    this.#cache.clear();
  }

  /** Addresses of a name, those of IPv4 first; what the stack could not reach is left out. */
  async lookup(name: string, family: 0 | 4 | 6 = 0): Promise<string[]> {
    const asked = wireName(name);
    // As getaddrinfo says it.
    if (asked === undefined) throw dnsError('ENOTFOUND', family === 6 ? 'AAAA' : 'A', name, NO_NAME);
    if (isLocalhost(asked)) return family === 6 ? ['::1'] : ['127.0.0.1'];
    const types = family === 0 ? (['A', 'AAAA'] as const) : family === 4 ? (['A'] as const) : (['AAAA'] as const);
    const answers = await Promise.allSettled(types.map((type) => this.resolve(name, type)));
    const found = answers.flatMap((a) => (a.status === 'fulfilled' ? (a.value as string[]) : []));
    if (found.length === 0) {
      const failed = answers.filter((a) => a.status === 'rejected').map((a) => a.reason as DnsError);
      throw failed.find(({ code }) => code !== 'ENODATA') ?? failed[0];
    }
    const source = new Int32Array(4);
    const reachable = found.filter((text) => this.#parts.engine.core.ip.sourceFor(parseAddress(text), source));
    return reachable.length > 0 ? reachable : found;
  }

  /** The data of a name's records: texts for A, AAAA, CNAME, NS and PTR, objects for the rest. */
  async resolve(name: string, type: DnsRecordType = 'A'): Promise<unknown[]> {
    if (wireName(name) === undefined) throw dnsError('EBADNAME', type, name, NO_NAME);
    let failure: DnsError | undefined;
    for (const full of this.#candidates(name)) {
      try {
        return await this.#records(full, type, name);
      } catch (error) {
        failure = error as DnsError;
        if (failure.code !== 'ENOTFOUND' && failure.code !== 'ENODATA') throw failure;
      }
    }
    throw failure ?? dnsError('ENOTFOUND', type, name);
  }

  /** Names of an address. */
  reverse(address: string): Promise<string[]> {
    return this.resolve(reverseName(address), 'PTR') as Promise<string[]>;
  }

  async #records(name: string, type: DnsRecordType, asked: string): Promise<unknown[]> {
    let at = name;
    for (let n = 0; n < ALIASES; n++) {
      const verdict = await this.#ask(at, type, asked);
      if (verdict.kind === 'records') return verdict.records.map(dataOf);
      if (verdict.kind !== 'alias')
        throw dnsError(verdict.kind === 'nothing' && verdict.exists ? 'ENODATA' : 'ENOTFOUND', type, asked);
      at = verdict.name;
    }
    throw dnsError('EBADRESP', type, asked);
  }

  async #ask(name: string, type: DnsRecordType, asked: string): Promise<Verdict> {
    const key = `${type} ${name.toLowerCase()}`;
    const known = this.#cache.get(key, this.#parts.now());
    if (known !== undefined) return known;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#askServers(name, type, asked, key).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  async #askServers(name: string, type: DnsRecordType, asked: string, key: string): Promise<Verdict> {
    const { servers } = this;
    const { settings, now } = this.#parts;
    if (servers.length === 0)
      throw dnsError('ENOTFOUND', type, asked, 'the stack has no DNS servers: give it some with dns: ["…"]');
    let failure = dnsError('ETIMEOUT', type, asked);
    for (let attempt = 0; attempt < settings.attempts; attempt++) {
      for (let n = 0; n < servers.length; n++) {
        const at = (this.#first + n) % servers.length;
        const verdict = await this.#askOne(servers[at]!, name, type, settings.timeout << attempt);
        if (this.#parts.engine.errands.over) throw dnsError('ECANCELLED', type, asked, 'the stack was closed');
        if (verdict instanceof Error) {
          failure = dnsError((verdict as { code?: string }).code ?? 'ESERVFAIL', type, asked, verdict.message);
        } else if (verdict.kind === 'useless') {
          failure = dnsError(codeOf(verdict.rcode), type, asked, `${servers[at]} said ${verdict.rcode}`);
        } else {
          // The one that answered is asked first from now on.
          this.#first = at;
          if (verdict.ttl > 0) this.#cache.set(key, verdict, now() + verdict.ttl * 1000);
          return verdict;
        }
      }
    }
    throw failure;
  }

  async #askOne(server: string, name: string, type: DnsRecordType, timeout: number): Promise<Verdict | Error> {
    try {
      const verdict = judge(await exchange(this.#parts, { server, name, type, timeout, edns: true }), name, type);
      if (verdict.kind !== 'useless' || verdict.rcode !== 'FORMERR') return verdict;
      return judge(await exchange(this.#parts, { server, name, type, timeout, edns: false }), name, type);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** A name with a dot at its end is whole; one without any dot is tried in the domains of the search list first. */
  #candidates(name: string): string[] {
    const { search } = this.#parts.settings;
    const domains = search ?? (this.#domain === undefined || this.#domain === '' ? [] : [this.#domain]);
    const whole = wireName(name)!;
    if (name.endsWith('.') || whole.includes('.')) return [whole];
    const within = domains.map((domain) => wireName(`${whole}.${domain}`));
    return [...within.filter((candidate) => candidate !== undefined), whole];
  }
}

/** RFC 6761 §6.3: never asked. */
function isLocalhost(name: string): boolean {
  return /^(.*\.)?localhost\.?$/i.test(name);
}

function dataOf(record: Answer): unknown {
  const { data } = record as { data: unknown };
  // A TXT record is a list of strings, which belong together (RFC 7208 §3.3 and others).
  if (record.type === 'TXT') return [data].flat().map(String);
  return data;
}

export function reverseName(address: string): string {
  const words = tryParseAddress(address);
  if (words === undefined) throw new TypeError(`not an IP address: ${JSON.stringify(address)}`);
  if (isMapped(words)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const digits = Array.from(words, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa`;
}

function codeOf(rcode: string): string {
  return rcode === 'REFUSED'
    ? 'EREFUSED'
    : rcode === 'FORMERR'
      ? 'EFORMERR'
      : rcode === 'NOTIMP'
        ? 'ENOTIMP'
        : 'ESERVFAIL';
}

function dnsError(code: string, type: string, hostname: string, why?: string): DnsError {
  const syscall = `query${type[0]}${type.slice(1).toLowerCase()}`;
  const error = new Error(`${syscall} ${code} ${hostname}${why === undefined ? '' : `: ${why}`}`);
  return Object.assign(error, { code, syscall, hostname });
}

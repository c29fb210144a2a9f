/** The host's own choice of DNS servers: resolv.conf(5), as far as a stack beside the host can follow it. */
import { readFileSync } from 'node:fs';
import { isLoopback, isUnspecified } from '../../wire/address.ts';
import { tryParseAddress } from '../../wire/address-text.ts';
import { OptionError } from '../option-error.ts';

export interface ResolvConf {
  readonly servers: readonly string[];
  readonly search: readonly string[] | undefined;
}

const RESOLV_CONF = '/etc/resolv.conf';
/** Whom systemd-resolved asks, where resolv.conf names only its stub on 127.0.0.53. */
const RESOLVED_CONF = '/run/systemd/resolve/resolv.conf';

/**
 * What `dns: 'system'` stands for; `option` is its path. A server on the host's loopback (systemd-resolved, Docker, dnsmasq) is out of the stack's
 * reach: 127.0.0.0/8 and ::1 are the stack itself there. Throws OptionError when no other is known.
 */
export function systemDns(option: string, read: (path: string) => string = readText): ResolvConf {
  const { servers, search } = parseResolvConf(readSystem(option, read));
  const reached = beyondLoopback(servers);
  if (servers.length === 0 || reached.length > 0) return { servers: reached, search };
  const behind = beyondLoopback(behindStub(read));
  if (behind.length > 0) return { servers: behind, search };
  throw new OptionError(
    option,
    'system',
    `a list of servers where ${RESOLV_CONF} names ${servers.join(', ')}, which is the host's own`,
    'Name some, such as dns: ["10.0.0.1"], or leave dns out: names are then looked up by node:dns.',
  );
}

function readSystem(option: string, read: (path: string) => string): string {
  try {
    return read(RESOLV_CONF);
  } catch (error) {
    throw new OptionError(option, 'system', `a list of servers where ${RESOLV_CONF} cannot be read (${String(error)})`);
  }
}

function behindStub(read: (path: string) => string): readonly string[] {
  try {
    return parseResolvConf(read(RESOLVED_CONF)).servers;
  } catch {
    return []; // no systemd-resolved here
  }
}

/** `nameserver` once a line, the last `search` or `domain`. */
export function parseResolvConf(text: string): ResolvConf {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const servers = lines.filter(([word]) => word === 'nameserver').map(([, address]) => address ?? '');
  const search = lines
    .filter(([word]) => word === 'search' || word === 'domain')
    .at(-1)
    ?.slice(1);
  return { servers: servers.filter((server) => tryParseAddress(server) !== undefined), search };
}

/** 0.0.0.0 is the host itself, too (resolv.conf(5)). */
function beyondLoopback(servers: readonly string[]): readonly string[] {
  return servers.filter((server) => {
    const words = tryParseAddress(server)!;
    return !isLoopback(words) && !isUnspecified(words);
  });
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

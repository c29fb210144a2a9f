/** Options of the DHCP client. */
import { OptionError } from '../option-error.ts';
import { checkKnown, checkNumber } from './check.ts';

/** How an address is asked for (RFC 2131). */
export interface DhcpOptions {
  /** What we are to be called; some servers put it into their DNS. */
  hostname?: string;
  /** ms until createStack gives up. Default 30000. */
  timeout?: number;
  /** Tells clients apart (option 61), as bytes or text. Default: made of the MAC, and not what the host's own client sends. */
  clientId?: Uint8Array | string;
  /** Whether the DNS servers it names are asked for names. Default true. */
  dns?: boolean;
  /** Whether the MTU it names is the link's. Default true. */
  mtu?: boolean;
}

export interface DhcpSettings {
  readonly hostname: string | undefined;
  readonly timeout: number;
  readonly clientId: Uint8Array | undefined;
  readonly dns: boolean;
  readonly mtu: boolean;
}

const NAMES = ['hostname', 'timeout', 'clientId', 'dns', 'mtu'] as const satisfies readonly (keyof DhcpOptions)[];
const HOSTNAME = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/;
const DEFAULT_TIMEOUT = 30_000;

/** undefined = no DHCP. */
export function checkDhcp(dhcp: boolean | DhcpOptions | undefined): DhcpSettings | undefined {
  if (dhcp === undefined || dhcp === false) return undefined;
  const given = dhcp === true ? {} : dhcp;
  if (typeof given !== 'object' || given === null)
    throw new OptionError('dhcp', dhcp, 'true, or an object of its options');
  checkKnown('dhcp', given, NAMES);
  const { hostname } = given;
  if (hostname !== undefined && (typeof hostname !== 'string' || hostname.length > 253 || !HOSTNAME.test(hostname))) {
    throw new OptionError('dhcp.hostname', hostname, 'a host name: letters, digits and hyphens');
  }
  return {
    hostname,
    timeout: checkNumber('dhcp.timeout', given.timeout, DEFAULT_TIMEOUT, 100, 3_600_000, 'ms'),
    clientId: clientId(given.clientId),
    dns: flag('dhcp.dns', given.dns),
    mtu: flag('dhcp.mtu', given.mtu),
  };
}

/** RFC 2132 §9.14: type 0 marks an identifier that is no hardware address. */
function clientId(given: Uint8Array | string | undefined): Uint8Array | undefined {
  if (given === undefined) return undefined;
  const bytes = typeof given === 'string' ? Uint8Array.of(0, ...Buffer.from(given)) : given;
  if (!(bytes instanceof Uint8Array) || bytes.length < 2 || bytes.length > 255) {
    throw new OptionError('dhcp.clientId', given, '2 to 255 bytes, or a text');
  }
  return bytes;
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new OptionError(name, value, 'true or false');
  return value ?? true;
}

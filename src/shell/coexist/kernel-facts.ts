/** What the host's kernel does beside us, as far as it decides whether two stacks can live on one device. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { formatAddress } from '../../wire/address-text.ts';
import { NFT_ENV } from './nft.ts';

export interface KernelFacts {
  /** Address (RFC 5952 form) → interface that has it. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly forwards4: boolean;
  readonly forwards6: boolean;
  /** net.ipv4.ip_local_port_range. */
  readonly localPorts: readonly [number, number];
  /** Where programs on this host have TCP ports, listening or connected; TIME_WAIT not counted. */
  readonly sockets: readonly { readonly address: string; readonly port: number }[];
}

export const RESERVED_PORTS = '/proc/sys/net/ipv4/ip_local_reserved_ports';
const PORT_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
const FORWARD4 = '/proc/sys/net/ipv4/ip_forward';
const FORWARD6 = '/proc/sys/net/ipv6/conf/all/forwarding';

export function kernelFacts(): KernelFacts {
  const [first = 32768, last = 60999] = sysctl(PORT_RANGE).split(/\s+/).map(Number);
  return {
    addresses: kernelAddresses(),
    forwards4: sysctl(FORWARD4) === '1',
    forwards6: forwardsIpv6(),
    localPorts: [first, last],
    sockets: ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap((file) => sockets(sysctl(file))),
  };
}

/** Whether the kernel forwards IPv6 now. */
export function forwardsIpv6(): boolean {
  return sysctl(FORWARD6) === '1';
}

/** Enough for every address of a host that has tens of thousands. */
const MOST_TEXT = 1 << 26;

/** Node tells nothing of a device whose cable is out, and the kernel answers for its addresses when it is back. */
function kernelAddresses(): Map<string, string> {
  try {
    const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore'];
    const options = { env: NFT_ENV, encoding: 'utf8', stdio, maxBuffer: MOST_TEXT } as const;
    return addressesIn(execFileSync('ip', ['-o', 'address'], options));
  } catch {
    return addressesOfNode();
  }
}

/** Out of what `ip -o address` writes, iproute2's or BusyBox's: "2: eth0    inet 10.0.0.1/24 scope global eth0:0". */
export function addressesIn(text: string): Map<string, string> {
  const lines = text.matchAll(/^\d+: ([^\s:@]+)\S*\s+inet6? ([^\s/]+)/gm);
  return new Map(Array.from(lines, ([, device, address]) => [address!, device!]));
}

/** Where `ip` is not installed. A name may be a label: a device, a colon and anything. */
function addressesOfNode(): Map<string, string> {
  const interfaces = Object.entries(networkInterfaces());
  return new Map(
    interfaces.flatMap(([name, entries = []]) => entries.map(({ address }) => [address, name.split(':')[0]!])),
  );
}

const TIME_WAIT = '06';

/** Lines of "0: 0100007F:1F90 00000000:0000 0A …": address words in the byte order of the machine. */
function sockets(table: string): { address: string; port: number }[] {
  return [...table.matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ (\S\S)/gm)]
    .filter(([, , , state]) => state !== TIME_WAIT)
    .map(([, hex, port]) => ({ address: kernelAddress(hex!), port: Number.parseInt(port!, 16) }));
}

function kernelAddress(hex: string): string {
  const words = Int32Array.from(hex.match(/.{8}/g)!, (word) => Number.parseInt(word, 16) | 0);
  const bytes = new DataView(Uint8Array.from(new Uint8Array(words.buffer)).buffer);
  const inOrder = Array.from(words, (_, i) => bytes.getInt32(4 * i));
  return formatAddress(Int32Array.from(inOrder.length === 1 ? [0, 0, 0xffff, ...inOrder] : inOrder));
}

/** '' where there is no such file: another kernel, or no IPv6. */
function sysctl(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

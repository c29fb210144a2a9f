/** What the host's kernel does beside us, as far as it decides whether two stacks can live on one device. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

export interface KernelFacts {
  /** Address (RFC 5952 form) → interface that has it. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly forwards4: boolean;
  readonly forwards6: boolean;
  /** net.ipv4.ip_local_port_range. */
  readonly localPorts: readonly [number, number];
  /** net.ipv4.ip_local_reserved_ports, such as "8080,9000-9100". */
  readonly reservedPorts: string;
}

export const RESERVED_PORTS = '/proc/sys/net/ipv4/ip_local_reserved_ports';
const PORT_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
const FORWARD4 = '/proc/sys/net/ipv4/ip_forward';
const FORWARD6 = '/proc/sys/net/ipv6/conf/all/forwarding';

export function kernelFacts(): KernelFacts {
  const addresses = new Map<string, string>();
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    for (const entry of entries ?? []) addresses.set(entry.address, name);
  }
  const [first = 32768, last = 60999] = sysctl(PORT_RANGE).split(/\s+/).map(Number);
  return {
    addresses,
    forwards4: sysctl(FORWARD4) === '1',
    forwards6: sysctl(FORWARD6) === '1',
    localPorts: [first, last],
    reservedPorts: sysctl(RESERVED_PORTS),
  };
}

/** '' where there is no such file: another kernel, or no IPv6. */
function sysctl(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

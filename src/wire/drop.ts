/** Why a frame was not understood: numbers of counters (abi.ts COUNTERS), so that counting is one addition. */

import type { CounterName } from './abi.ts';
import { COUNTERS } from './abi.ts';

export function counter(name: CounterName): number {
  return COUNTERS.indexOf(name);
}

/** Not a drop: the descriptor is complete. */
export const PARSED = -1;
/** The frame ends before a fixed header does. */
export const DROP_SHORT = counter('dropShort');
export const DROP_ETHERTYPE = counter('dropEthertype');
export const DROP_IP_VERSION = counter('dropIpVersion');
export const DROP_IP_HEADER = counter('dropIpHeader');
export const DROP_IP_LENGTH = counter('dropIpLength');
export const DROP_IP_CHECKSUM = counter('dropIpChecksum');
export const DROP_EXTENSION = counter('dropExtension');
export const DROP_TCP_HEADER = counter('dropTcpHeader');
export const DROP_TCP_CHECKSUM = counter('dropTcpChecksum');
export const DROP_ICMP = counter('dropIcmp');
export const DROP_ARP = counter('dropArp');
export const DROP_NOT_OURS = counter('dropNotOurs');
/** The frame belongs to another VLAN than the link. */
export const DROP_VLAN = counter('dropVlan');

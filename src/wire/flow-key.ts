/** A flow's identity as nine words in the order of the row: ports, local address, remote address. */
import { ROW_LADDR, ROW_PORTS, ROW_RADDR } from './abi.ts';
import { mapIpv4, readIpv6Address } from './address.ts';
import { get16, get32 } from './bytes.ts';

export const KEY_WORDS = 9;
export const KEY_PORTS = ROW_PORTS;
export const KEY_LADDR = ROW_LADDR;
export const KEY_RADDR = ROW_RADDR;

/** Identity of the flow a received segment belongs to: its destination is our local end. */
export function readFlowKey(b: Uint8Array, l3: number, l4: number, key: Int32Array, at = 0): void {
  key[at + KEY_PORTS] = (get16(b, l4 + 2) << 16) | get16(b, l4);
  if (b[l3]! >>> 4 === 6) {
    readIpv6Address(b, l3 + 8, key, at + KEY_RADDR);
    readIpv6Address(b, l3 + 24, key, at + KEY_LADDR);
  } else {
    mapIpv4(get32(b, l3 + 12), key, at + KEY_RADDR);
    mapIpv4(get32(b, l3 + 16), key, at + KEY_LADDR);
  }
}

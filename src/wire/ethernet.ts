/** Ethernet II with in-band 802.1Q tags. A MAC is two words, as in the hop table: its first 4 and its last 2 bytes. */
import { get16, get32, put16, put32 } from './bytes.ts';

export const ETHER_HEADER = 14;
export const VLAN_TAG = 4;
/** IEEE 802.1ad allows two tags; more is refused. */
export const MAX_VLAN_TAGS = 2;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_QINQ = 0x88a8;

/** First four bytes of the MAC at `o`. */
export const macHi = get32;

/** Last two bytes of the MAC at `o`. */
export function macLo(b: Uint8Array, o: number): number {
  return get16(b, o + 4);
}

export function putMac(b: Uint8Array, o: number, hi: number, lo: number): void {
  put32(b, o, hi);
  put16(b, o + 4, lo);
}

/** Group bit of the destination: broadcast is the multicast address of all stations. */
export function isGroupMac(b: Uint8Array, o: number): boolean {
  return (b[o]! & 1) !== 0;
}

export function sameMac(a: Uint8Array, ao: number, b: Uint8Array, bo: number): boolean {
  return macHi(a, ao) === macHi(b, bo) && macLo(a, ao) === macLo(b, bo);
}

/** Writes the layer 2 header; a TCI of 0 means untagged. Returns its length. */
export function writeEthernet(
  out: Uint8Array,
  o: number,
  dstHi: number,
  dstLo: number,
  src: Uint8Array,
  etherType: number,
  tci = 0,
): number {
  putMac(out, o, dstHi, dstLo);
  putMac(out, o + 6, macHi(src, 0), macLo(src, 0));
  if (tci === 0) {
    put16(out, o + 12, etherType);
    return ETHER_HEADER;
  }
  put16(out, o + 12, ETHERTYPE_VLAN);
  put16(out, o + 14, tci);
  put16(out, o + 16, etherType);
  return ETHER_HEADER + VLAN_TAG;
}

/** Ethernet II (RFC 1122 §2.3.3) with in-band 802.1Q tags. A MAC is two words, as in the hop table: its first 4 and its last 2 bytes. */
import { get16, get32, put16, put32 } from './bytes.ts';

export const ETHER_HEADER = 14;
export const VLAN_TAG = 4;
/** Bytes of both addresses: tags follow them. */
const MAC_ADDRESSES = 12;
/** IEEE 802.1ad allows two tags; more is refused. */
export const MAX_VLAN_TAGS = 2;

/** Bits of a TCI that number the VLAN; 0 is a priority tag, which names none. */
export const VLAN_ID = 0xfff;
export const LAST_VLAN = 4094;

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

/** The same of a MAC whose first four bytes are a word. */
export function isGroupHi(hi: number): boolean {
  return (hi & 0x01000000) !== 0;
}

export function sameMac(a: Uint8Array, ao: number, b: Uint8Array, bo: number): boolean {
  return macHi(a, ao) === macHi(b, bo) && macLo(a, ao) === macLo(b, bo);
}

/** Throws unless `vlan` can be the VLAN of a link: 1 to 4094, or 0 for untagged frames. */
export function checkVlan(vlan: number): number {
  if (Number.isInteger(vlan) && vlan >= 0 && vlan <= LAST_VLAN) return vlan;
  throw new RangeError(`vlan is one of 1 to ${LAST_VLAN}, or 0 for untagged frames; not ${vlan}`);
}

function isTag(etherType: number): boolean {
  return etherType === ETHERTYPE_VLAN || etherType === ETHERTYPE_QINQ;
}

/**
 * Whether the frame at `o` belongs to `vlan`; 0 = to none, as an untagged one and one with a priority tag does. Only the
 * outer tag counts: a frame with another VLAN within belongs to somebody behind ours. Frames too short to tell pass where
 * the untagged do; the parser counts them.
 */
export function inVlan(b: Uint8Array, o: number, length: number, vlan: number): boolean {
  let wanted = vlan; // 0 once it was seen
  let at = MAC_ADDRESSES;
  for (let tags = 0; tags < MAX_VLAN_TAGS && length >= at + VLAN_TAG; tags++, at += VLAN_TAG) {
    const etherType = get16(b, o + at);
    if (!isTag(etherType)) break;
    if ((get16(b, o + at + 2) & VLAN_ID) !== wanted) return false;
    if (wanted !== 0 && etherType !== ETHERTYPE_VLAN) return false;
    wanted = 0;
  }
  return wanted === 0;
}

/** Puts the tag of `vlan` into the whole frame at `o`, unless it names a VLAN already. Returns the new length. */
export function insertTag(b: Uint8Array, o: number, length: number, vlan: number): number {
  if (length < ETHER_HEADER) return length;
  const tagged = isTag(get16(b, o + MAC_ADDRESSES)) && length >= MAC_ADDRESSES + VLAN_TAG;
  if (tagged && (get16(b, o + MAC_ADDRESSES + 2) & VLAN_ID) !== 0) return length;
  b.copyWithin(o + MAC_ADDRESSES + VLAN_TAG, o + MAC_ADDRESSES, o + length);
  put16(b, o + MAC_ADDRESSES, ETHERTYPE_VLAN);
  put16(b, o + MAC_ADDRESSES + 2, vlan);
  return length + VLAN_TAG;
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

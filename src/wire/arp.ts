/** ARP for IPv4 over Ethernet (RFC 826), by offset over a byte array. */
import { get16, get32, put16, put32 } from './bytes.ts';
import { ETHERTYPE_IPV4, macHi, macLo, putMac } from './ethernet.ts';

export const ARP_BYTES = 28;
export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

const HARDWARE_ETHERNET = 1;
/** Hardware address 6 bytes, protocol address 4. */
const LENGTHS = 0x0604;

/** Whether the packet at `o` speaks of Ethernet and IPv4. */
export function isArp(b: Uint8Array, o: number): boolean {
  return get16(b, o) === HARDWARE_ETHERNET && get16(b, o + 2) === ETHERTYPE_IPV4 && get16(b, o + 4) === LENGTHS;
}

export function arpOperation(b: Uint8Array, o: number): number {
  return get16(b, o + 6);
}

export function arpSenderMacHi(b: Uint8Array, o: number): number {
  return macHi(b, o + 8);
}

export function arpSenderMacLo(b: Uint8Array, o: number): number {
  return macLo(b, o + 8);
}

export function arpSenderAddress(b: Uint8Array, o: number): number {
  return get32(b, o + 14);
}

export function arpTargetAddress(b: Uint8Array, o: number): number {
  return get32(b, o + 24);
}

/** Sender MAC from `mac`; target MAC as two words, 0 in a request. Returns the length. */
export function writeArp(
  out: Uint8Array,
  o: number,
  operation: number,
  mac: Uint8Array,
  sender: number,
  targetHi: number,
  targetLo: number,
  target: number,
): number {
  put16(out, o, HARDWARE_ETHERNET);
  put16(out, o + 2, ETHERTYPE_IPV4);
  put16(out, o + 4, LENGTHS);
  put16(out, o + 6, operation);
  putMac(out, o + 8, macHi(mac, 0), macLo(mac, 0));
  put32(out, o + 14, sender);
  putMac(out, o + 18, targetHi, targetLo);
  put32(out, o + 24, target);
  return ARP_BYTES;
}

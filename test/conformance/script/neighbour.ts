/** The peer is every neighbour somebody asks for: answers to ARP requests and neighbour solicitations. */

import { readIpv6Address } from '../../../src/wire/address.ts';
import { ARP_REQUEST, arpOperation, arpSenderAddress, arpTargetAddress, writeArp } from '../../../src/wire/arp.ts';
import {
  ETHER_HEADER,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV6,
  macHi,
  macLo,
  writeEthernet,
} from '../../../src/wire/ethernet.ts';
import { ND_NEIGHBOR_SOLICITATION, sealIcmp6 } from '../../../src/wire/icmp6.ts';
import { IPV6_HEADER, PROTO_ICMP6, writeIpv6 } from '../../../src/wire/ip.ts';
import { NA_OVERRIDE, NA_SOLICITED, readNdTarget, writeNeighborAdvertisement } from '../../../src/wire/nd.ts';

const L4 = ETHER_HEADER + IPV6_HEADER;
const ND_HOP_LIMIT = 255;

/** undefined when the frame asks nothing. */
export function neighbourAnswer(frame: Uint8Array, mac: Uint8Array): Uint8Array | undefined {
  const type = (frame[12]! << 8) | frame[13]!;
  if (type === ETHERTYPE_ARP && arpOperation(frame, ETHER_HEADER) === ARP_REQUEST) return arpReply(frame, mac);
  if (type !== ETHERTYPE_IPV6 || frame[ETHER_HEADER + 6] !== PROTO_ICMP6) return undefined;
  return frame[L4] === ND_NEIGHBOR_SOLICITATION ? advertisement(frame, mac) : undefined;
}

function arpReply(frame: Uint8Array, mac: Uint8Array): Uint8Array | undefined {
  const target = arpTargetAddress(frame, ETHER_HEADER);
  const asker = arpSenderAddress(frame, ETHER_HEADER);
  if (target === asker) return undefined; // an announcement
  const out = new Uint8Array(60);
  const hi = macHi(frame, 6);
  const lo = macLo(frame, 6);
  writeEthernet(out, 0, hi, lo, mac, ETHERTYPE_ARP);
  writeArp(out, ETHER_HEADER, 2, mac, target, hi, lo, asker);
  return out;
}

function advertisement(frame: Uint8Array, mac: Uint8Array): Uint8Array {
  const target = new Int32Array(4);
  const asker = new Int32Array(4);
  readNdTarget(frame, L4, target);
  readIpv6Address(frame, ETHER_HEADER + 8, asker);
  const out = new Uint8Array(L4 + 32);
  writeEthernet(out, 0, macHi(frame, 6), macLo(frame, 6), mac, ETHERTYPE_IPV6);
  writeIpv6(out, ETHER_HEADER, 0, 32, ND_HOP_LIMIT, PROTO_ICMP6, target, 0, asker, 0);
  writeNeighborAdvertisement(out, L4, NA_SOLICITED | NA_OVERRIDE, target, 0, mac);
  sealIcmp6(out, ETHER_HEADER, L4, 32);
  return out;
}

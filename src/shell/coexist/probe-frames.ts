/** The packets of the self-test: a SYN to each of our addresses from a neighbour that does not exist. */
import { SYN } from '../../wire/abi.ts';
import { isMapped } from '../../wire/address.ts';
import { formatAddress, parseAddress } from '../../wire/address-text.ts';
import { put16, put32 } from '../../wire/bytes.ts';
import { pseudo, writeChecksum } from '../../wire/checksum.ts';
import { ETHER_HEADER, ETHERTYPE_IPV4, ETHERTYPE_IPV6, macHi, macLo, writeEthernet } from '../../wire/ethernet.ts';
import { IPV4_HEADER, IPV6_HEADER, PROTO_TCP, writeIpv4, writeIpv6 } from '../../wire/ip.ts';

const TCP_HEADER = 20;
/** Locally administered; nobody's. */
const NOBODY = Uint8Array.of(0x02, 0x75, 0x74, 0x65, 0x73, 0x74);
const SOURCE_PORT = 9;
const WINDOW = 1024;

/** `mac`: of whoever receives the frame. `taken`: addresses that must not be the sender's. */
export function probeFrame(
  address: string,
  port: number,
  mac: Uint8Array,
  taken: (address: string) => boolean,
): Uint8Array {
  const dst = parseAddress(address);
  const src = neighbourOf(dst, taken);
  const four = isMapped(dst, 0);
  const l4 = ETHER_HEADER + (four ? IPV4_HEADER : IPV6_HEADER);
  const frame = new Uint8Array(l4 + TCP_HEADER);
  writeEthernet(frame, 0, macHi(mac, 0), macLo(mac, 0), NOBODY, four ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6, 0);
  if (four) writeIpv4(frame, ETHER_HEADER, 0, IPV4_HEADER + TCP_HEADER, 0, PROTO_TCP, src[3]!, dst[3]!);
  else writeIpv6(frame, ETHER_HEADER, 0, TCP_HEADER, 0, PROTO_TCP, src, 0, dst, 0);
  put16(frame, l4, SOURCE_PORT);
  put16(frame, l4 + 2, port);
  put32(frame, l4 + 4, 1);
  frame[l4 + 12] = (TCP_HEADER / 4) << 4;
  frame[l4 + 13] = SYN;
  put16(frame, l4 + 14, WINDOW);
  writeChecksum(frame, l4 + 16, l4, TCP_HEADER, pseudo(frame, ETHER_HEADER, PROTO_TCP, TCP_HEADER));
  return frame;
}

/** The nearest address that is free, and no network's or broadcast's. */
function neighbourOf(address: Int32Array, taken: (address: string) => boolean): Int32Array {
  const near = Int32Array.from(address);
  for (let bits = 1; ; bits++) {
    near[3] = address[3]! ^ bits;
    const end = near[3]! & 0xff;
    if (end !== 0 && end !== 0xff && !taken(formatAddress(near))) return near;
  }
}

/** What UDP counts: datagrams, since the stack began. The names are those of RFC 4113, where it has one. */
export class UdpCounters {
  inDatagrams = 0;
  outDatagrams = 0;
  /** Nobody had the port. */
  noPorts = 0;
  /** Bad length or checksum. */
  inErrors = 0;
  /** Not sent: nobody answered for the next hop, or too many waited for it. */
  unsent = 0;
  /** ICMP errors handed to a socket. */
  icmpErrors = 0;
}

/** What the IP layer counts: packets, since the stack began. */
export class IpCounters {
  /** Source that no packet from that link can have [MUST-63]. */
  badSource = 0;
  /** Packets dropped because of their source route: none is wanted, or it leads further (ADR 42). */
  sourceRouted = 0;
  fragments = 0;
  /** Datagrams put together of fragments. */
  reassembled = 0;
  /** Datagrams dropped because not all of their fragments came in time. */
  reassemblyTimeouts = 0;
  /** Datagrams dropped because their fragments overlap or contradict each other (RFC 5722). */
  reassemblyOverlaps = 0;
  /** Fragments and datagrams dropped because they are malformed or too many. */
  reassemblyDrops = 0;
  /** Addresses given up because somebody else has them. */
  addressConflicts = 0;
  echoReplies = 0;
  /** ICMP errors handed to TCP. */
  icmpErrors = 0;
  /** ICMP errors about nothing of ours, or unbelievable. */
  icmpIgnored = 0;
  /** ICMP redirects: they change nothing (ADR 12). */
  redirectsIgnored = 0;
  /** ICMP errors sent. */
  icmpSent = 0;
  /** ICMP errors not sent, for there were too many. */
  icmpLimited = 0;
}

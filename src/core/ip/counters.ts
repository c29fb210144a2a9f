/** What the IP layer counts: packets, since the stack began. */
export class IpCounters {
  /** Source that no packet from that link can have [MUST-63]. */
  badSource = 0;
  /** Fragments: dropped, nothing is reassembled. */
  fragments = 0;
  echoReplies = 0;
  /** ICMP errors handed to TCP. */
  icmpErrors = 0;
  /** ICMP errors about nothing of ours, or unbelievable. */
  icmpIgnored = 0;
  /** ICMP errors sent. */
  icmpSent = 0;
  /** ICMP errors not sent, for there were too many. */
  icmpLimited = 0;
}

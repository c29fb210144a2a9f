/** What the core counts; names after RFC 4022 where it has one. */
export class CoreCounters {
  activeOpens = 0;
  passiveOpens = 0;
  attemptFails = 0;
  estabResets = 0;
  inSegs = 0;
  outSegs = 0;
  retransSegs = 0;
  fastRetransmits = 0;
  timeouts = 0;
  recoveries = 0;
  tailLossProbes = 0;
  /** Duplicates that peers reported (D-SACK). */
  spuriousRetransmits = 0;
  /** Reductions of the window taken back. */
  undone = 0;
  /** Connections with text on our SYN; those that began with a peer's SYN; SYNs whose cookie or text came to nothing. */
  fastOpenActive = 0;
  fastOpenPassive = 0;
  fastOpenFallbacks = 0;
  outRsts = 0;
  rstsSuppressed = 0;
  challengeAcks = 0;
  /** Beyond what the stack sends in a second. */
  challengeAcksSuppressed = 0;
  outOfOrder = 0;
  /** Segments whose text was all here already: sent again without need, or doubled on the way. */
  duplicateText = 0;
  pawsDrops = 0;
  /** SYNs and third ACKs dropped because a queue of their listener was full. */
  listenOverflows = 0;
  /** SYNs that a hook dropped or reset. */
  synsRefused = 0;
  synCookiesSent = 0;
  /** Of these, what became connections. */
  synCookiesReceived = 0;
  /** ACKs that could have been one, and were not. */
  synCookiesFailed = 0;
  noRows = 0;
  noMemory = 0;
  textAfterFin = 0;
  zeroWindowProbes = 0;
  keepaliveProbes = 0;
  timeWaitEvicted = 0;
  timeWaitReused = 0;
  invalidSource = 0;
  orphansReset = 0;
  /** Segments that belong to another stack with our address: while stacks join and leave. */
  elsewhere = 0;
  txOverflow = 0;
  packetsTooBig = 0;
  mtuProbes = 0;
  mtuProbesLost = 0;
  blackHoles = 0;
  ceMarks = 0;
  ecnReductions = 0;
  budgetEvictions = 0;
}

/**
 * Where the kernel and a script of test/conformance disagree: why, and the row of the requirements that allows us to be
 * different (or that the kernel does not keep). Reviewed: a new entry needs both. Titles are those of the scripts.
 */

export interface Difference {
  readonly row: string;
  readonly why: string;
  readonly scripts: readonly string[];
}

export const differences: readonly Difference[] = [
  {
    row: 'RFC 5681 §3.1',
    why: 'the kernel counts packets: after a timeout one is all that may be in flight, however short',
    scripts: ['counts from the oldest that is outstanding, not from what was sent last [MUST-21]'],
  },
  {
    row: 'UNTAGGED-26',
    why: 'the kernel leaves text to its persist timer when the FIN behind it does not fit the window',
    scripts: ['waits when the text fills the window [SHLD-15] [UNTAGGED-26]'],
  },
  {
    row: 'MUST-57',
    why: 'a TUN device has no Ethernet header, so the kernel never learns that a frame was for everybody',
    scripts: ['a destination MAC of everybody [MUST-57]'],
  },
  {
    row: 'MUST-63',
    why: 'the kernel answers a segment that claims to come from the unspecified IPv6 address',
    scripts: ['sources [MUST-63]'],
  },
  {
    row: 'T329',
    why: 'nobody can tell the kernel that no one reads without CLOSE, and its FIN is never behind text that it has not taken',
    scripts: ['ESTABLISHED: text draws RST [T329] [SHLD-3]'],
  },
  {
    row: 'UNTAGGED-3',
    why: 'the kernel throws text on a SYN away unless Fast Open is on, and the peer sends it again',
    scripts: ['its text waits for ESTABLISHED [T095] [UNTAGGED-3]', 'SYN_SENT: text waits for ESTABLISHED [T037]'],
  },
  {
    row: 'UNTAGGED-3',
    why: 'the kernel acknowledges the SYN,ACK first and its text or FIN in a second segment',
    scripts: ['text on the SYN,ACK goes on at step 6 [T093]', 'SYN,ACK,FIN: CLOSE-WAIT [T094] [T222]'],
  },
  {
    row: 'T087',
    why: 'the kernel drops SYN,FIN in LISTEN',
    scripts: ['SYN,FIN: the FIN is not acknowledged: it comes again [T087] [T221]'],
  },
  {
    row: 'RFC 5961 §5',
    why: 'the kernel believes no acknowledgment that is older than the octets acknowledged so far, however large the window was',
    scripts: ['one whose acknowledgment is older than the last [SHLD-24]'],
  },
  {
    row: 'T089',
    why: 'after an unacceptable ACK in SYN-SENT the kernel sends its SYN again at once, whatever its timer says',
    scripts: ['discovered by a SYN, as A [T271]'],
  },
  {
    row: 'RFC 9293 §3.10.7.4 eighth',
    why: 'the kernel answers nothing in a state that expects no text, when SEQ is past the FIN or at the edge of the window',
    scripts: [
      'LAST_ACK: is answered, below the window or in it, and starts no 2MSL [T230] [T290]',
      'CLOSE_WAIT: acknowledged; RCV.NXT moves once only [T228]',
      'LAST_ACK: acknowledged; RCV.NXT moves once only [T230]',
    ],
  },
  {
    row: 'T111',
    why: 'the kernel answers text in TIME-WAIT',
    scripts: ['TIME_WAIT: text and FIN without ACK [T164]', 'TIME_WAIT: ignored [T217]'],
  },
  {
    row: 'MAY-12',
    why: 'the kernel believes older acknowledgments only as far back as the largest window it has seen, and had seen less',
    scripts: ['the oldest that is believed [T165] [MAY-12]'],
  },
  {
    row: 'SHLD-28',
    why: 'the kernel never sends more than half of the largest window at once',
    scripts: [
      'SND.UNA < ACK =< SND.NXT: ESTABLISHED, and the rest of the segment is processed [T179]',
      'its window is scaled from here on [T179]',
    ],
  },
  {
    row: 'T097',
    why: 'the kernel looks at the ACK before the sequence number in SYN-RECEIVED, and resets',
    scripts: ['SYN_RECEIVED: beyond the window [T004] [UNTAGGED-8] [T097]'],
  },
  {
    row: 'UNTAGGED-6',
    why: 'once a FIN has come, the kernel also believes a RST one octet before RCV.NXT (some stacks send it there)',
    scripts: [
      'CLOSE_WAIT: before and behind the window [T106]',
      'CLOSING: before and behind the window [T108]',
      'LAST_ACK: before and behind the window [T110]',
      'CLOSE_WAIT: RST before or behind the window [UNTAGGED-6] [T122]',
      'CLOSING: RST before or behind the window [UNTAGGED-6] [T124]',
      'LAST_ACK: RST before or behind the window [UNTAGGED-6] [T126]',
    ],
  },
  {
    row: 'UNTAGGED-12',
    why: 'the kernel hears nothing of a segment that it does not accept, and waits for the next probe',
    scripts: [
      'but one that opens it is believed, and so is what acknowledges more: the peer may count from behind [UNTAGGED-12]',
    ],
  },
  {
    row: 'T006',
    why: 'the kernel accepts SEQ at the edge, RCV.NXT+RCV.WND',
    scripts: [
      'is heard while the text before it is on its way [T288] [UNTAGGED-12]',
      'LEN=0, WND>0: RCV.NXT =< SEQ < RCV.NXT+RCV.WND [T006]',
    ],
  },
  {
    row: 'MUST-39',
    why: 'the kernel counts buffers by what they cost, so the same text does not fill its window',
    scripts: [
      'an urgent pointer is heard through a closed window, and a RST at RCV.NXT [MUST-66]',
      'LEN=0, WND=0: SEQ = RCV.NXT alone [T005]',
      'LEN>0, WND=0: not acceptable, yet ACK, URG and RST count [T007] [MUST-66] [UNTAGGED-22]',
      'what lies beyond the window is cut off, the FIN with it [T004] [UNTAGGED-10]',
      'a FIN right behind a full window is outside of it [UNTAGGED-10]',
      "two sides that probe each other's closed window hear the acknowledgment [T288] [MUST-66]",
      'a peer that filled our window, or probed it with one octet, acknowledges from there [T288]',
      'APPLICATION READ: the edge moves by min(MSS, RCV.BUFF / 2) at the least [T326] [MUST-39]',
    ],
  },
  {
    row: 'MUST-40',
    why: 'the kernel acknowledges at once after text it had partly, urgent text, or text that came before accept()',
    scripts: [
      'the pointer counts from the segment as it was sent, not from what is left of it [MUST-62] [MUST-31]',
      'what was received before is cut off [T004] [UNTAGGED-10]',
      'ESTABLISHED: told when it appears, at each advance, when it was read [MUST-30] [MUST-32] [UNTAGGED-15] [T201]',
      'FIN_WAIT_1: told when it appears, at each advance, when it was read [MUST-30] [MUST-32] [UNTAGGED-15] [T204]',
      'FIN_WAIT_2: told when it appears, at each advance, when it was read [MUST-30] [MUST-32] [UNTAGGED-15] [T207]',
      'the pointer may be behind text that was trimmed or far ahead [T201] [MUST-31] [UNTAGGED-16]',
      'SYN-RECEIVED: after the step to ESTABLISHED [T262] [T297]',
    ],
  },
  {
    row: 'T129',
    why: 'the kernel answers no RST in TIME-WAIT, be it in the window or not',
    scripts: [
      'TIME_WAIT: RST at RCV.NXT+1 and at the last octet [UNTAGGED-6] [T129]',
      'TIME_WAIT: RST whose text, not its SEQ, reaches RCV.NXT [UNTAGGED-6] [T129]',
    ],
  },
  {
    row: 'T131',
    why: 'the kernel calls it a reset, not a refusal',
    scripts: ['SYN-RECEIVED of an active OPEN: refused [T131] [MUST-11]'],
  },
  {
    row: 'T136',
    why: 'the kernel calls it a reset though everything had been said',
    scripts: [
      'CLOSING: the TCB is deleted; everything had been said [T136]',
      'LAST_ACK: the TCB is deleted; everything had been said [T137]',
    ],
  },
  {
    row: 'MUST-62',
    why: 'the kernel sends nothing for no urgent text, where we say EINVAL',
    scripts: ['our pointer is the octet after the urgent text [MUST-62] [UNTAGGED-17]'],
  },
  {
    row: 'MUST-58',
    why: 'the kernel processes packets one by one: it acknowledges every second segment of a burst, and answers every SYN',
    scripts: [
      'opened by a segment that is itself not acceptable: probing ends, the RTO is in force again [T288] [MUST-66]',
      'a burst is processed as a whole before one ACK leaves [T004] [MUST-58] [MUST-59]',
      'SYN and what follows it in one burst belong to one child [T297] [T300]',
    ],
  },
  {
    row: 'SHLD-3',
    why: 'the kernel resets from SEG.ACK, without ACK, where we say SND.NXT and RCV.NXT',
    scripts: [
      'FIN_WAIT_1: text draws RST [T218] [SHLD-3]',
      'FIN_WAIT_2: text draws RST [T219] [SHLD-3]',
      'FIN_WAIT_1 ended by text nobody reads, with a FIN: its row is freed once [T300] [T218]',
      'FIN_WAIT_2 ended by text nobody reads, with a FIN: its row is freed once [T300] [T219]',
    ],
  },
  {
    row: 'T147',
    why: 'the kernel resets the half-open connection aloud',
    scripts: ['in the window, from LISTEN: dropped, back to LISTEN [T147]'],
  },
  {
    row: 'T056',
    why: 'a second close() is no error to the kernel',
    scripts: ['CLOSING: connection closing [T056]', 'LAST_ACK: connection closing [T057]'],
  },
  {
    row: 'MAY-16',
    why: 'the kernel sends text and FIN again as one segment, where our text went alone',
    scripts: ['simultaneous close with text of both sides under way [T276] [T197]'],
  },
  {
    row: 'MUST-36',
    why: 'the kernel probes a closed window with a segment without text below SND.NXT, not with an octet',
    scripts: [
      'first probe after one RTO, then twice as long each time [SHLD-29] [SHLD-30] [MUST-36]',
      'the interval grows all the same, and goes back when the window opens [SHLD-30]',
      'closed with a zero window: FIN-WAIT-1 at once, probes, then text and FIN [T283]',
      'the window opens while it is probed: everything goes at once [T250] [T184]',
    ],
  },
  {
    row: 'T286',
    why: 'the kernel acknowledges the SYN,ACK of a simultaneous open; we have nothing to say',
    scripts: [
      'the window of the SYN,ACK is not scaled [RFC 7323 §2.2] [T286]',
      'simultaneous open: one connection, not two [T269] [T286] [MUST-10] [UNTAGGED-12]',
      "simultaneous open, the peer's SYN,ACK lost and sent again [T269] [T286]",
      'simultaneous open: SYN,ACK at IRS opens; a SYN,ACK elsewhere does not [T286] [T148]',
      'simultaneous open: SYN,ACK of something else at IRS does not open [T286]',
    ],
  },
  {
    row: 'T287',
    why: 'the kernel sends nothing when the last acknowledgment comes with the FIN again',
    scripts: ['CLOSING: the ACK field of a FIN again is heard, and our reply has SEQ behind our FIN [T287]'],
  },
  {
    row: 'MUST-20',
    why: 'the kernel makes R2 a time, reckoned as if every retransmission timeout began at its minimum',
    scripts: [
      'duplicates with an open window do not put off the end [MUST-20] [MUST-21]',
      'ESTABLISHED: ETIMEDOUT, the TCB goes [T313] [MUST-20]',
      'CLOSE_WAIT: ETIMEDOUT, the TCB goes [T314] [MUST-20]',
      'FIN_WAIT_1: ETIMEDOUT, the TCB goes [T315] [MUST-20]',
      'CLOSING: ETIMEDOUT, the TCB goes [T316] [MUST-20]',
      'LAST_ACK: ETIMEDOUT, the TCB goes [T317] [MUST-20]',
    ],
  },
  {
    row: 'SHLD-16',
    why: 'the kernel does not hear of a smaller window from an ACK that acknowledges nothing new, save of a closed one',
    scripts: [
      'U >= MSS: a full one, the rest waits for it [UNTAGGED-32] [MUST-38]',
      'none of them: the override timeout [UNTAGGED-32] [MUST-38]',
      'CLOSE sends what is queued; with a silent peer the user timeout aborts it [UNTAGGED-25]',
      'no new text beyond the edge, no stall once it opens [MUST-34] [SHLD-15]',
      'what is in flight is sent again within the edge, and not beyond it [SHLD-16] [MAY-7]',
      'to nothing, with text in flight: it is probed [MUST-35]',
      'what is sent again is cut at the edge, and the rest follows it [SHLD-16] [MUST-34]',
      'a window taken back: our acknowledgments lie within it, or the peer would not hear them [MUST-34]',
      'SWS OVERRIDE TIMEOUT: what fits a small window goes after a while [T327] [MUST-38]',
    ],
  },
  {
    row: 'MUST-38',
    why: 'the kernel leaves text that fits a small window to its persist timer',
    scripts: ['an ACK whose text comes again brings the window too, though its SEQ is old [UNTAGGED-11]'],
  },
  {
    row: 'MUST-21',
    why: 'the kernel counts the user timeout from the first retransmission',
    scripts: [
      'ESTABLISHED: aborted, ETIMEDOUT, the TCB goes [T235] [MUST-21]',
      'FIN_WAIT_1: aborted, ETIMEDOUT, the TCB goes [T236] [MUST-21]',
      'CLOSE_WAIT: aborted, ETIMEDOUT, the TCB goes [T238] [MUST-21]',
      'CLOSING: aborted, ETIMEDOUT, the TCB goes [T239] [MUST-21]',
      'LAST_ACK: aborted, ETIMEDOUT, the TCB goes [T240] [MUST-21]',
    ],
  },
  {
    row: 'RFC 8985 §7.3',
    why: 'the kernel probes the tail with the newest segment before its timer fires',
    scripts: [
      'text that is sent once stays queued until it is cumulatively acknowledged [RFC 6675 §4-a] [RFC 2018 §5-b] [RFC 2018 §8]',
    ],
  },
  {
    row: 'RFC 5682 §2.1',
    why: 'without SACK the kernel goes on with F-RTO after a duplicate: it sends new text first',
    scripts: ['a duplicate instead of the first: likewise [RFC 5682 §2.1]'],
  },
  {
    row: 'T234',
    why: 'the kernel has no user timeout for half-open connections',
    scripts: ['SYN_RECEIVED: the half-open entry goes in silence, at the first repetition past it [T234]'],
  },
  {
    row: 'MAY-16',
    why: 'the kernel releases a cork by its persist timer, one RTO later',
    scripts: ['a cork collects what was not pushed, and holds it for a bounded time [MAY-16] [MUST-60]'],
  },
  {
    row: 'MUST-21',
    why: 'the kernel looks at a user timeout only when its retransmission timer expires',
    scripts: [
      'progress begins the user timeout anew [T233] [MUST-21]',
      'a user timeout ends it sooner, and may be changed while it runs [MUST-21] [UNTAGGED-24]',
    ],
  },
  {
    row: 'RFC 2018 §4',
    why: 'the kernel remembers four blocks: a fifth is told in the parts that come again',
    scripts: [
      'the block of the segment that came leads, then those that led before it [RFC 2018 §4-c] [RFC 2018 §4-d]',
    ],
  },
  {
    row: 'T299',
    why: 'the kernel drops what has no ACK before it looks at the sequence number',
    scripts: ['a duplicate is answered though it has no ACK: sequence goes before ACK [T299]'],
  },
  {
    row: 'MUST-58',
    why: 'the kernel processes packets one by one, and tells of each duplicate',
    scripts: ['one burst of duplicates is one range, and one acknowledgment [RFC 2883 §4-a] [MUST-58]'],
  },
  {
    row: 'MUST-40',
    why: 'the kernel acknowledges a mark at once',
    scripts: ['CE is echoed until CWR comes [RFC 3168 §6.1.3]'],
  },
  {
    row: 'MUST-36',
    why: 'the kernel probes a closed window with a segment without text below SND.NXT, not with an octet',
    scripts: [
      'what is sent again, and window probes, are not ECN-capable [RFC 3168 §6.1.5] [RFC 3168 §6.1.6]',
      'CWR waits while the window is closed: a probe may be thrown away with it [RFC 3168 §6.1.6]',
    ],
  },
  {
    row: 'RFC 9768 §3.1.2',
    why: 'kernels up to 6.18 grant ECN, but not accurate ECN: the SYN,ACK says so',
    scripts: [
      'a SYN that asks is granted it, and told how it arrived [RFC 9768 §3.1.2]',
      'a path that clears the bits: no more of it [RFC 9768 §3.2.2.4]',
      'marks reported by the peer reduce the window once per round trip [RFC 9768 §3.2.2.5]',
    ],
  },
  {
    row: 'RFC 3168 §6.1.2',
    why: 'the kernel reduces its window bit by bit while it is acknowledged (RFC 6937), not at once',
    scripts: ['ECE halves the window once per round trip, and CWR goes with the first new text [RFC 3168 §6.1.2]'],
  },
  {
    row: 'MUST-53',
    why: 'in TIME_WAIT the kernel answers by the route of the segment at hand, and this one has none',
    scripts: ['also what is said in TIME_WAIT goes by it [MUST-53]'],
  },
  {
    row: 'SHLD-24',
    why: 'the kernel keeps the way back of the SYN',
    scripts: ['counts from then on [SHLD-24]'],
  },
  {
    row: 'RFC 791 §3.1',
    why: 'the kernel leaves the bytes out that make no whole address',
    scripts: ['dropped even where they are taken: one that is malformed [RFC 1122 §3.3.5]'],
  },
  {
    row: 'RFC 7323 §3.2',
    why: 'the kernel says the options of its SYN again on the SYN,ACK of a simultaneous open, which is allowed [RFC 7323 §3.2-h]',
    scripts: ['timestamps that only our SYN had are not on our SYN,ACK [RFC 7323 §3.2-h]'],
  },
];

/** About the MSS of the link: for these the kernel's sockets are not told to offer 1000, as for all others. */
export const linkMss: readonly string[] = [
  'MSS above what the link carries: the link decides [MUST-16] [MUST-67]',
  'a small link [MUST-67]',
  'options in the SYN,ACK are those the SYN offered [T086]',
  'on our SYN TSecr is 0: nothing was heard yet [RFC 7323 §3.2-g] [RFC 7323 §3.2-a]',
  'not on a SYN,ACK whose SYN had none [RFC 7323 §3.2-a]',
  'timestamps that only our SYN had are not on our SYN,ACK [RFC 7323 §3.2-h]',
  'SACK-permitted is on SYNs alone [RFC 2018 §2]',
  'off is the default [RFC 7413 §2]',
];

/** Scripts that take the frames of the simulated link by themselves, at once. */
export const atOnce: readonly string[] = [
  'every option we write but NOP has a length, and the header is padded with zeros [MUST-68] [MUST-69]',
];

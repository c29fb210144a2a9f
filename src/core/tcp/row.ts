/**
 * The transmission control block, declared once: a row of int32 words in one ArrayBuffer. `scripts/generate-tcb.mjs`
 * makes the cursor class (`tcb.ts`) and `docs/tcb.md` from this table; `wire/abi.ts` names the words C++ reads.
 * Units: seq = sequence number, B = bytes, us, ms, tick = 1 ms wheel tick, row/rec/chunk = index or -1.
 */
export const row = [
  // [field, words, unit, RFC term or meaning]
  ['ports', 1, 'u16<<16|u16', 'local port, remote port (identity: read by C++)'],
  ['laddr', 4, 'addr', 'local address, IPv4 mapped'],
  ['raddr', 4, 'addr', 'remote address, IPv4 mapped'],
  ['hop', 1, 'index', 'next hop; -1 while there is no route'],
  ['state', 1, 'bit', 'one of the eleven states, as a bit'],
  ['flags', 1, 'bits', 'F_* below'],
  ['flags2', 1, 'bits', 'F2_* below'],
  ['flight', 1, 'word', 'first word of the flight block (second table); 0 = none'],
  ['gen', 1, 'count', 'generation: changes each time the row is freed'],
  ['listener', 1, 'row', 'row of the LISTEN this came from; -1 = active OPEN'],
  ['iss', 1, 'seq', 'ISS'],
  ['sndUna', 1, 'seq', 'SND.UNA'],
  ['sndNxt', 1, 'seq', 'SND.NXT; never set back, so the highest ever'],
  ['sndWnd', 1, 'B', 'SND.WND, scaled'],
  ['sndWl1', 1, 'seq', 'SND.WL1'],
  ['sndWl2', 1, 'seq', 'SND.WL2'],
  ['sndUp', 1, 'seq', 'SND.UP'],
  ['maxSndWnd', 1, 'B', 'largest SND.WND seen'],
  ['sndMss', 1, 'B', 'Eff.snd.MSS: payload bytes in a full segment'],
  ['pmtu', 1, 'B', 'path MTU in use: IP packet bytes; 0 = that of the link'],
  ['scales', 1, 'u8|u8<<8', 'Snd.Wind.Shift, Rcv.Wind.Shift'],
  ['peerMss', 1, 'B', 'MSS option received (or the default)'],
  ['sndBuf', 1, 'B', 'send buffer limit'],
  ['cwnd', 1, 'B', 'congestion window'],
  ['ssthresh', 1, 'B', 'slow start threshold'],
  ['srtt', 1, 'us', 'SRTT; 0 = no sample yet'],
  ['rttvar', 1, 'us', 'RTTVAR'],
  ['rto', 1, 'ms', 'RTO, backed off'],
  ['irs', 1, 'seq', 'IRS'],
  ['rcvNxt', 1, 'seq', 'RCV.NXT'],
  ['rcvAdv', 1, 'seq', 'RCV.NXT+RCV.WND: right edge advertised, never moves left'],
  ['rcvBuf', 1, 'B', 'RCV.BUFF'],
  ['rcvUser', 1, 'B', 'RCV.USER: bytes delivered and not yet consumed'],
  ['rcvUp', 1, 'seq', 'RCV.UP'],
  ['lastAckSent', 1, 'seq', 'Last.ACK.sent'],
  ['tsRecent', 1, 'u32', 'TS.Recent'],
  ['tsRecentAt', 1, 'tick', 'when TS.Recent was taken'],
  ['tsOffset', 1, 'u32', 'added to the clock for TSval'],
  ['timers', 3, 'tick', 'deadlines that an idle connection may have, by TIMER_* less 3; 0 = off'],
  ['wheelNext', 1, 'row', 'timer wheel list'],
  ['wheelPrev', 1, 'row', 'timer wheel list; slot as -(slot + 2) at the head'],
  ['wheelAt', 1, 'tick', 'tick this row is filed under; 0 = not filed'],
  ['userTimeout', 1, 'ms', 'R2 in time; 0 = by number of retransmissions'],
  ['keepIdle', 1, 'ms', 'keep-alive: idle time'],
  ['keepInterval', 1, 'ms', 'keep-alive: between probes'],
  ['keepCount', 1, 'u16|u16<<16', 'probes allowed, probes sent'],
  ['lastRcvAt', 1, 'tick', 'last segment received'],
  ['ip', 1, 'u8|u8<<8|u8<<16', 'TOS, TTL, TOS received last'],
  ['dirtyNext', 1, 'row', 'list of rows that owe output'],
  ['softError', 1, 'code', 'last soft error'],
  [
    'oowAt',
    1,
    'tick',
    'when an out-of-window segment was last answered (RFC 5961 §7); LISTEN: when a cookie was last sent',
  ],
  ['cc', 1, 'index', 'congestion controller'],
  ['bytesIn', 2, 'f64', 'payload bytes delivered'],
  ['bytesOut', 2, 'f64', 'payload bytes acknowledged'],
] as const;

/** Words of a LISTEN under the names of words that only a connection uses, and that it writes before it reads them. */
export const listening = [
  // [field, word of the row, unit, meaning]
  ['backlog', 'sndWl2', 'u16|u16<<16', 'LISTEN: limit, connections not yet accepted'],
  ['halfOpen', 'iss', 'count', 'LISTEN: entries in the SYN queue'],
  ['portNext', 'sndUp', 'row', 'LISTEN: next listener on this port'],
] as const;

/**
 * What a connection remembers only while it talks: a block of its own, taken when the connection opens or stirs again
 * and given back when it has been idle for a while, so that a million idle connections do not pay for it (flights.ts).
 * A fresh block is all zeros but for the heads of its lists, and means "nothing known, nothing under way". Unit `us@` = a
 * moment in microseconds (low 32 bits), `tick@` = one in wheel ticks.
 */
export const flight = [
  // First, so that its words are float64s, too.
  ['ccState', 32, 'any', 'words of the congestion controller'],
  // what is under way
  ['sndHead', 1, 'chunk', 'first chunk of the send queue'],
  ['sndTail', 1, 'chunk', 'last chunk of the send queue'],
  ['sndQueued', 1, 'B', 'bytes held from SND.UNA on, sent or not (no SYN, no FIN)'],
  ['sndChunk', 1, 'chunk', 'chunk of the next new byte to send; -1 = look from the head'],
  ['sndOffset', 1, 'B', 'offset in that chunk'],
  ['rtxHead', 1, 'rec', 'oldest record of the retransmission queue'],
  ['rtxTail', 1, 'rec', 'newest record'],
  ['dupAcks', 1, 'count', 'duplicate ACKs in a row; below 0: those that are still to come of a lost MTU probe'],
  ['recover', 1, 'seq', 'RFC 6582 recover'],
  ['sackedOut', 1, 'B', 'bytes the peer selectively acknowledged above SND.UNA'],
  ['lostOut', 1, 'B', 'bytes marked lost and not sent again yet'],
  ['rexmits', 1, 'count', 'consecutive retransmission timeouts'],
  ['rttSeq', 1, 'seq', 'RCV.NXT when the round trip at rttAt began (growth of the window)'],
  ['rttAt', 1, 'us', 'when our SYN was sent, later when a round trip of received text began; 0 = nothing timed'],
  ['rcvFin', 1, 'seq', 'sequence number of a FIN held behind a hole'],
  ['oooHead', 1, 'rec', 'first out-of-order record'],
  ['oooBytes', 1, 'B', 'bytes held out of order'],
  ['oooLast', 1, 'seq', 'start of the block that changed last: it leads the SACK option'],
  ['oooCount', 1, 'count', 'records held out of order'],
  ['ackBytes', 1, 'B', 'in-order bytes not acknowledged yet'],
  [
    'firstSentAt',
    1,
    'tick@',
    'when the oldest unacknowledged data was first sent, or began to wait for the neighbour, or was a probe that is not answered; 0 = nothing outstanding',
  ],
  ['deadlines', 8, 'tick@', 'by TIMER_*; those that an idle connection may have are in the row; 0 = off'],
  // RFC 8985
  ['rackXmitTs', 1, 'us@', 'RACK.xmit_ts: when the latest-sent delivered segment left'],
  ['rackEndSeq', 1, 'seq', 'RACK.end_seq'],
  ['rackRtt', 1, 'us', 'RACK.rtt; 0 = nothing delivered yet'],
  ['rackFack', 1, 'seq', 'RACK.fack: highest sequence number (S)ACKed'],
  ['minRtt', 1, 'us', 'RACK.min_RTT over a window; 0 = unknown'],
  ['minRttAt', 1, 'us@', 'when min_RTT was measured'],
  ['reoWnd', 1, 'u8|u8<<8', 'RACK.reo_wnd_mult - 1, recoveries left before it falls back'],
  ['dsackRound', 1, 'seq', 'RACK.dsack_round'],
  ['tlpEndSeq', 1, 'seq', 'TLP.end_seq'],
  ['rtxLost', 1, 'rec', 'one more than the record before which none is marked lost; 0 = look from the head'],
  ['rttParts', 1, 'u16|u16<<16', 'fractions of SRTT and RTTVAR, 1/65536 us'],
  // RFC 9937
  ['prrDelivered', 1, 'B', 'prr_delivered'],
  ['prrOut', 1, 'B', 'prr_out'],
  ['recoverFs', 1, 'B', 'RecoverFS'],
  // undo: RFC 3522, RFC 4015, RFC 5682, D-SACK
  ['undoSeq', 1, 'seq', 'SND.UNA when the reduction that may be undone happened'],
  ['undoRetrans', 1, 'count', 'retransmissions not yet reported as duplicates'],
  ['undoTs', 1, 'u32', 'TSval of the first retransmission (Eifel)'],
  ['priorCwnd', 1, 'B', 'cwnd before the reduction'],
  ['priorSsthresh', 1, 'B', 'ssthresh before the reduction'],
  ['frtoSeq', 1, 'seq', 'F-RTO: SND.NXT when the timer expired'],
  ['dsackStart', 1, 'seq', 'duplicate range to report in the next SACK option'],
  ['dsackEnd', 1, 'seq', 'its right edge; equal = none'],
  ['retransmits', 1, 'count', '(super-)segments sent again'],
  ['recoveries', 1, 'u16|u16<<16', 'recoveries from loss, of which were undone'],
  ['probes', 1, 'u16|u16<<16', 'tail loss probes, duplicates the peer reported'],
  // RFC 2018 §4: blocks that led earlier SACK options
  ['sackLed1', 1, 'seq', 'left edge of the block that led the last SACK option; 0 = none'],
  ['sackLed2', 1, 'seq', 'of the one before that'],
  ['sackLed3', 1, 'seq', 'and before that'],
  // delivery rate: draft-ietf-ccwg-bbr §4.1
  ['delivered', 1, 'B', 'C.delivered, modulo 2^32'],
  ['deliveredAt', 1, 'us@', 'C.delivered_time'],
  ['firstSentUs', 1, 'us@', 'C.first_send_time'],
  ['appLimited', 1, 'B', 'C.app_limited: value of delivered when the bubble is past; 0 = not limited'],
  ['lost', 1, 'B', 'C.lost, modulo 2^32'],
  ['lostSeen', 1, 'B', 'of these, what the controller was told of'],
  ['deliveredCe', 1, 'B', 'delivered with CE marks, modulo 2^32'],
  ['ceSeen', 1, 'B', 'of these, what the controller was told of'],
  ['roundEnd', 1, 'B', 'value of delivered when the round trip being counted began'],
  ['lastSentUs', 1, 'us@', 'when text last left'],
  // pacing
  ['pacingRate', 1, '16 B/s', '0 = not paced'],
  ['paceAt', 1, 'us@', 'when the next segment may leave'],
  ['paceBudget', 1, 'B', 'bytes that may leave at once'],
  // RFC 3168, RFC 9768
  [
    'ecnSeq',
    1,
    'seq',
    'SND.NXT at the last reduction for ECE, until SND.UNA has passed it: once per round trip; 0 = none',
  ],
  ['ceRcvd', 1, 'count', 'r.cep: segments received with CE'],
  ['cePeer', 1, 'count', 's.cep: CE marks the peer reported'],
  ['ect0Rcvd', 1, 'B', 'r.e0b'],
  ['ceBytesRcvd', 1, 'B', 'r.ceb'],
  ['ect1Rcvd', 1, 'B', 'r.e1b'],
  ['ect0Peer', 1, 'B', 's.e0b'],
  ['ceBytesPeer', 1, 'B', 's.ceb'],
  ['ect1Peer', 1, 'B', 's.e1b'],
  ['ecnState', 1, 'bits', 'what the handshake of AccECN saw, what is to be reported'],
  // RFC 4821, RFC 8899
  ['mtuProbe', 1, 'B', 'size of the probe in flight; 0 = none'],
  ['mtuProbeSeq', 1, 'seq', 'first octet of the probe'],
  ['mtuHigh', 1, 'B', 'smallest size known not to pass; 0 = unknown'],
  ['mtuFails', 1, 'count', 'probes of this size that were lost; full-size timeouts in a row'],
  ['mtuAt', 1, 'tick@', 'when the search was paused; 0 = it goes on'],
  ['mtuClaim', 1, 'B', 'MTU that an ICMP error claims and that progress may disprove; 0 = none'],
  ['mtuClaimSeq', 1, 'seq', 'first octet of the segment it is about'],
  // buffers
  ['rcvSpace', 1, 'B', 'most text that came in one round trip'],
  [
    'echo',
    1,
    'u16|u16<<16',
    'ms: round trip by the echo of the last text in order, 10 at most; the least since echoAt',
  ],
  ['echoBefore', 1, 'ms', 'the least of the time before that'],
  ['echoAt', 1, 'tick@', 'since when; 0 = no echo came'],
  ['ackOften', 1, 'count', 'segments still to be acknowledged often: after a loss, negative after a silence'],
  // what the user set on this connection (F2_TUNED keeps the block)
  ['maxPacing', 1, '16 B/s', 'no faster than this; 0 = as the controller says'],
  ['lowWater', 1, 'B', 'text that may wait unsent; 0 = as the stack says, -1 = no limit'],
  // what held text back, and for how long (limits.ts)
  ['timing', 1, 'index', 'entry of the limits table; 0 = nobody asked'],
  // RFC 5482
  ['uto', 1, 'ms', 'USER_TIMEOUT the peer advertised; 0 = none'],
] as const;

export const F_PASSIVE = 1 << 0; /** came from LISTEN [MUST-11] */
export const F_TS = 1 << 1; /** timestamps agreed */
export const F_SACK = 1 << 2; /** SACK agreed */
export const F_WS = 1 << 3; /** window scaling agreed */
export const F_NODELAY = 1 << 4; /** Nagle off */
export const F_FIN_QUEUED = 1 << 5; /** CLOSE called: a FIN follows the data */
export const F_FIN_SENT = 1 << 6; /** SND.NXT has passed our FIN */
export const F_ACK_NOW = 1 << 7; /** an ACK must leave in this turn */
export const F_ACK_LATER = 1 << 8; /** an ACK is owed; from the end of the turn the delayed-ACK timer runs */
export const F_DIRTY = 1 << 9; /** on the output list */
export const F_RCV_FIN = 1 << 10; /** a FIN is held behind a hole (rcvFin) */
export const F_NO_READER = 1 << 11; /** the application gave up reading: arriving text draws RST */
export const F_CORK = 1 << 12;
export const F_KEEPALIVE = 1 << 13;
export const F_RECOVERY = 1 << 14; /** fast recovery */
export const F_MARKED = 1 << 15; /** the window was reduced for a mark; it counts until SND.UNA passes `ecnSeq` */
export const F_URG_MODE = 1 << 16; /** the user was told of urgent data ahead */
export const F_SND_URG = 1 << 17; /** SND.UP is ahead of SND.UNA */
export const F_CLOSE_QUEUED = 1 << 18; /** CLOSE in SYN_RECEIVED waits for ESTABLISHED (T051) */
export const F_IN_FLOWS = 1 << 19; /** is in the flow table */
export const F_PERSIST = 1 << 20; /** probing a zero window */
export const F_SYN_ACKED = 1 << 22; /** our SYN was acknowledged */
export const F_RTO_RECOVERY = 1 << 23; /** resending after a timeout until `recover` */
export const F_COUNTED = 1 << 24; /** counts against its listener's backlog */
export const F_RESEND = 1 << 25; /** the SYN, SYN-ACK or probe is due again */
export const F_SHORT_SEND = 1 << 26; /** the last SEND did not fit: EV_DRAIN is owed */
export const F_APP_DONE = 1 << 27; /** EV_CLOSED was reported: no further event for this row */
export const F_CWND_LIMITED = 1 << 28; /** the congestion window held data back since the last ACK */
export const F_LISTED = 1 << 29; /** is in the listener table */
export const F_FIXED_BUFFER = 1 << 30; /** the user chose RCV.BUFF: it does not grow */

// flags2
export const F2_TLP_OUT = 1 << 0; /** a tail loss probe is not acknowledged yet */
export const F2_TLP_RESENT = 1 << 1; /** that probe was a retransmission */
export const F2_TLP_SPENT = 1 << 2; /** no RTT sample was taken since the last tail loss probe: no further one leaves */
export const F2_REORDERED = 1 << 3; /** RACK.reordering_seen */
export const F2_FRTO = 1 << 4; /** F-RTO asks whether the timeout was spurious */
export const F2_UNDO = 1 << 5; /** the last reduction may still be undone */
export const F2_DSACK = 1 << 6; /** a duplicate is to be reported */
export const F2_DSACK_SEEN = 1 << 7; /** the peer reports duplicates */
export const F2_ECN = 1 << 8; /** RFC 3168 agreed */
export const F2_ACCECN = 1 << 9; /** RFC 9768 agreed */
export const F2_ECE = 1 << 10; /** CE was seen: ECE until CWR */
export const F2_CWR = 1 << 11; /** CWR goes with the next new text */
export const F2_ECN_ASKED = 1 << 12; /** our SYN asks for ECN */
export const F2_TFO_ASKED =
  1 << 13; /** our SYN asks for a Fast Open cookie or has one; on a passive open: our SYN,ACK carries one */
export const F2_TFO_DATA =
  1 << 14; /** text left with our SYN and was not refused; on a passive open: the user got it with the SYN */
export const F2_UTO = 1 << 15; /** the user timeout is advertised */
export const F2_UTO_FIXED = 1 << 16; /** the application set the user timeout: the peer does not change it */
export const F2_APP_LIMITED = 1 << 17;
export const F2_PACED = 1 << 18; /** pacing holds text back */
export const F2_MTU_PROBE = 1 << 19; /** a probe of the path MTU is in flight */
export const F2_OUT_OF_BAND = 1 << 20; /** the urgent octet is handed over apart from the text */
export const F2_BLACK_HOLE = 1 << 21; /** large segments vanish: a smaller base is in use */
export const F2_TELL_ACKED = 1 << 22; /** each ACK that moves SND.UNA is told */
export const F2_SND_GROWS = 1 << 23; /** the user left SND.BUFF to us */
export const F2_PTO =
  1 << 24; /** the loss timer, or the retransmission timer when that is first, sends a tail loss probe */
export const F2_TLP_DUE = 1 << 25; /** the probe leaves with the next output */
export const F2_FRTO_NEW = 1 << 26; /** F-RTO step 3: new text was let out */
export const F2_UTO_DUE = 1 << 27; /** the user timeout goes with the next bare ACK */
export const F2_TFO_PENDING = 1 << 28; /** the user has this connection, and the third ACK has not come */
export const F2_NO_ECT = 1 << 29; /** the user does not want our text marked as ECN-capable */
export const F2_TUNED = 1 << 30; /** the block holds what the user set */
export const F2_ROUTED = 1 << 31; /** it goes by a source route */
/**
 * What a flight block holds for these cannot be learned again: it is kept while the connection idles, and nobody wakes to ask for it.
 * Whoever takes one of them back asks again (beginRest).
 */
export const F2_HOLDS_FLIGHT = F2_ACCECN | F2_ECE | F2_CWR | F2_TUNED;

// ecnState; bits 0 and 1 are the ECN field of the SYN or SYN,ACK that arrived.
export const ES_TELL = 1 << 2; /** our first segment after the SYN says how the peer's SYN,ACK arrived */
export const ES_HEAR = 1 << 3; /** the peer's first segment after its SYN says how our SYN,ACK arrived */
export const ES_OPTION = 1 << 4; /** the option is due: a count has changed since it was last sent */

// Keep-alive, state and user timer are in the row, the others in the flight block.
export const TIMER_REXMIT = 0;
export const TIMER_PERSIST = 1;
export const TIMER_DELACK = 2;
export const TIMER_KEEPALIVE = 3;
export const TIMER_STATE = 4; /** 2MSL in TIME_WAIT, orphan in FIN_WAIT_2, else: idle, the flight block goes back */
export const TIMER_USER = 5;
export const TIMER_LOSS = 6; /** RACK / TLP */
export const TIMER_PACE = 7;
/** The first of TIMER_KEEPALIVE, TIMER_STATE, TIMER_USER. */
export const FIRST_IDLE_TIMER = 3;

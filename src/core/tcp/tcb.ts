// Generated from row.ts by scripts/generate-tcb.mjs: do not edit.
import { ROW_WORDS } from '../../wire/abi.ts';
import { FIRST_IDLE_TIMER } from './row.ts';

export const PORTS = 0;
export const LADDR = 1;
export const RADDR = 5;
export const HOP = 9;
export const STATE = 10;
export const FLAGS = 11;
export const FLAGS2 = 12;
export const FLIGHT = 13;
export const GEN = 14;
export const LISTENER = 15;
export const ISS = 16;
export const SND_UNA = 17;
export const SND_NXT = 18;
export const SND_WND = 19;
export const SND_WL1 = 20;
export const SND_WL2 = 21;
export const SND_UP = 22;
export const MAX_SND_WND = 23;
export const SND_MSS = 24;
export const PMTU = 25;
export const SCALES = 26;
export const PEER_MSS = 27;
export const SND_BUF = 28;
export const CWND = 29;
export const SSTHRESH = 30;
export const SRTT = 31;
export const RTTVAR = 32;
export const RTO = 33;
export const IRS = 34;
export const RCV_NXT = 35;
export const RCV_ADV = 36;
export const RCV_BUF = 37;
export const RCV_USER = 38;
export const RCV_UP = 39;
export const LAST_ACK_SENT = 40;
export const TS_RECENT = 41;
export const TS_RECENT_AT = 42;
export const TS_OFFSET = 43;
export const TIMERS = 44;
export const WHEEL_NEXT = 47;
export const WHEEL_PREV = 48;
export const WHEEL_AT = 49;
export const USER_TIMEOUT = 50;
export const KEEP_IDLE = 51;
export const KEEP_INTERVAL = 52;
export const KEEP_COUNT = 53;
export const LAST_RCV_AT = 54;
export const IP = 55;
export const DIRTY_NEXT = 56;
export const SOFT_ERROR = 57;
export const OOW_AT = 58;
export const CC = 59;
export const BYTES_IN = 60;
export const BYTES_OUT = 62;
export const BACKLOG = 21;
export const HALF_OPEN = 16;
export const PORT_NEXT = 22;
/** Words used of ROW_WORDS. */
export const ROW_USED = 64;

// The flight block: word numbers within it.
export const CC_STATE = 0;
export const SND_HEAD = 32;
export const SND_TAIL = 33;
export const SND_QUEUED = 34;
export const SND_CHUNK = 35;
export const SND_OFFSET = 36;
export const RTX_HEAD = 37;
export const RTX_TAIL = 38;
export const DUP_ACKS = 39;
export const RECOVER = 40;
export const SACKED_OUT = 41;
export const LOST_OUT = 42;
export const REXMITS = 43;
export const RTT_SEQ = 44;
export const RTT_AT = 45;
export const RCV_FIN = 46;
export const OOO_HEAD = 47;
export const OOO_BYTES = 48;
export const OOO_LAST = 49;
export const OOO_COUNT = 50;
export const ACK_BYTES = 51;
export const FIRST_SENT_AT = 52;
export const DEADLINES = 53;
export const RACK_XMIT_TS = 61;
export const RACK_END_SEQ = 62;
export const RACK_RTT = 63;
export const RACK_FACK = 64;
export const MIN_RTT = 65;
export const MIN_RTT_AT = 66;
export const REO_WND = 67;
export const DSACK_ROUND = 68;
export const TLP_END_SEQ = 69;
export const RTX_LOST = 70;
export const RTT_PARTS = 71;
export const PRR_DELIVERED = 72;
export const PRR_OUT = 73;
export const RECOVER_FS = 74;
export const UNDO_SEQ = 75;
export const UNDO_RETRANS = 76;
export const UNDO_TS = 77;
export const PRIOR_CWND = 78;
export const PRIOR_SSTHRESH = 79;
export const FRTO_SEQ = 80;
export const DSACK_START = 81;
export const DSACK_END = 82;
export const RETRANSMITS = 83;
export const RECOVERIES = 84;
export const PROBES = 85;
export const SACK_LED1 = 86;
export const SACK_LED2 = 87;
export const SACK_LED3 = 88;
export const DELIVERED = 89;
export const DELIVERED_AT = 90;
export const FIRST_SENT_US = 91;
export const APP_LIMITED = 92;
export const LOST = 93;
export const LOST_SEEN = 94;
export const DELIVERED_CE = 95;
export const CE_SEEN = 96;
export const ROUND_END = 97;
export const LAST_SENT_US = 98;
export const PACING_RATE = 99;
export const PACE_AT = 100;
export const PACE_BUDGET = 101;
export const ECN_SEQ = 102;
export const CE_RCVD = 103;
export const CE_PEER = 104;
export const ECT0_RCVD = 105;
export const CE_BYTES_RCVD = 106;
export const ECT1_RCVD = 107;
export const ECT0_PEER = 108;
export const CE_BYTES_PEER = 109;
export const ECT1_PEER = 110;
export const ECN_STATE = 111;
export const MTU_PROBE = 112;
export const MTU_PROBE_SEQ = 113;
export const MTU_HIGH = 114;
export const MTU_FAILS = 115;
export const MTU_AT = 116;
export const MTU_CLAIM = 117;
export const MTU_CLAIM_SEQ = 118;
export const RCV_SPACE = 119;
export const ECHO = 120;
export const ECHO_BEFORE = 121;
export const ECHO_AT = 122;
export const ACK_OFTEN = 123;
export const MAX_PACING = 124;
export const LOW_WATER = 125;
export const TIMING = 126;
export const UTO = 127;
/** Words of a block; a multiple of a cache line. */
export const FLIGHT_WORDS = 128;
/** Words that hold moments of this stack's clock. */
export const FLIGHT_MOMENTS = [RACK_XMIT_TS, MIN_RTT_AT, DELIVERED_AT, FIRST_SENT_US, LAST_SENT_US, PACE_AT];
/** The same in ticks. */
export const FLIGHT_TICKS = [FIRST_SENT_AT, DEADLINES, DEADLINES + 1, DEADLINES + 2, DEADLINES + 3, DEADLINES + 4, DEADLINES + 5, DEADLINES + 6, DEADLINES + 7, MTU_AT, ECHO_AT];

/** A cursor over one row. Point it with `select`; it holds no state of its own, so one is enough for a whole stack. */
export class Tcb {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** The flight blocks. */
  readonly f32: Int32Array;
  /** First word of the row. */
  at = 0;
  row = 0;

  constructor(rows: ArrayBuffer, flights: ArrayBuffer) {
    this.i32 = new Int32Array(rows);
    this.f64 = new Float64Array(rows);
    this.f32 = new Int32Array(flights);
  }

  select(row: number): this {
    this.row = row;
    this.at = row * ROW_WORDS;
    return this;
  }

  /** local port, remote port (identity: read by C++) [u16<<16|u16] */
  get ports(): number { return this.i32[this.at + 0]!; }
  set ports(v: number) { this.i32[this.at + 0] = v; }
  /** next hop; -1 while there is no route [index] */
  get hop(): number { return this.i32[this.at + 9]!; }
  set hop(v: number) { this.i32[this.at + 9] = v; }
  /** one of the eleven states, as a bit [bit] */
  get state(): number { return this.i32[this.at + 10]!; }
  set state(v: number) { this.i32[this.at + 10] = v; }
  /** F_* below [bits] */
  get flags(): number { return this.i32[this.at + 11]!; }
  set flags(v: number) { this.i32[this.at + 11] = v; }
  /** F2_* below [bits] */
  get flags2(): number { return this.i32[this.at + 12]!; }
  set flags2(v: number) { this.i32[this.at + 12] = v; }
  /** first word of the flight block (second table); 0 = none [word] */
  get flight(): number { return this.i32[this.at + 13]!; }
  set flight(v: number) { this.i32[this.at + 13] = v; }
  /** generation: changes each time the row is freed [count] */
  get gen(): number { return this.i32[this.at + 14]!; }
  set gen(v: number) { this.i32[this.at + 14] = v; }
  /** row of the LISTEN this came from; -1 = active OPEN [row] */
  get listener(): number { return this.i32[this.at + 15]!; }
  set listener(v: number) { this.i32[this.at + 15] = v; }
  /** ISS [seq] */
  get iss(): number { return this.i32[this.at + 16]!; }
  set iss(v: number) { this.i32[this.at + 16] = v; }
  /** SND.UNA [seq] */
  get sndUna(): number { return this.i32[this.at + 17]!; }
  set sndUna(v: number) { this.i32[this.at + 17] = v; }
  /** SND.NXT; never set back, so the highest ever [seq] */
  get sndNxt(): number { return this.i32[this.at + 18]!; }
  set sndNxt(v: number) { this.i32[this.at + 18] = v; }
  /** SND.WND, scaled [B] */
  get sndWnd(): number { return this.i32[this.at + 19]!; }
  set sndWnd(v: number) { this.i32[this.at + 19] = v; }
  /** SND.WL1 [seq] */
  get sndWl1(): number { return this.i32[this.at + 20]!; }
  set sndWl1(v: number) { this.i32[this.at + 20] = v; }
  /** SND.WL2 [seq] */
  get sndWl2(): number { return this.i32[this.at + 21]!; }
  set sndWl2(v: number) { this.i32[this.at + 21] = v; }
  /** SND.UP [seq] */
  get sndUp(): number { return this.i32[this.at + 22]!; }
  set sndUp(v: number) { this.i32[this.at + 22] = v; }
  /** largest SND.WND seen [B] */
  get maxSndWnd(): number { return this.i32[this.at + 23]!; }
  set maxSndWnd(v: number) { this.i32[this.at + 23] = v; }
  /** Eff.snd.MSS: payload bytes in a full segment [B] */
  get sndMss(): number { return this.i32[this.at + 24]!; }
  set sndMss(v: number) { this.i32[this.at + 24] = v; }
  /** path MTU in use: IP packet bytes; 0 = that of the link [B] */
  get pmtu(): number { return this.i32[this.at + 25]!; }
  set pmtu(v: number) { this.i32[this.at + 25] = v; }
  /** Snd.Wind.Shift, Rcv.Wind.Shift [u8|u8<<8] */
  get scales(): number { return this.i32[this.at + 26]!; }
  set scales(v: number) { this.i32[this.at + 26] = v; }
  /** MSS option received (or the default) [B] */
  get peerMss(): number { return this.i32[this.at + 27]!; }
  set peerMss(v: number) { this.i32[this.at + 27] = v; }
  /** send buffer limit [B] */
  get sndBuf(): number { return this.i32[this.at + 28]!; }
  set sndBuf(v: number) { this.i32[this.at + 28] = v; }
  /** congestion window [B] */
  get cwnd(): number { return this.i32[this.at + 29]!; }
  set cwnd(v: number) { this.i32[this.at + 29] = v; }
  /** slow start threshold [B] */
  get ssthresh(): number { return this.i32[this.at + 30]!; }
  set ssthresh(v: number) { this.i32[this.at + 30] = v; }
  /** SRTT; 0 = no sample yet [us] */
  get srtt(): number { return this.i32[this.at + 31]!; }
  set srtt(v: number) { this.i32[this.at + 31] = v; }
  /** RTTVAR [us] */
  get rttvar(): number { return this.i32[this.at + 32]!; }
  set rttvar(v: number) { this.i32[this.at + 32] = v; }
  /** RTO, backed off [ms] */
  get rto(): number { return this.i32[this.at + 33]!; }
  set rto(v: number) { this.i32[this.at + 33] = v; }
  /** IRS [seq] */
  get irs(): number { return this.i32[this.at + 34]!; }
  set irs(v: number) { this.i32[this.at + 34] = v; }
  /** RCV.NXT [seq] */
  get rcvNxt(): number { return this.i32[this.at + 35]!; }
  set rcvNxt(v: number) { this.i32[this.at + 35] = v; }
  /** RCV.NXT+RCV.WND: right edge advertised, never moves left [seq] */
  get rcvAdv(): number { return this.i32[this.at + 36]!; }
  set rcvAdv(v: number) { this.i32[this.at + 36] = v; }
  /** RCV.BUFF [B] */
  get rcvBuf(): number { return this.i32[this.at + 37]!; }
  set rcvBuf(v: number) { this.i32[this.at + 37] = v; }
  /** RCV.USER: bytes delivered and not yet consumed [B] */
  get rcvUser(): number { return this.i32[this.at + 38]!; }
  set rcvUser(v: number) { this.i32[this.at + 38] = v; }
  /** RCV.UP [seq] */
  get rcvUp(): number { return this.i32[this.at + 39]!; }
  set rcvUp(v: number) { this.i32[this.at + 39] = v; }
  /** Last.ACK.sent [seq] */
  get lastAckSent(): number { return this.i32[this.at + 40]!; }
  set lastAckSent(v: number) { this.i32[this.at + 40] = v; }
  /** TS.Recent [u32] */
  get tsRecent(): number { return this.i32[this.at + 41]!; }
  set tsRecent(v: number) { this.i32[this.at + 41] = v; }
  /** when TS.Recent was taken [tick] */
  get tsRecentAt(): number { return this.i32[this.at + 42]!; }
  set tsRecentAt(v: number) { this.i32[this.at + 42] = v; }
  /** added to the clock for TSval [u32] */
  get tsOffset(): number { return this.i32[this.at + 43]!; }
  set tsOffset(v: number) { this.i32[this.at + 43] = v; }
  /** timer wheel list [row] */
  get wheelNext(): number { return this.i32[this.at + 47]!; }
  set wheelNext(v: number) { this.i32[this.at + 47] = v; }
  /** timer wheel list; slot as -(slot + 2) at the head [row] */
  get wheelPrev(): number { return this.i32[this.at + 48]!; }
  set wheelPrev(v: number) { this.i32[this.at + 48] = v; }
  /** tick this row is filed under; 0 = not filed [tick] */
  get wheelAt(): number { return this.i32[this.at + 49]!; }
  set wheelAt(v: number) { this.i32[this.at + 49] = v; }
  /** R2 in time; 0 = by number of retransmissions [ms] */
  get userTimeout(): number { return this.i32[this.at + 50]!; }
  set userTimeout(v: number) { this.i32[this.at + 50] = v; }
  /** keep-alive: idle time [ms] */
  get keepIdle(): number { return this.i32[this.at + 51]!; }
  set keepIdle(v: number) { this.i32[this.at + 51] = v; }
  /** keep-alive: between probes [ms] */
  get keepInterval(): number { return this.i32[this.at + 52]!; }
  set keepInterval(v: number) { this.i32[this.at + 52] = v; }
  /** probes allowed, probes sent [u16|u16<<16] */
  get keepCount(): number { return this.i32[this.at + 53]!; }
  set keepCount(v: number) { this.i32[this.at + 53] = v; }
  /** last segment received [tick] */
  get lastRcvAt(): number { return this.i32[this.at + 54]!; }
  set lastRcvAt(v: number) { this.i32[this.at + 54] = v; }
  /** TOS, TTL, TOS received last [u8|u8<<8|u8<<16] */
  get ip(): number { return this.i32[this.at + 55]!; }
  set ip(v: number) { this.i32[this.at + 55] = v; }
  /** list of rows that owe output [row] */
  get dirtyNext(): number { return this.i32[this.at + 56]!; }
  set dirtyNext(v: number) { this.i32[this.at + 56] = v; }
  /** last soft error [code] */
  get softError(): number { return this.i32[this.at + 57]!; }
  set softError(v: number) { this.i32[this.at + 57] = v; }
  /** when an out-of-window segment was last answered (RFC 5961 §7); LISTEN: when a cookie was last sent [tick] */
  get oowAt(): number { return this.i32[this.at + 58]!; }
  set oowAt(v: number) { this.i32[this.at + 58] = v; }
  /** congestion controller [index] */
  get cc(): number { return this.i32[this.at + 59]!; }
  set cc(v: number) { this.i32[this.at + 59] = v; }
  /** payload bytes delivered [f64] */
  get bytesIn(): number { return this.f64[(this.at + 60) >> 1]!; }
  set bytesIn(v: number) { this.f64[(this.at + 60) >> 1] = v; }
  /** payload bytes acknowledged [f64] */
  get bytesOut(): number { return this.f64[(this.at + 62) >> 1]!; }
  set bytesOut(v: number) { this.f64[(this.at + 62) >> 1] = v; }
  /** LISTEN: limit, connections not yet accepted [u16|u16<<16] */
  get backlog(): number { return this.i32[this.at + 21]!; }
  set backlog(v: number) { this.i32[this.at + 21] = v; }
  /** LISTEN: entries in the SYN queue [count] */
  get halfOpen(): number { return this.i32[this.at + 16]!; }
  set halfOpen(v: number) { this.i32[this.at + 16] = v; }
  /** LISTEN: next listener on this port [row] */
  get portNext(): number { return this.i32[this.at + 22]!; }
  set portNext(v: number) { this.i32[this.at + 22] = v; }

  /** first chunk of the send queue [chunk] */
  get sndHead(): number { return this.f32[this.i32[this.at + FLIGHT]! + 32]!; }
  set sndHead(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 32] = v; }
  /** last chunk of the send queue [chunk] */
  get sndTail(): number { return this.f32[this.i32[this.at + FLIGHT]! + 33]!; }
  set sndTail(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 33] = v; }
  /** bytes held from SND.UNA on, sent or not (no SYN, no FIN) [B] */
  get sndQueued(): number { return this.f32[this.i32[this.at + FLIGHT]! + 34]!; }
  set sndQueued(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 34] = v; }
  /** chunk of the next new byte to send; -1 = look from the head [chunk] */
  get sndChunk(): number { return this.f32[this.i32[this.at + FLIGHT]! + 35]!; }
  set sndChunk(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 35] = v; }
  /** offset in that chunk [B] */
  get sndOffset(): number { return this.f32[this.i32[this.at + FLIGHT]! + 36]!; }
  set sndOffset(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 36] = v; }
  /** oldest record of the retransmission queue [rec] */
  get rtxHead(): number { return this.f32[this.i32[this.at + FLIGHT]! + 37]!; }
  set rtxHead(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 37] = v; }
  /** newest record [rec] */
  get rtxTail(): number { return this.f32[this.i32[this.at + FLIGHT]! + 38]!; }
  set rtxTail(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 38] = v; }
  /** duplicate ACKs in a row; below 0: those that are still to come of a lost MTU probe [count] */
  get dupAcks(): number { return this.f32[this.i32[this.at + FLIGHT]! + 39]!; }
  set dupAcks(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 39] = v; }
  /** RFC 6582 recover [seq] */
  get recover(): number { return this.f32[this.i32[this.at + FLIGHT]! + 40]!; }
  set recover(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 40] = v; }
  /** bytes the peer selectively acknowledged above SND.UNA [B] */
  get sackedOut(): number { return this.f32[this.i32[this.at + FLIGHT]! + 41]!; }
  set sackedOut(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 41] = v; }
  /** bytes marked lost and not sent again yet [B] */
  get lostOut(): number { return this.f32[this.i32[this.at + FLIGHT]! + 42]!; }
  set lostOut(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 42] = v; }
  /** consecutive retransmission timeouts [count] */
  get rexmits(): number { return this.f32[this.i32[this.at + FLIGHT]! + 43]!; }
  set rexmits(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 43] = v; }
  /** RCV.NXT when the round trip at rttAt began (growth of the window) [seq] */
  get rttSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 44]!; }
  set rttSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 44] = v; }
  /** when our SYN was sent, later when a round trip of received text began; 0 = nothing timed [us] */
  get rttAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 45]!; }
  set rttAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 45] = v; }
  /** sequence number of a FIN held behind a hole [seq] */
  get rcvFin(): number { return this.f32[this.i32[this.at + FLIGHT]! + 46]!; }
  set rcvFin(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 46] = v; }
  /** first out-of-order record [rec] */
  get oooHead(): number { return this.f32[this.i32[this.at + FLIGHT]! + 47]!; }
  set oooHead(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 47] = v; }
  /** bytes held out of order [B] */
  get oooBytes(): number { return this.f32[this.i32[this.at + FLIGHT]! + 48]!; }
  set oooBytes(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 48] = v; }
  /** start of the block that changed last: it leads the SACK option [seq] */
  get oooLast(): number { return this.f32[this.i32[this.at + FLIGHT]! + 49]!; }
  set oooLast(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 49] = v; }
  /** records held out of order [count] */
  get oooCount(): number { return this.f32[this.i32[this.at + FLIGHT]! + 50]!; }
  set oooCount(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 50] = v; }
  /** in-order bytes not acknowledged yet [B] */
  get ackBytes(): number { return this.f32[this.i32[this.at + FLIGHT]! + 51]!; }
  set ackBytes(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 51] = v; }
  /** when the oldest unacknowledged data was first sent, or began to wait for the neighbour, or was a probe that is not answered; 0 = nothing outstanding [tick@] */
  get firstSentAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 52]!; }
  set firstSentAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 52] = v; }
  /** RACK.xmit_ts: when the latest-sent delivered segment left [us@] */
  get rackXmitTs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 61]!; }
  set rackXmitTs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 61] = v; }
  /** RACK.end_seq [seq] */
  get rackEndSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 62]!; }
  set rackEndSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 62] = v; }
  /** RACK.rtt; 0 = nothing delivered yet [us] */
  get rackRtt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 63]!; }
  set rackRtt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 63] = v; }
  /** RACK.fack: highest sequence number (S)ACKed [seq] */
  get rackFack(): number { return this.f32[this.i32[this.at + FLIGHT]! + 64]!; }
  set rackFack(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 64] = v; }
  /** RACK.min_RTT over a window; 0 = unknown [us] */
  get minRtt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 65]!; }
  set minRtt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 65] = v; }
  /** when min_RTT was measured [us@] */
  get minRttAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 66]!; }
  set minRttAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 66] = v; }
  /** RACK.reo_wnd_mult - 1, recoveries left before it falls back [u8|u8<<8] */
  get reoWnd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 67]!; }
  set reoWnd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 67] = v; }
  /** RACK.dsack_round [seq] */
  get dsackRound(): number { return this.f32[this.i32[this.at + FLIGHT]! + 68]!; }
  set dsackRound(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 68] = v; }
  /** TLP.end_seq [seq] */
  get tlpEndSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 69]!; }
  set tlpEndSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 69] = v; }
  /** one more than the record before which none is marked lost; 0 = look from the head [rec] */
  get rtxLost(): number { return this.f32[this.i32[this.at + FLIGHT]! + 70]!; }
  set rtxLost(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 70] = v; }
  /** fractions of SRTT and RTTVAR, 1/65536 us [u16|u16<<16] */
  get rttParts(): number { return this.f32[this.i32[this.at + FLIGHT]! + 71]!; }
  set rttParts(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 71] = v; }
  /** prr_delivered [B] */
  get prrDelivered(): number { return this.f32[this.i32[this.at + FLIGHT]! + 72]!; }
  set prrDelivered(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 72] = v; }
  /** prr_out [B] */
  get prrOut(): number { return this.f32[this.i32[this.at + FLIGHT]! + 73]!; }
  set prrOut(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 73] = v; }
  /** RecoverFS [B] */
  get recoverFs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 74]!; }
  set recoverFs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 74] = v; }
  /** SND.UNA when the reduction that may be undone happened [seq] */
  get undoSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 75]!; }
  set undoSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 75] = v; }
  /** retransmissions not yet reported as duplicates [count] */
  get undoRetrans(): number { return this.f32[this.i32[this.at + FLIGHT]! + 76]!; }
  set undoRetrans(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 76] = v; }
  /** TSval of the first retransmission (Eifel) [u32] */
  get undoTs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 77]!; }
  set undoTs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 77] = v; }
  /** cwnd before the reduction [B] */
  get priorCwnd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 78]!; }
  set priorCwnd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 78] = v; }
  /** ssthresh before the reduction [B] */
  get priorSsthresh(): number { return this.f32[this.i32[this.at + FLIGHT]! + 79]!; }
  set priorSsthresh(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 79] = v; }
  /** F-RTO: SND.NXT when the timer expired [seq] */
  get frtoSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 80]!; }
  set frtoSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 80] = v; }
  /** duplicate range to report in the next SACK option [seq] */
  get dsackStart(): number { return this.f32[this.i32[this.at + FLIGHT]! + 81]!; }
  set dsackStart(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 81] = v; }
  /** its right edge; equal = none [seq] */
  get dsackEnd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 82]!; }
  set dsackEnd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 82] = v; }
  /** (super-)segments sent again [count] */
  get retransmits(): number { return this.f32[this.i32[this.at + FLIGHT]! + 83]!; }
  set retransmits(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 83] = v; }
  /** recoveries from loss, of which were undone [u16|u16<<16] */
  get recoveries(): number { return this.f32[this.i32[this.at + FLIGHT]! + 84]!; }
  set recoveries(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 84] = v; }
  /** tail loss probes, duplicates the peer reported [u16|u16<<16] */
  get probes(): number { return this.f32[this.i32[this.at + FLIGHT]! + 85]!; }
  set probes(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 85] = v; }
  /** left edge of the block that led the last SACK option; 0 = none [seq] */
  get sackLed1(): number { return this.f32[this.i32[this.at + FLIGHT]! + 86]!; }
  set sackLed1(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 86] = v; }
  /** of the one before that [seq] */
  get sackLed2(): number { return this.f32[this.i32[this.at + FLIGHT]! + 87]!; }
  set sackLed2(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 87] = v; }
  /** and before that [seq] */
  get sackLed3(): number { return this.f32[this.i32[this.at + FLIGHT]! + 88]!; }
  set sackLed3(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 88] = v; }
  /** C.delivered, modulo 2^32 [B] */
  get delivered(): number { return this.f32[this.i32[this.at + FLIGHT]! + 89]!; }
  set delivered(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 89] = v; }
  /** C.delivered_time [us@] */
  get deliveredAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 90]!; }
  set deliveredAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 90] = v; }
  /** C.first_send_time [us@] */
  get firstSentUs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 91]!; }
  set firstSentUs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 91] = v; }
  /** C.app_limited: value of delivered when the bubble is past; 0 = not limited [B] */
  get appLimited(): number { return this.f32[this.i32[this.at + FLIGHT]! + 92]!; }
  set appLimited(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 92] = v; }
  /** C.lost, modulo 2^32 [B] */
  get lost(): number { return this.f32[this.i32[this.at + FLIGHT]! + 93]!; }
  set lost(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 93] = v; }
  /** of these, what the controller was told of [B] */
  get lostSeen(): number { return this.f32[this.i32[this.at + FLIGHT]! + 94]!; }
  set lostSeen(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 94] = v; }
  /** delivered with CE marks, modulo 2^32 [B] */
  get deliveredCe(): number { return this.f32[this.i32[this.at + FLIGHT]! + 95]!; }
  set deliveredCe(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 95] = v; }
  /** of these, what the controller was told of [B] */
  get ceSeen(): number { return this.f32[this.i32[this.at + FLIGHT]! + 96]!; }
  set ceSeen(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 96] = v; }
  /** value of delivered when the round trip being counted began [B] */
  get roundEnd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 97]!; }
  set roundEnd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 97] = v; }
  /** when text last left [us@] */
  get lastSentUs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 98]!; }
  set lastSentUs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 98] = v; }
  /** 0 = not paced [16 B/s] */
  get pacingRate(): number { return this.f32[this.i32[this.at + FLIGHT]! + 99]!; }
  set pacingRate(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 99] = v; }
  /** when the next segment may leave [us@] */
  get paceAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 100]!; }
  set paceAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 100] = v; }
  /** bytes that may leave at once [B] */
  get paceBudget(): number { return this.f32[this.i32[this.at + FLIGHT]! + 101]!; }
  set paceBudget(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 101] = v; }
  /** SND.NXT at the last reduction for ECE, until SND.UNA has passed it: once per round trip; 0 = none [seq] */
  get ecnSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 102]!; }
  set ecnSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 102] = v; }
  /** r.cep: segments received with CE [count] */
  get ceRcvd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 103]!; }
  set ceRcvd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 103] = v; }
  /** s.cep: CE marks the peer reported [count] */
  get cePeer(): number { return this.f32[this.i32[this.at + FLIGHT]! + 104]!; }
  set cePeer(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 104] = v; }
  /** r.e0b [B] */
  get ect0Rcvd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 105]!; }
  set ect0Rcvd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 105] = v; }
  /** r.ceb [B] */
  get ceBytesRcvd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 106]!; }
  set ceBytesRcvd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 106] = v; }
  /** r.e1b [B] */
  get ect1Rcvd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 107]!; }
  set ect1Rcvd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 107] = v; }
  /** s.e0b [B] */
  get ect0Peer(): number { return this.f32[this.i32[this.at + FLIGHT]! + 108]!; }
  set ect0Peer(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 108] = v; }
  /** s.ceb [B] */
  get ceBytesPeer(): number { return this.f32[this.i32[this.at + FLIGHT]! + 109]!; }
  set ceBytesPeer(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 109] = v; }
  /** s.e1b [B] */
  get ect1Peer(): number { return this.f32[this.i32[this.at + FLIGHT]! + 110]!; }
  set ect1Peer(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 110] = v; }
  /** what the handshake of AccECN saw, what is to be reported [bits] */
  get ecnState(): number { return this.f32[this.i32[this.at + FLIGHT]! + 111]!; }
  set ecnState(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 111] = v; }
  /** size of the probe in flight; 0 = none [B] */
  get mtuProbe(): number { return this.f32[this.i32[this.at + FLIGHT]! + 112]!; }
  set mtuProbe(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 112] = v; }
  /** first octet of the probe [seq] */
  get mtuProbeSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 113]!; }
  set mtuProbeSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 113] = v; }
  /** smallest size known not to pass; 0 = unknown [B] */
  get mtuHigh(): number { return this.f32[this.i32[this.at + FLIGHT]! + 114]!; }
  set mtuHigh(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 114] = v; }
  /** probes of this size that were lost; full-size timeouts in a row [count] */
  get mtuFails(): number { return this.f32[this.i32[this.at + FLIGHT]! + 115]!; }
  set mtuFails(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 115] = v; }
  /** when the search was paused; 0 = it goes on [tick@] */
  get mtuAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 116]!; }
  set mtuAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 116] = v; }
  /** MTU that an ICMP error claims and that progress may disprove; 0 = none [B] */
  get mtuClaim(): number { return this.f32[this.i32[this.at + FLIGHT]! + 117]!; }
  set mtuClaim(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 117] = v; }
  /** first octet of the segment it is about [seq] */
  get mtuClaimSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 118]!; }
  set mtuClaimSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 118] = v; }
  /** most text that came in one round trip [B] */
  get rcvSpace(): number { return this.f32[this.i32[this.at + FLIGHT]! + 119]!; }
  set rcvSpace(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 119] = v; }
  /** ms: round trip by the echo of the last text in order, 10 at most; the least since echoAt [u16|u16<<16] */
  get echo(): number { return this.f32[this.i32[this.at + FLIGHT]! + 120]!; }
  set echo(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 120] = v; }
  /** the least of the time before that [ms] */
  get echoBefore(): number { return this.f32[this.i32[this.at + FLIGHT]! + 121]!; }
  set echoBefore(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 121] = v; }
  /** since when; 0 = no echo came [tick@] */
  get echoAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 122]!; }
  set echoAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 122] = v; }
  /** segments still to be acknowledged often: after a loss, negative after a silence [count] */
  get ackOften(): number { return this.f32[this.i32[this.at + FLIGHT]! + 123]!; }
  set ackOften(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 123] = v; }
  /** no faster than this; 0 = as the controller says [16 B/s] */
  get maxPacing(): number { return this.f32[this.i32[this.at + FLIGHT]! + 124]!; }
  set maxPacing(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 124] = v; }
  /** text that may wait unsent; 0 = as the stack says, -1 = no limit [B] */
  get lowWater(): number { return this.f32[this.i32[this.at + FLIGHT]! + 125]!; }
  set lowWater(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 125] = v; }
  /** entry of the limits table; 0 = nobody asked [index] */
  get timing(): number { return this.f32[this.i32[this.at + FLIGHT]! + 126]!; }
  set timing(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 126] = v; }
  /** USER_TIMEOUT the peer advertised; 0 = none [ms] */
  get uto(): number { return this.f32[this.i32[this.at + FLIGHT]! + 127]!; }
  set uto(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 127] = v; }

  /** Deadline by TIMER_*; those that an idle connection may have are in the row. */
  timer(kind: number): number {
    if (kind >= FIRST_IDLE_TIMER && kind < FIRST_IDLE_TIMER + 3) return this.i32[this.at + TIMERS - FIRST_IDLE_TIMER + kind]!;
    return this.f32[this.i32[this.at + FLIGHT]! + DEADLINES + kind]!;
  }
  setTimer(kind: number, tick: number): void {
    if (kind >= FIRST_IDLE_TIMER && kind < FIRST_IDLE_TIMER + 3) this.i32[this.at + TIMERS - FIRST_IDLE_TIMER + kind] = tick;
    else this.f32[this.i32[this.at + FLIGHT]! + DEADLINES + kind] = tick;
  }
  ccWord(n: number): number { return this.f32[this.i32[this.at + FLIGHT]! + CC_STATE + n]!; }
  setCcWord(n: number, v: number): void { this.f32[this.i32[this.at + FLIGHT]! + CC_STATE + n] = v; }
}

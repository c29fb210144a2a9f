// Generated from row.ts by scripts/generate-tcb.mjs: do not edit.
import { ROW_WORDS } from '../../wire/abi.ts';

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
export const SND_HEAD = 28;
export const SND_TAIL = 29;
export const SND_QUEUED = 30;
export const SND_CHUNK = 31;
export const SND_OFFSET = 32;
export const SND_BUF = 33;
export const RTX_HEAD = 34;
export const RTX_TAIL = 35;
export const CWND = 36;
export const SSTHRESH = 37;
export const DUP_ACKS = 38;
export const RECOVER = 39;
export const SACKED_OUT = 40;
export const LOST_OUT = 41;
export const REXMITS = 42;
export const SRTT = 43;
export const RTTVAR = 44;
export const RTO = 45;
export const RTT_SEQ = 46;
export const RTT_AT = 47;
export const IRS = 48;
export const RCV_NXT = 49;
export const RCV_ADV = 50;
export const RCV_BUF = 51;
export const RCV_USER = 52;
export const RCV_UP = 53;
export const RCV_FIN = 54;
export const OOO_HEAD = 55;
export const OOO_BYTES = 56;
export const OOO_LAST = 57;
export const LAST_ACK_SENT = 58;
export const TS_RECENT = 59;
export const TS_RECENT_AT = 60;
export const TS_OFFSET = 61;
export const ACK_BYTES = 62;
export const TIMERS = 63;
export const WHEEL_NEXT = 71;
export const WHEEL_PREV = 72;
export const WHEEL_AT = 73;
export const USER_TIMEOUT = 74;
export const KEEP_IDLE = 75;
export const KEEP_INTERVAL = 76;
export const KEEP_COUNT = 77;
export const LAST_RCV_AT = 78;
export const FIRST_SENT_AT = 79;
export const IP = 80;
export const DIRTY_NEXT = 81;
export const SOFT_ERROR = 82;
export const OOW_AT = 83;
export const CC = 84;
export const BACKLOG = 85;
export const HALF_OPEN = 86;
export const PORT_NEXT = 87;
export const OOO_COUNT = 88;
export const BYTES_IN = 90;
export const BYTES_OUT = 92;
/** Words used of ROW_WORDS. */
export const ROW_USED = 94;

// The flight block: word numbers within it.
export const CC_STATE = 0;
export const RACK_XMIT_TS = 32;
export const RACK_END_SEQ = 33;
export const RACK_RTT = 34;
export const RACK_FACK = 35;
export const MIN_RTT = 36;
export const MIN_RTT_AT = 37;
export const REO_WND = 38;
export const DSACK_ROUND = 39;
export const TLP_END_SEQ = 40;
export const RTX_LOST = 41;
export const RTT_PARTS = 42;
export const PRR_DELIVERED = 43;
export const PRR_OUT = 44;
export const RECOVER_FS = 45;
export const UNDO_SEQ = 46;
export const UNDO_RETRANS = 47;
export const UNDO_TS = 48;
export const PRIOR_CWND = 49;
export const PRIOR_SSTHRESH = 50;
export const FRTO_SEQ = 51;
export const DSACK_START = 52;
export const DSACK_END = 53;
export const RETRANSMITS = 54;
export const RECOVERIES = 55;
export const PROBES = 56;
export const SACK_LED1 = 57;
export const SACK_LED2 = 58;
export const SACK_LED3 = 59;
export const DELIVERED = 60;
export const DELIVERED_AT = 61;
export const FIRST_SENT_US = 62;
export const APP_LIMITED = 63;
export const LOST = 64;
export const LOST_SEEN = 65;
export const DELIVERED_CE = 66;
export const CE_SEEN = 67;
export const ROUND_END = 68;
export const LAST_SENT_US = 69;
export const PACING_RATE = 70;
export const PACE_AT = 71;
export const PACE_BUDGET = 72;
export const ECN_SEQ = 73;
export const CE_RCVD = 74;
export const CE_PEER = 75;
export const ECT0_RCVD = 76;
export const CE_BYTES_RCVD = 77;
export const ECT1_RCVD = 78;
export const ECT0_PEER = 79;
export const CE_BYTES_PEER = 80;
export const ECT1_PEER = 81;
export const ECN_STATE = 82;
export const MTU_PROBE = 83;
export const MTU_PROBE_SEQ = 84;
export const MTU_HIGH = 85;
export const MTU_FAILS = 86;
export const MTU_AT = 87;
export const MTU_CLAIM = 88;
export const MTU_CLAIM_SEQ = 89;
export const RCV_SPACE = 90;
export const QUICK_ACKS = 91;
export const UTO = 92;
/** Words of a block; a multiple of a cache line. */
export const FLIGHT_WORDS = 96;
/** Words that hold moments of this stack's clock. */
export const FLIGHT_MOMENTS = [RACK_XMIT_TS, MIN_RTT_AT, DELIVERED_AT, FIRST_SENT_US, LAST_SENT_US, PACE_AT];
/** The same in ticks. */
export const FLIGHT_TICKS = [MTU_AT];

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
  /** first chunk of the send queue [chunk] */
  get sndHead(): number { return this.i32[this.at + 28]!; }
  set sndHead(v: number) { this.i32[this.at + 28] = v; }
  /** last chunk of the send queue [chunk] */
  get sndTail(): number { return this.i32[this.at + 29]!; }
  set sndTail(v: number) { this.i32[this.at + 29] = v; }
  /** bytes held from SND.UNA on, sent or not (no SYN, no FIN) [B] */
  get sndQueued(): number { return this.i32[this.at + 30]!; }
  set sndQueued(v: number) { this.i32[this.at + 30] = v; }
  /** chunk of the next new byte to send; -1 = look from the head [chunk] */
  get sndChunk(): number { return this.i32[this.at + 31]!; }
  set sndChunk(v: number) { this.i32[this.at + 31] = v; }
  /** offset in that chunk [B] */
  get sndOffset(): number { return this.i32[this.at + 32]!; }
  set sndOffset(v: number) { this.i32[this.at + 32] = v; }
  /** send buffer limit [B] */
  get sndBuf(): number { return this.i32[this.at + 33]!; }
  set sndBuf(v: number) { this.i32[this.at + 33] = v; }
  /** oldest record of the retransmission queue [rec] */
  get rtxHead(): number { return this.i32[this.at + 34]!; }
  set rtxHead(v: number) { this.i32[this.at + 34] = v; }
  /** newest record [rec] */
  get rtxTail(): number { return this.i32[this.at + 35]!; }
  set rtxTail(v: number) { this.i32[this.at + 35] = v; }
  /** congestion window [B] */
  get cwnd(): number { return this.i32[this.at + 36]!; }
  set cwnd(v: number) { this.i32[this.at + 36] = v; }
  /** slow start threshold [B] */
  get ssthresh(): number { return this.i32[this.at + 37]!; }
  set ssthresh(v: number) { this.i32[this.at + 37] = v; }
  /** duplicate ACKs in a row [count] */
  get dupAcks(): number { return this.i32[this.at + 38]!; }
  set dupAcks(v: number) { this.i32[this.at + 38] = v; }
  /** RFC 6582 recover [seq] */
  get recover(): number { return this.i32[this.at + 39]!; }
  set recover(v: number) { this.i32[this.at + 39] = v; }
  /** bytes the peer selectively acknowledged above SND.UNA [B] */
  get sackedOut(): number { return this.i32[this.at + 40]!; }
  set sackedOut(v: number) { this.i32[this.at + 40] = v; }
  /** bytes marked lost and not sent again yet [B] */
  get lostOut(): number { return this.i32[this.at + 41]!; }
  set lostOut(v: number) { this.i32[this.at + 41] = v; }
  /** consecutive retransmission timeouts [count] */
  get rexmits(): number { return this.i32[this.at + 42]!; }
  set rexmits(v: number) { this.i32[this.at + 42] = v; }
  /** SRTT; 0 = no sample yet [us] */
  get srtt(): number { return this.i32[this.at + 43]!; }
  set srtt(v: number) { this.i32[this.at + 43] = v; }
  /** RTTVAR [us] */
  get rttvar(): number { return this.i32[this.at + 44]!; }
  set rttvar(v: number) { this.i32[this.at + 44] = v; }
  /** RTO, backed off [ms] */
  get rto(): number { return this.i32[this.at + 45]!; }
  set rto(v: number) { this.i32[this.at + 45] = v; }
  /** RCV.NXT when the round trip at rttAt began (growth of the window) [seq] */
  get rttSeq(): number { return this.i32[this.at + 46]!; }
  set rttSeq(v: number) { this.i32[this.at + 46] = v; }
  /** when our SYN was sent, later when a round trip of received text began; 0 = nothing timed [us] */
  get rttAt(): number { return this.i32[this.at + 47]!; }
  set rttAt(v: number) { this.i32[this.at + 47] = v; }
  /** IRS [seq] */
  get irs(): number { return this.i32[this.at + 48]!; }
  set irs(v: number) { this.i32[this.at + 48] = v; }
  /** RCV.NXT [seq] */
  get rcvNxt(): number { return this.i32[this.at + 49]!; }
  set rcvNxt(v: number) { this.i32[this.at + 49] = v; }
  /** RCV.NXT+RCV.WND: right edge advertised, never moves left [seq] */
  get rcvAdv(): number { return this.i32[this.at + 50]!; }
  set rcvAdv(v: number) { this.i32[this.at + 50] = v; }
  /** RCV.BUFF [B] */
  get rcvBuf(): number { return this.i32[this.at + 51]!; }
  set rcvBuf(v: number) { this.i32[this.at + 51] = v; }
  /** RCV.USER: bytes delivered and not yet consumed [B] */
  get rcvUser(): number { return this.i32[this.at + 52]!; }
  set rcvUser(v: number) { this.i32[this.at + 52] = v; }
  /** RCV.UP [seq] */
  get rcvUp(): number { return this.i32[this.at + 53]!; }
  set rcvUp(v: number) { this.i32[this.at + 53] = v; }
  /** sequence number of a FIN held behind a hole [seq] */
  get rcvFin(): number { return this.i32[this.at + 54]!; }
  set rcvFin(v: number) { this.i32[this.at + 54] = v; }
  /** first out-of-order record [rec] */
  get oooHead(): number { return this.i32[this.at + 55]!; }
  set oooHead(v: number) { this.i32[this.at + 55] = v; }
  /** bytes held out of order [B] */
  get oooBytes(): number { return this.i32[this.at + 56]!; }
  set oooBytes(v: number) { this.i32[this.at + 56] = v; }
  /** start of the block that changed last: it leads the SACK option [seq] */
  get oooLast(): number { return this.i32[this.at + 57]!; }
  set oooLast(v: number) { this.i32[this.at + 57] = v; }
  /** Last.ACK.sent [seq] */
  get lastAckSent(): number { return this.i32[this.at + 58]!; }
  set lastAckSent(v: number) { this.i32[this.at + 58] = v; }
  /** TS.Recent [u32] */
  get tsRecent(): number { return this.i32[this.at + 59]!; }
  set tsRecent(v: number) { this.i32[this.at + 59] = v; }
  /** when TS.Recent was taken [tick] */
  get tsRecentAt(): number { return this.i32[this.at + 60]!; }
  set tsRecentAt(v: number) { this.i32[this.at + 60] = v; }
  /** added to the clock for TSval [u32] */
  get tsOffset(): number { return this.i32[this.at + 61]!; }
  set tsOffset(v: number) { this.i32[this.at + 61] = v; }
  /** in-order bytes not acknowledged yet [B] */
  get ackBytes(): number { return this.i32[this.at + 62]!; }
  set ackBytes(v: number) { this.i32[this.at + 62] = v; }
  /** timer wheel list [row] */
  get wheelNext(): number { return this.i32[this.at + 71]!; }
  set wheelNext(v: number) { this.i32[this.at + 71] = v; }
  /** timer wheel list; slot as -(slot + 2) at the head [row] */
  get wheelPrev(): number { return this.i32[this.at + 72]!; }
  set wheelPrev(v: number) { this.i32[this.at + 72] = v; }
  /** tick this row is filed under; 0 = not filed [tick] */
  get wheelAt(): number { return this.i32[this.at + 73]!; }
  set wheelAt(v: number) { this.i32[this.at + 73] = v; }
  /** R2 in time; 0 = by number of retransmissions [ms] */
  get userTimeout(): number { return this.i32[this.at + 74]!; }
  set userTimeout(v: number) { this.i32[this.at + 74] = v; }
  /** keep-alive: idle time [ms] */
  get keepIdle(): number { return this.i32[this.at + 75]!; }
  set keepIdle(v: number) { this.i32[this.at + 75] = v; }
  /** keep-alive: between probes [ms] */
  get keepInterval(): number { return this.i32[this.at + 76]!; }
  set keepInterval(v: number) { this.i32[this.at + 76] = v; }
  /** probes allowed, probes sent [u16|u16<<16] */
  get keepCount(): number { return this.i32[this.at + 77]!; }
  set keepCount(v: number) { this.i32[this.at + 77] = v; }
  /** last segment received [tick] */
  get lastRcvAt(): number { return this.i32[this.at + 78]!; }
  set lastRcvAt(v: number) { this.i32[this.at + 78] = v; }
  /** when the oldest unacknowledged data was first sent; 0 = nothing outstanding [tick] */
  get firstSentAt(): number { return this.i32[this.at + 79]!; }
  set firstSentAt(v: number) { this.i32[this.at + 79] = v; }
  /** TOS, TTL, TOS received last [u8|u8<<8|u8<<16] */
  get ip(): number { return this.i32[this.at + 80]!; }
  set ip(v: number) { this.i32[this.at + 80] = v; }
  /** list of rows that owe output [row] */
  get dirtyNext(): number { return this.i32[this.at + 81]!; }
  set dirtyNext(v: number) { this.i32[this.at + 81] = v; }
  /** last soft error [code] */
  get softError(): number { return this.i32[this.at + 82]!; }
  set softError(v: number) { this.i32[this.at + 82] = v; }
  /** when an out-of-window segment was last answered (RFC 5961 §7); LISTEN: when a cookie was last sent [tick] */
  get oowAt(): number { return this.i32[this.at + 83]!; }
  set oowAt(v: number) { this.i32[this.at + 83] = v; }
  /** congestion controller [index] */
  get cc(): number { return this.i32[this.at + 84]!; }
  set cc(v: number) { this.i32[this.at + 84] = v; }
  /** LISTEN: limit, connections not yet accepted [u16|u16<<16] */
  get backlog(): number { return this.i32[this.at + 85]!; }
  set backlog(v: number) { this.i32[this.at + 85] = v; }
  /** LISTEN: entries in the SYN queue [count] */
  get halfOpen(): number { return this.i32[this.at + 86]!; }
  set halfOpen(v: number) { this.i32[this.at + 86] = v; }
  /** LISTEN: next listener on this port [row] */
  get portNext(): number { return this.i32[this.at + 87]!; }
  set portNext(v: number) { this.i32[this.at + 87] = v; }
  /** records held out of order [count] */
  get oooCount(): number { return this.i32[this.at + 88]!; }
  set oooCount(v: number) { this.i32[this.at + 88] = v; }
  /** payload bytes delivered [f64] */
  get bytesIn(): number { return this.f64[(this.at + 90) >> 1]!; }
  set bytesIn(v: number) { this.f64[(this.at + 90) >> 1] = v; }
  /** payload bytes acknowledged [f64] */
  get bytesOut(): number { return this.f64[(this.at + 92) >> 1]!; }
  set bytesOut(v: number) { this.f64[(this.at + 92) >> 1] = v; }

  /** RACK.xmit_ts: when the latest-sent delivered segment left [us@] */
  get rackXmitTs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 32]!; }
  set rackXmitTs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 32] = v; }
  /** RACK.end_seq [seq] */
  get rackEndSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 33]!; }
  set rackEndSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 33] = v; }
  /** RACK.rtt; 0 = nothing delivered yet [us] */
  get rackRtt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 34]!; }
  set rackRtt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 34] = v; }
  /** RACK.fack: highest sequence number (S)ACKed [seq] */
  get rackFack(): number { return this.f32[this.i32[this.at + FLIGHT]! + 35]!; }
  set rackFack(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 35] = v; }
  /** RACK.min_RTT over a window; 0 = unknown [us] */
  get minRtt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 36]!; }
  set minRtt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 36] = v; }
  /** when min_RTT was measured [us@] */
  get minRttAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 37]!; }
  set minRttAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 37] = v; }
  /** RACK.reo_wnd_mult - 1, recoveries left before it falls back [u8|u8<<8] */
  get reoWnd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 38]!; }
  set reoWnd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 38] = v; }
  /** RACK.dsack_round [seq] */
  get dsackRound(): number { return this.f32[this.i32[this.at + FLIGHT]! + 39]!; }
  set dsackRound(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 39] = v; }
  /** TLP.end_seq [seq] */
  get tlpEndSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 40]!; }
  set tlpEndSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 40] = v; }
  /** one more than the record before which none is marked lost; 0 = look from the head [rec] */
  get rtxLost(): number { return this.f32[this.i32[this.at + FLIGHT]! + 41]!; }
  set rtxLost(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 41] = v; }
  /** fractions of SRTT and RTTVAR, 1/65536 us [u16|u16<<16] */
  get rttParts(): number { return this.f32[this.i32[this.at + FLIGHT]! + 42]!; }
  set rttParts(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 42] = v; }
  /** prr_delivered [B] */
  get prrDelivered(): number { return this.f32[this.i32[this.at + FLIGHT]! + 43]!; }
  set prrDelivered(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 43] = v; }
  /** prr_out [B] */
  get prrOut(): number { return this.f32[this.i32[this.at + FLIGHT]! + 44]!; }
  set prrOut(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 44] = v; }
  /** RecoverFS [B] */
  get recoverFs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 45]!; }
  set recoverFs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 45] = v; }
  /** SND.UNA when the reduction that may be undone happened [seq] */
  get undoSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 46]!; }
  set undoSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 46] = v; }
  /** retransmissions not yet reported as duplicates [count] */
  get undoRetrans(): number { return this.f32[this.i32[this.at + FLIGHT]! + 47]!; }
  set undoRetrans(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 47] = v; }
  /** TSval of the first retransmission (Eifel) [u32] */
  get undoTs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 48]!; }
  set undoTs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 48] = v; }
  /** cwnd before the reduction [B] */
  get priorCwnd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 49]!; }
  set priorCwnd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 49] = v; }
  /** ssthresh before the reduction [B] */
  get priorSsthresh(): number { return this.f32[this.i32[this.at + FLIGHT]! + 50]!; }
  set priorSsthresh(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 50] = v; }
  /** F-RTO: SND.NXT when the timer expired [seq] */
  get frtoSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 51]!; }
  set frtoSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 51] = v; }
  /** duplicate range to report in the next SACK option [seq] */
  get dsackStart(): number { return this.f32[this.i32[this.at + FLIGHT]! + 52]!; }
  set dsackStart(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 52] = v; }
  /** its right edge; equal = none [seq] */
  get dsackEnd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 53]!; }
  set dsackEnd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 53] = v; }
  /** (super-)segments sent again [count] */
  get retransmits(): number { return this.f32[this.i32[this.at + FLIGHT]! + 54]!; }
  set retransmits(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 54] = v; }
  /** recoveries from loss, of which were undone [u16|u16<<16] */
  get recoveries(): number { return this.f32[this.i32[this.at + FLIGHT]! + 55]!; }
  set recoveries(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 55] = v; }
  /** tail loss probes, duplicates the peer reported [u16|u16<<16] */
  get probes(): number { return this.f32[this.i32[this.at + FLIGHT]! + 56]!; }
  set probes(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 56] = v; }
  /** left edge of the block that led the last SACK option; 0 = none [seq] */
  get sackLed1(): number { return this.f32[this.i32[this.at + FLIGHT]! + 57]!; }
  set sackLed1(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 57] = v; }
  /** of the one before that [seq] */
  get sackLed2(): number { return this.f32[this.i32[this.at + FLIGHT]! + 58]!; }
  set sackLed2(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 58] = v; }
  /** and before that [seq] */
  get sackLed3(): number { return this.f32[this.i32[this.at + FLIGHT]! + 59]!; }
  set sackLed3(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 59] = v; }
  /** C.delivered, modulo 2^32 [B] */
  get delivered(): number { return this.f32[this.i32[this.at + FLIGHT]! + 60]!; }
  set delivered(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 60] = v; }
  /** C.delivered_time [us@] */
  get deliveredAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 61]!; }
  set deliveredAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 61] = v; }
  /** C.first_send_time [us@] */
  get firstSentUs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 62]!; }
  set firstSentUs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 62] = v; }
  /** C.app_limited: value of delivered when the bubble is past; 0 = not limited [B] */
  get appLimited(): number { return this.f32[this.i32[this.at + FLIGHT]! + 63]!; }
  set appLimited(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 63] = v; }
  /** C.lost, modulo 2^32 [B] */
  get lost(): number { return this.f32[this.i32[this.at + FLIGHT]! + 64]!; }
  set lost(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 64] = v; }
  /** of these, what the controller was told of [B] */
  get lostSeen(): number { return this.f32[this.i32[this.at + FLIGHT]! + 65]!; }
  set lostSeen(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 65] = v; }
  /** delivered with CE marks, modulo 2^32 [B] */
  get deliveredCe(): number { return this.f32[this.i32[this.at + FLIGHT]! + 66]!; }
  set deliveredCe(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 66] = v; }
  /** of these, what the controller was told of [B] */
  get ceSeen(): number { return this.f32[this.i32[this.at + FLIGHT]! + 67]!; }
  set ceSeen(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 67] = v; }
  /** value of delivered when the round trip being counted began [B] */
  get roundEnd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 68]!; }
  set roundEnd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 68] = v; }
  /** when text last left [us@] */
  get lastSentUs(): number { return this.f32[this.i32[this.at + FLIGHT]! + 69]!; }
  set lastSentUs(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 69] = v; }
  /** 0 = not paced [16 B/s] */
  get pacingRate(): number { return this.f32[this.i32[this.at + FLIGHT]! + 70]!; }
  set pacingRate(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 70] = v; }
  /** when the next segment may leave [us@] */
  get paceAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 71]!; }
  set paceAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 71] = v; }
  /** bytes that may leave at once [B] */
  get paceBudget(): number { return this.f32[this.i32[this.at + FLIGHT]! + 72]!; }
  set paceBudget(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 72] = v; }
  /** SND.NXT at the last reduction for ECE: once per round trip [seq] */
  get ecnSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 73]!; }
  set ecnSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 73] = v; }
  /** r.cep: segments received with CE [count] */
  get ceRcvd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 74]!; }
  set ceRcvd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 74] = v; }
  /** s.cep: CE marks the peer reported [count] */
  get cePeer(): number { return this.f32[this.i32[this.at + FLIGHT]! + 75]!; }
  set cePeer(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 75] = v; }
  /** r.e0b [B] */
  get ect0Rcvd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 76]!; }
  set ect0Rcvd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 76] = v; }
  /** r.ceb [B] */
  get ceBytesRcvd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 77]!; }
  set ceBytesRcvd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 77] = v; }
  /** r.e1b [B] */
  get ect1Rcvd(): number { return this.f32[this.i32[this.at + FLIGHT]! + 78]!; }
  set ect1Rcvd(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 78] = v; }
  /** s.e0b [B] */
  get ect0Peer(): number { return this.f32[this.i32[this.at + FLIGHT]! + 79]!; }
  set ect0Peer(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 79] = v; }
  /** s.ceb [B] */
  get ceBytesPeer(): number { return this.f32[this.i32[this.at + FLIGHT]! + 80]!; }
  set ceBytesPeer(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 80] = v; }
  /** s.e1b [B] */
  get ect1Peer(): number { return this.f32[this.i32[this.at + FLIGHT]! + 81]!; }
  set ect1Peer(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 81] = v; }
  /** what the handshake of AccECN saw, what is to be reported [bits] */
  get ecnState(): number { return this.f32[this.i32[this.at + FLIGHT]! + 82]!; }
  set ecnState(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 82] = v; }
  /** size of the probe in flight; 0 = none [B] */
  get mtuProbe(): number { return this.f32[this.i32[this.at + FLIGHT]! + 83]!; }
  set mtuProbe(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 83] = v; }
  /** first octet of the probe [seq] */
  get mtuProbeSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 84]!; }
  set mtuProbeSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 84] = v; }
  /** smallest size known not to pass; 0 = unknown [B] */
  get mtuHigh(): number { return this.f32[this.i32[this.at + FLIGHT]! + 85]!; }
  set mtuHigh(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 85] = v; }
  /** probes of this size that were lost; full-size timeouts in a row [count] */
  get mtuFails(): number { return this.f32[this.i32[this.at + FLIGHT]! + 86]!; }
  set mtuFails(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 86] = v; }
  /** when the search may go on; 0 = now [tick@] */
  get mtuAt(): number { return this.f32[this.i32[this.at + FLIGHT]! + 87]!; }
  set mtuAt(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 87] = v; }
  /** MTU that an ICMP error claims and that progress may disprove; 0 = none [B] */
  get mtuClaim(): number { return this.f32[this.i32[this.at + FLIGHT]! + 88]!; }
  set mtuClaim(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 88] = v; }
  /** first octet of the segment it is about [seq] */
  get mtuClaimSeq(): number { return this.f32[this.i32[this.at + FLIGHT]! + 89]!; }
  set mtuClaimSeq(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 89] = v; }
  /** most text that came in one round trip [B] */
  get rcvSpace(): number { return this.f32[this.i32[this.at + FLIGHT]! + 90]!; }
  set rcvSpace(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 90] = v; }
  /** segments still to be acknowledged at once [count] */
  get quickAcks(): number { return this.f32[this.i32[this.at + FLIGHT]! + 91]!; }
  set quickAcks(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 91] = v; }
  /** USER_TIMEOUT the peer advertised; 0 = none [ms] */
  get uto(): number { return this.f32[this.i32[this.at + FLIGHT]! + 92]!; }
  set uto(v: number) { this.f32[this.i32[this.at + FLIGHT]! + 92] = v; }

  timer(kind: number): number { return this.i32[this.at + TIMERS + kind]!; }
  setTimer(kind: number, tick: number): void { this.i32[this.at + TIMERS + kind] = tick; }
  ccWord(n: number): number { return this.f32[this.i32[this.at + FLIGHT]! + CC_STATE + n]!; }
  setCcWord(n: number, v: number): void { this.f32[this.i32[this.at + FLIGHT]! + CC_STATE + n] = v; }
}

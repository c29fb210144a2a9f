// Generated from row.ts by scripts/generate-tcb.mjs: do not edit.
import { ROW_WORDS } from '../../wire/abi.ts';

export const PORTS = 0;
export const LADDR = 1;
export const RADDR = 5;
export const HOP = 9;
export const STATE = 10;
export const FLAGS = 11;
export const GEN = 12;
export const LISTENER = 13;
export const ISS = 14;
export const SND_UNA = 15;
export const SND_NXT = 16;
export const SND_MAX = 17;
export const SND_WND = 18;
export const SND_WL1 = 19;
export const SND_WL2 = 20;
export const SND_UP = 21;
export const MAX_SND_WND = 22;
export const SND_MSS = 23;
export const SCALES = 24;
export const PEER_MSS = 25;
export const SND_HEAD = 26;
export const SND_TAIL = 27;
export const SND_QUEUED = 28;
export const SND_CHUNK = 29;
export const SND_OFFSET = 30;
export const SND_BUF = 31;
export const RTX_HEAD = 32;
export const RTX_TAIL = 33;
export const CWND = 34;
export const SSTHRESH = 35;
export const DUP_ACKS = 36;
export const RECOVER = 37;
export const SACKED_OUT = 38;
export const LOST_OUT = 39;
export const REXMITS = 40;
export const SRTT = 41;
export const RTTVAR = 42;
export const RTO = 43;
export const RTT_SEQ = 44;
export const RTT_AT = 45;
export const IRS = 46;
export const RCV_NXT = 47;
export const RCV_ADV = 48;
export const RCV_BUF = 49;
export const RCV_USER = 50;
export const RCV_UP = 51;
export const RCV_FIN = 52;
export const OOO_HEAD = 53;
export const OOO_BYTES = 54;
export const OOO_LAST = 55;
export const LAST_ACK_SENT = 56;
export const TS_RECENT = 57;
export const TS_RECENT_AT = 58;
export const TS_OFFSET = 59;
export const ACK_BYTES = 60;
export const TIMERS = 61;
export const WHEEL_NEXT = 69;
export const WHEEL_PREV = 70;
export const WHEEL_AT = 71;
export const USER_TIMEOUT = 72;
export const KEEP_IDLE = 73;
export const KEEP_INTERVAL = 74;
export const KEEP_COUNT = 75;
export const LAST_RCV_AT = 76;
export const FIRST_SENT_AT = 77;
export const IP = 78;
export const DIRTY_NEXT = 79;
export const SOFT_ERROR = 80;
export const OOW_AT = 81;
export const CC = 82;
export const CC_STATE = 83;
export const BACKLOG = 89;
export const PORT_NEXT = 90;
export const OOO_COUNT = 91;
export const BYTES_IN = 92;
export const BYTES_OUT = 94;
/** Words used of ROW_WORDS. */
export const ROW_USED = 96;

/** A cursor over one row. Point it with `select`; it holds no state of its own, so one is enough for a whole stack. */
export class Tcb {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  /** First word of the row. */
  at = 0;
  row = 0;

  constructor(rows: ArrayBuffer) {
    this.i32 = new Int32Array(rows);
    this.f64 = new Float64Array(rows);
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
  /** generation: changes each time the row is freed [count] */
  get gen(): number { return this.i32[this.at + 12]!; }
  set gen(v: number) { this.i32[this.at + 12] = v; }
  /** row of the LISTEN this came from; -1 = active OPEN [row] */
  get listener(): number { return this.i32[this.at + 13]!; }
  set listener(v: number) { this.i32[this.at + 13] = v; }
  /** ISS [seq] */
  get iss(): number { return this.i32[this.at + 14]!; }
  set iss(v: number) { this.i32[this.at + 14] = v; }
  /** SND.UNA [seq] */
  get sndUna(): number { return this.i32[this.at + 15]!; }
  set sndUna(v: number) { this.i32[this.at + 15] = v; }
  /** SND.NXT [seq] */
  get sndNxt(): number { return this.i32[this.at + 16]!; }
  set sndNxt(v: number) { this.i32[this.at + 16] = v; }
  /** highest SND.NXT ever [seq] */
  get sndMax(): number { return this.i32[this.at + 17]!; }
  set sndMax(v: number) { this.i32[this.at + 17] = v; }
  /** SND.WND, scaled [B] */
  get sndWnd(): number { return this.i32[this.at + 18]!; }
  set sndWnd(v: number) { this.i32[this.at + 18] = v; }
  /** SND.WL1 [seq] */
  get sndWl1(): number { return this.i32[this.at + 19]!; }
  set sndWl1(v: number) { this.i32[this.at + 19] = v; }
  /** SND.WL2 [seq] */
  get sndWl2(): number { return this.i32[this.at + 20]!; }
  set sndWl2(v: number) { this.i32[this.at + 20] = v; }
  /** SND.UP [seq] */
  get sndUp(): number { return this.i32[this.at + 21]!; }
  set sndUp(v: number) { this.i32[this.at + 21] = v; }
  /** largest SND.WND seen [B] */
  get maxSndWnd(): number { return this.i32[this.at + 22]!; }
  set maxSndWnd(v: number) { this.i32[this.at + 22] = v; }
  /** Eff.snd.MSS: payload bytes in a full segment [B] */
  get sndMss(): number { return this.i32[this.at + 23]!; }
  set sndMss(v: number) { this.i32[this.at + 23] = v; }
  /** Snd.Wind.Shift, Rcv.Wind.Shift [u8|u8<<8] */
  get scales(): number { return this.i32[this.at + 24]!; }
  set scales(v: number) { this.i32[this.at + 24] = v; }
  /** MSS option received (or the default) [B] */
  get peerMss(): number { return this.i32[this.at + 25]!; }
  set peerMss(v: number) { this.i32[this.at + 25] = v; }
  /** first chunk of the send queue [chunk] */
  get sndHead(): number { return this.i32[this.at + 26]!; }
  set sndHead(v: number) { this.i32[this.at + 26] = v; }
  /** last chunk of the send queue [chunk] */
  get sndTail(): number { return this.i32[this.at + 27]!; }
  set sndTail(v: number) { this.i32[this.at + 27] = v; }
  /** bytes held from SND.UNA on, sent or not (no SYN, no FIN) [B] */
  get sndQueued(): number { return this.i32[this.at + 28]!; }
  set sndQueued(v: number) { this.i32[this.at + 28] = v; }
  /** chunk of the next new byte to send; -1 = look from the head [chunk] */
  get sndChunk(): number { return this.i32[this.at + 29]!; }
  set sndChunk(v: number) { this.i32[this.at + 29] = v; }
  /** offset in that chunk [B] */
  get sndOffset(): number { return this.i32[this.at + 30]!; }
  set sndOffset(v: number) { this.i32[this.at + 30] = v; }
  /** send buffer limit [B] */
  get sndBuf(): number { return this.i32[this.at + 31]!; }
  set sndBuf(v: number) { this.i32[this.at + 31] = v; }
  /** oldest record of the retransmission queue [rec] */
  get rtxHead(): number { return this.i32[this.at + 32]!; }
  set rtxHead(v: number) { this.i32[this.at + 32] = v; }
  /** newest record [rec] */
  get rtxTail(): number { return this.i32[this.at + 33]!; }
  set rtxTail(v: number) { this.i32[this.at + 33] = v; }
  /** congestion window [B] */
  get cwnd(): number { return this.i32[this.at + 34]!; }
  set cwnd(v: number) { this.i32[this.at + 34] = v; }
  /** slow start threshold [B] */
  get ssthresh(): number { return this.i32[this.at + 35]!; }
  set ssthresh(v: number) { this.i32[this.at + 35] = v; }
  /** duplicate ACKs in a row [count] */
  get dupAcks(): number { return this.i32[this.at + 36]!; }
  set dupAcks(v: number) { this.i32[this.at + 36] = v; }
  /** RFC 6582 recover [seq] */
  get recover(): number { return this.i32[this.at + 37]!; }
  set recover(v: number) { this.i32[this.at + 37] = v; }
  /** bytes the peer selectively acknowledged above SND.UNA [B] */
  get sackedOut(): number { return this.i32[this.at + 38]!; }
  set sackedOut(v: number) { this.i32[this.at + 38] = v; }
  /** bytes marked lost and not sent again yet [B] */
  get lostOut(): number { return this.i32[this.at + 39]!; }
  set lostOut(v: number) { this.i32[this.at + 39] = v; }
  /** consecutive retransmission timeouts [count] */
  get rexmits(): number { return this.i32[this.at + 40]!; }
  set rexmits(v: number) { this.i32[this.at + 40] = v; }
  /** SRTT; 0 = no sample yet [us] */
  get srtt(): number { return this.i32[this.at + 41]!; }
  set srtt(v: number) { this.i32[this.at + 41] = v; }
  /** RTTVAR [us] */
  get rttvar(): number { return this.i32[this.at + 42]!; }
  set rttvar(v: number) { this.i32[this.at + 42] = v; }
  /** RTO, backed off [ms] */
  get rto(): number { return this.i32[this.at + 43]!; }
  set rto(v: number) { this.i32[this.at + 43] = v; }
  /** RCV.NXT when the round trip at rttAt began (growth of the window) [seq] */
  get rttSeq(): number { return this.i32[this.at + 44]!; }
  set rttSeq(v: number) { this.i32[this.at + 44] = v; }
  /** when our SYN was sent, later when a round trip of received text began; 0 = nothing timed [us] */
  get rttAt(): number { return this.i32[this.at + 45]!; }
  set rttAt(v: number) { this.i32[this.at + 45] = v; }
  /** IRS [seq] */
  get irs(): number { return this.i32[this.at + 46]!; }
  set irs(v: number) { this.i32[this.at + 46] = v; }
  /** RCV.NXT [seq] */
  get rcvNxt(): number { return this.i32[this.at + 47]!; }
  set rcvNxt(v: number) { this.i32[this.at + 47] = v; }
  /** RCV.NXT+RCV.WND: right edge advertised, never moves left [seq] */
  get rcvAdv(): number { return this.i32[this.at + 48]!; }
  set rcvAdv(v: number) { this.i32[this.at + 48] = v; }
  /** RCV.BUFF [B] */
  get rcvBuf(): number { return this.i32[this.at + 49]!; }
  set rcvBuf(v: number) { this.i32[this.at + 49] = v; }
  /** RCV.USER: bytes delivered and not yet consumed [B] */
  get rcvUser(): number { return this.i32[this.at + 50]!; }
  set rcvUser(v: number) { this.i32[this.at + 50] = v; }
  /** RCV.UP [seq] */
  get rcvUp(): number { return this.i32[this.at + 51]!; }
  set rcvUp(v: number) { this.i32[this.at + 51] = v; }
  /** sequence number of a FIN held behind a hole [seq] */
  get rcvFin(): number { return this.i32[this.at + 52]!; }
  set rcvFin(v: number) { this.i32[this.at + 52] = v; }
  /** first out-of-order record [rec] */
  get oooHead(): number { return this.i32[this.at + 53]!; }
  set oooHead(v: number) { this.i32[this.at + 53] = v; }
  /** bytes held out of order [B] */
  get oooBytes(): number { return this.i32[this.at + 54]!; }
  set oooBytes(v: number) { this.i32[this.at + 54] = v; }
  /** start of the block that changed last: it leads the SACK option [seq] */
  get oooLast(): number { return this.i32[this.at + 55]!; }
  set oooLast(v: number) { this.i32[this.at + 55] = v; }
  /** Last.ACK.sent [seq] */
  get lastAckSent(): number { return this.i32[this.at + 56]!; }
  set lastAckSent(v: number) { this.i32[this.at + 56] = v; }
  /** TS.Recent [u32] */
  get tsRecent(): number { return this.i32[this.at + 57]!; }
  set tsRecent(v: number) { this.i32[this.at + 57] = v; }
  /** when TS.Recent was taken [tick] */
  get tsRecentAt(): number { return this.i32[this.at + 58]!; }
  set tsRecentAt(v: number) { this.i32[this.at + 58] = v; }
  /** added to the clock for TSval [u32] */
  get tsOffset(): number { return this.i32[this.at + 59]!; }
  set tsOffset(v: number) { this.i32[this.at + 59] = v; }
  /** in-order bytes not acknowledged yet [B] */
  get ackBytes(): number { return this.i32[this.at + 60]!; }
  set ackBytes(v: number) { this.i32[this.at + 60] = v; }
  /** timer wheel list [row] */
  get wheelNext(): number { return this.i32[this.at + 69]!; }
  set wheelNext(v: number) { this.i32[this.at + 69] = v; }
  /** timer wheel list; slot as -(slot + 2) at the head [row] */
  get wheelPrev(): number { return this.i32[this.at + 70]!; }
  set wheelPrev(v: number) { this.i32[this.at + 70] = v; }
  /** tick this row is filed under; 0 = not filed [tick] */
  get wheelAt(): number { return this.i32[this.at + 71]!; }
  set wheelAt(v: number) { this.i32[this.at + 71] = v; }
  /** R2 in time; 0 = by number of retransmissions [ms] */
  get userTimeout(): number { return this.i32[this.at + 72]!; }
  set userTimeout(v: number) { this.i32[this.at + 72] = v; }
  /** keep-alive: idle time [ms] */
  get keepIdle(): number { return this.i32[this.at + 73]!; }
  set keepIdle(v: number) { this.i32[this.at + 73] = v; }
  /** keep-alive: between probes [ms] */
  get keepInterval(): number { return this.i32[this.at + 74]!; }
  set keepInterval(v: number) { this.i32[this.at + 74] = v; }
  /** probes allowed, probes sent [u16|u16<<16] */
  get keepCount(): number { return this.i32[this.at + 75]!; }
  set keepCount(v: number) { this.i32[this.at + 75] = v; }
  /** last segment received [tick] */
  get lastRcvAt(): number { return this.i32[this.at + 76]!; }
  set lastRcvAt(v: number) { this.i32[this.at + 76] = v; }
  /** when the oldest unacknowledged data was first sent; 0 = nothing outstanding [tick] */
  get firstSentAt(): number { return this.i32[this.at + 77]!; }
  set firstSentAt(v: number) { this.i32[this.at + 77] = v; }
  /** TOS, TTL [u8|u8<<8] */
  get ip(): number { return this.i32[this.at + 78]!; }
  set ip(v: number) { this.i32[this.at + 78] = v; }
  /** list of rows that owe output [row] */
  get dirtyNext(): number { return this.i32[this.at + 79]!; }
  set dirtyNext(v: number) { this.i32[this.at + 79] = v; }
  /** last soft error [code] */
  get softError(): number { return this.i32[this.at + 80]!; }
  set softError(v: number) { this.i32[this.at + 80] = v; }
  /** when an out-of-window segment was last answered (RFC 5961 §7) [tick] */
  get oowAt(): number { return this.i32[this.at + 81]!; }
  set oowAt(v: number) { this.i32[this.at + 81] = v; }
  /** congestion controller [index] */
  get cc(): number { return this.i32[this.at + 82]!; }
  set cc(v: number) { this.i32[this.at + 82] = v; }
  /** LISTEN: limit, connections not yet accepted [u16|u16<<16] */
  get backlog(): number { return this.i32[this.at + 89]!; }
  set backlog(v: number) { this.i32[this.at + 89] = v; }
  /** LISTEN: next listener on this port [row] */
  get portNext(): number { return this.i32[this.at + 90]!; }
  set portNext(v: number) { this.i32[this.at + 90] = v; }
  /** records held out of order [count] */
  get oooCount(): number { return this.i32[this.at + 91]!; }
  set oooCount(v: number) { this.i32[this.at + 91] = v; }
  /** payload bytes delivered [f64] */
  get bytesIn(): number { return this.f64[(this.at + 92) >> 1]!; }
  set bytesIn(v: number) { this.f64[(this.at + 92) >> 1] = v; }
  /** payload bytes acknowledged [f64] */
  get bytesOut(): number { return this.f64[(this.at + 94) >> 1]!; }
  set bytesOut(v: number) { this.f64[(this.at + 94) >> 1] = v; }

  timer(kind: number): number { return this.i32[this.at + TIMERS + kind]!; }
  setTimer(kind: number, tick: number): void { this.i32[this.at + TIMERS + kind] = tick; }
  ccWord(n: number): number { return this.i32[this.at + CC_STATE + n]!; }
  setCcWord(n: number, v: number): void { this.i32[this.at + CC_STATE + n] = v; }
}

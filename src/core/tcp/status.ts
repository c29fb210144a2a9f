/** STATUS (RFC 9293 §3.10.6) for people and tests. */
import type { Micros } from '../../ports.ts';
import { diff, since } from '../seq.ts';
import { RATE_UNIT } from './congestion/view.ts';
import type { Tcp } from './context.ts';
import { SYNCHRONIZED, stateName, TIME_WAIT } from './figure5.ts';
import type { TcpInfo } from './info.ts';
import { noteLimit } from './limits.ts';
import { pathMtu } from './mss.ts';
import { inFlight } from './pipe.ts';
import { receiveWindow } from './receive-window.ts';
import {
  F_CORK,
  F_KEEPALIVE,
  F_NODELAY,
  F_SACK,
  F_TS,
  F_URG_MODE,
  F2_ACCECN,
  F2_ECN,
  F2_REORDERED,
  F2_TFO_DATA,
} from './row.ts';
import { unsent } from './send-text.ts';
import { LADDR, RADDR, type Tcb } from './tcb.ts';

export function endpointOf(tcb: Tcb, which: 0 | 1, out: Int32Array): number {
  const from = tcb.at + (which === 0 ? LADDR : RADDR);
  for (let n = 0; n < 4; n++) out[n] = tcb.i32[from + n]!;
  return which === 0 ? tcb.ports >>> 16 : tcb.ports & 0xffff;
}

/** [MUST-33] Up to the end of urgent data, from where the user has read to. Without urgent mode only what it holds may be. */
function urgentLeft(tcb: Tcb): number {
  const left = diff(tcb.rcvUp, tcb.rcvNxt) + tcb.rcvUser;
  return left > 0 && (tcb.flags & F_URG_MODE || left <= tcb.rcvUser) ? left : 0;
}

export function infoOf(t: Tcp, tcb: Tcb, now: Micros = t.now): TcpInfo {
  const tick = Math.floor(now / 1000) | 0;
  return {
    state: stateName(tcb.state),
    srttUs: tcb.srtt,
    rttvarUs: tcb.rttvar,
    rtoMs: tcb.rto,
    cwnd: tcb.cwnd,
    ssthresh: tcb.ssthresh,
    mss: tcb.sndMss,
    pathMtu: tcb.hop < 0 ? 0 : pathMtu(t, tcb),
    sndWnd: tcb.sndWnd,
    rcvWnd: receiveWindow(tcb),
    inFlight: diff(tcb.sndNxt, tcb.sndUna),
    sndQueued: tcb.sndQueued,
    rcvUser: tcb.rcvUser,
    bytesIn: tcb.bytesIn,
    bytesOut: tcb.bytesOut,
    timestamps: (tcb.flags & F_TS) !== 0,
    sack: (tcb.flags & F_SACK) !== 0,
    ecn: tcb.flags2 & F2_ACCECN ? 'accurate' : tcb.flags2 & F2_ECN ? 'classic' : 'off',
    fastOpen: (tcb.flags2 & F2_TFO_DATA) !== 0,
    sndScale: tcb.scales & 0xff,
    rcvScale: tcb.scales >> 8,
    minRttUs: tcb.minRtt,
    retransmits: tcb.retransmits,
    spuriousRetransmits: tcb.probes >>> 16,
    tailLossProbes: tcb.probes & 0xffff,
    recoveries: tcb.recoveries & 0xffff,
    undone: tcb.recoveries >>> 16,
    urgentLeft: urgentLeft(tcb),
    receivedTos: (tcb.ip >>> 16) & 0xff, // [MAY-9]
    ...variables(tcb),
    ...recovery(tcb),
    ...settings(t, tcb),
    silentMs: since(tick, tcb.lastRcvAt),
    outstandingMs: tcb.firstSentAt === 0 ? 0 : since(tick, tcb.firstSentAt),
    ...limits(t, tcb, now),
  };
}

/** RFC 9293 §3.3.1. */
function variables(tcb: Tcb) {
  return {
    iss: tcb.iss >>> 0,
    irs: tcb.irs >>> 0,
    sndUna: tcb.sndUna >>> 0,
    sndNxt: tcb.sndNxt >>> 0,
    sndUp: tcb.sndUp >>> 0,
    sndWl1: tcb.sndWl1 >>> 0,
    sndWl2: tcb.sndWl2 >>> 0,
    rcvNxt: tcb.rcvNxt >>> 0,
    rcvUp: tcb.rcvUp >>> 0,
    maxSndWnd: tcb.maxSndWnd,
  };
}

function recovery(tcb: Tcb) {
  return {
    pipe: inFlight(tcb),
    sacked: tcb.sackedOut,
    lost: tcb.lostOut,
    duplicateAcks: Math.max(0, tcb.dupAcks),
    timeouts: tcb.rexmits,
    reordering: (tcb.flags2 & F2_REORDERED) !== 0,
    reorderingWindow: (tcb.reoWnd & 0xff) + 1,
    outOfOrder: tcb.oooBytes,
  };
}

function settings(t: Tcp, tcb: Tcb) {
  return {
    sendBuffer: tcb.sndBuf,
    receiveBuffer: tcb.rcvBuf,
    pacingRate: tcb.pacingRate * RATE_UNIT,
    congestion: t.congestion.of(tcb).name,
    ttl: (tcb.ip >>> 8) & 0xff,
    typeOfService: tcb.ip & 0xfc,
    userTimeout: tcb.userTimeout,
    keepAlive: (tcb.flags & F_KEEPALIVE) !== 0,
    noDelay: (tcb.flags & F_NODELAY) !== 0,
    corked: (tcb.flags & F_CORK) !== 0,
  };
}

/** Who asks begins the count, unless the connection has nothing to count with: it rests, or is over. */
function limits(t: Tcp, tcb: Tcb, now: Micros) {
  const counts = tcb.state & SYNCHRONIZED && tcb.state !== TIME_WAIT && !t.rows.isScratch(tcb.row) && tcb.flight !== 0;
  if (tcb.timing === 0 && counts) {
    tcb.timing = t.limits.take(now);
    noteLimit(t, tcb, Math.max(0, unsent(tcb)), now);
  }
  return { limit: t.limits.current(tcb.timing), limitedUs: t.limits.read(tcb.timing, tcb.timing === 0 ? 0 : now) };
}

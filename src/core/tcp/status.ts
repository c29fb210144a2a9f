/** STATUS (RFC 9293 §3.10.6) for people and tests. */
import type { TcpInfo } from '../api.ts';
import { diff } from '../seq.ts';
import type { Tcp } from './context.ts';
import { stateName } from './figure5.ts';
import { pathMtu } from './mss.ts';
import { receiveWindow } from './receive-window.ts';
import { F_SACK, F_TS, F_URG_MODE, F2_ACCECN, F2_ECN, F2_TFO_DATA } from './row.ts';
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

export function infoOf(t: Tcp, tcb: Tcb): TcpInfo {
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
  };
}

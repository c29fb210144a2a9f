/** ICMP errors about our segments (RFC 9293 §3.9.2.2, RFC 5927 §5.2): soft ones are news, hard ones end only an opening. */
import { ICMP4_UNREACHABLE, UNREACHABLE_PORT, UNREACHABLE_PROTOCOL } from '../../wire/icmp.ts';
import { ICMP6_UNREACHABLE, UNREACHABLE6_PORT, UNREACHABLE6_PROHIBITED } from '../../wire/icmp6.ts';
import { ECONNREFUSED, EHOSTUNREACH, EV_SOFT_ERROR } from '../events.ts';
import { geq, lt } from '../seq.ts';
import { report, type Tcp } from './context.ts';
import { fastOpenFailed } from './fast-open.ts';
import { EV, SYN_RECEIVED, SYN_SENT } from './figure5.ts';
import { end } from './lifecycle.ts';
import { packetTooBig } from './path-mtu.ts';
import { F_PASSIVE } from './row.ts';
import type { Tcb } from './tcb.ts';

/** Code 4, fragmentation needed, belongs to path MTU discovery [SHLD-26]. */
const HARD_V4 = (1 << UNREACHABLE_PROTOCOL) | (1 << UNREACHABLE_PORT);
/** RFC 5461 §2. */
const HARD_V6 = (1 << UNREACHABLE6_PROHIBITED) | (1 << UNREACHABLE6_PORT);
/** What EV_SOFT_ERROR carries for ICMP: this bit, type << 8, code. */
const FROM_ICMP = 1 << 31;

export function icmpError(t: Tcp, tcb: Tcb, seq: number, type: number, code: number, version: number, mtu = 0): void {
  // RFC 5927 §4.1: whoever did not see our segments cannot name a sequence number that is in flight.
  if (!(geq(seq, tcb.sndUna) && lt(seq, tcb.sndNxt))) return;
  if (mtu > 0) {
    packetTooBig(t, tcb, seq, mtu); // RFC 1191, RFC 8201: no error of the connection
    return;
  }
  fastOpenFailed(t, tcb);
  const unreachable = type === (version === 4 ? ICMP4_UNREACHABLE : ICMP6_UNREACHABLE);
  const hard = unreachable && code < 16 && ((version === 4 ? HARD_V4 : HARD_V6) >> code) & 1;
  const opening = tcb.state === SYN_SENT || (tcb.state === SYN_RECEIVED && (tcb.flags & F_PASSIVE) === 0);
  if (hard && opening) {
    t.counters.attemptFails++;
    t.cause = (type << 8) | code;
    end(t, tcb, EV.hardError, ECONNREFUSED); // T319
    return;
  }
  // [MUST-56] [SHLD-25] everything else is told and ends nothing.
  if (unreachable) tcb.softError = EHOSTUNREACH; // the reason, should R2 be reached (T320)
  report(t, tcb, EV_SOFT_ERROR, FROM_ICMP | (type << 8) | code);
}

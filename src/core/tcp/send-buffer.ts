/** SND.BUF: how much text SEND may leave with us. It follows what the path carries, unless the user chose it. */
import { EV_DRAIN } from '../events.ts';
import { report, type Tcp } from './context.ts';
import { CLOSED } from './figure5.ts';
import { F_SHORT_SEND, F2_SND_GROWS } from './row.ts';
import type { Tcb } from './tcb.ts';

/** Enough for the initial window and for what follows it in the next round trips; a slow reader gets no more of us. */
const FIRST = 128 * 1024;
/** Flights: one is in the network, one waits behind it; in slow start the next one is twice as large. */
const FLIGHTS = 2;
const FLIGHTS_SLOW_START = 4;

/** What a connection begins with. */
export function beginSendBuffer(t: Tcp, tcb: Tcb, chosen: number | undefined): void {
  tcb.sndBuf = chosen ?? Math.min(FIRST, t.defaults.sendBuffer);
  if (chosen === undefined) tcb.flags2 |= F2_SND_GROWS;
}

/** Lent text costs us nothing: who lends has the whole buffer from the start. */
export function openForLoan(t: Tcp, tcb: Tcb): void {
  if ((tcb.flags2 & F2_SND_GROWS) === 0) return;
  tcb.flags2 &= ~F2_SND_GROWS;
  tcb.sndBuf = t.defaults.sendBuffer;
}

/** `flight` octets were on their way when an acknowledgment came, and SEND had been refused some. */
export function growSendBuffer(t: Tcp, tcb: Tcb, flight: number): void {
  if ((tcb.flags2 & F2_SND_GROWS) === 0 || t.budget.isTight(tcb.row)) return;
  const flights = tcb.cwnd < tcb.ssthresh ? FLIGHTS_SLOW_START : FLIGHTS;
  // The window, too: a controller that keeps it above what is in flight must not find the buffer to be the limit.
  const wanted = Math.min(flights * Math.max(flight, tcb.cwnd), t.defaults.sendBuffer);
  if (wanted > tcb.sndBuf) tcb.sndBuf = wanted;
}

/** The user chooses: from now on it stays. A writer that waits hears at once of room that this makes. */
export function setSendBuffer(t: Tcp, tcb: Tcb, bytes: number): void {
  if (tcb.state === CLOSED) return;
  tcb.flags2 &= ~F2_SND_GROWS;
  tcb.sndBuf = bytes;
  tellRoom(t, tcb);
}

/** EV_DRAIN once a third of the buffer is free: looked up in the state at every occasion, so that no change of SND.BUF can lose it. */
export function tellRoom(t: Tcp, tcb: Tcb): void {
  const room = tcb.sndBuf - tcb.sndQueued;
  if ((tcb.flags & F_SHORT_SEND) === 0 || room <= tcb.sndBuf / 3) return;
  tcb.flags &= ~F_SHORT_SEND;
  report(t, tcb, EV_DRAIN, room);
}

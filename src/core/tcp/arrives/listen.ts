/**
 * §3.10.7.2: LISTEN. The listener stays; a SYN makes an entry of its SYN queue, in SYN_RECEIVED (T002, T084 to T088). Text or
 * a FIN on the SYN is not kept: it is not acknowledged either, so it comes again when there is a connection (ADR 26).
 */
import { ACK, ROW_WORDS, RST, SYN } from '../../../wire/abi.ts';
import { acceptQueueFull, synQueueFull } from '../backlog.ts';
import type { Tcp } from '../context.ts';
import { inherit, numbers, setIdentity } from '../lifecycle.ts';
import { F_DIRTY, F_PASSIVE, F2_TFO_ASKED } from '../row.ts';
import type { Segment } from '../segment.ts';
import { blank, sendSynAck } from '../syn-ack.ts';
import { sendCookie } from '../syn-cookies.ts';
import { refused } from '../syn-hook.ts';
import { HALF_OPEN } from '../tcb.ts';
import { takeRoute, wayBack } from '../way-back.ts';
import { replyReset } from './closed.ts';
import { COOKIE, fastOpen, OPENED, PLAIN, synReceived } from './fast-open.ts';

/**
 * `identity`: the nine identity words of the connection this segment would belong to. `after`: the last sequence number of
 * the incarnation before, below which ours must not begin.
 */
export function listen(t: Tcp, listener: number, seg: Segment, identity: Int32Array, after?: number): void {
  if (seg.flags & RST) return; // first; T296: a listener never consumes a RST
  if (seg.flags & ACK) {
    replyReset(t, seg); // second: an old duplicate, or the end of a connection we forgot (T273)
    return;
  }
  if ((seg.flags & SYN) === 0) return; // fourth
  const full = synQueueFull(t, listener);
  // A cookie cannot be above the ISS of an incarnation before.
  if (acceptQueueFull(t, listener) || (full && (after !== undefined || !cookiesDue(t)))) {
    t.counters.listenOverflows++; // dropped, never reset: the peer tries again
    return;
  }
  if (t.synHook !== null && refused(t, t.synHook, listener, seg, identity)) return;
  if (full) {
    sendCookie(t, listener, seg, identity);
    return;
  }
  const hop = wayBack(t, identity);
  if (hop < 0) return; // no way back: an entry would wait for nothing
  // What reopens TIME_WAIT may be an old duplicate: only the third ACK will tell.
  const early = after === undefined ? fastOpen(t, listener, seg, identity, hop) : PLAIN;
  if (early === OPENED) return;
  const tcb = blank(t, t.rows.scratch());
  inherit(t, tcb, t.other.select(listener));
  tcb.flags |= F_PASSIVE | F_DIRTY;
  setIdentity(tcb, identity, 0);
  takeRoute(t, tcb);
  tcb.hop = hop;
  numbers(t, tcb, after);
  synReceived(t, tcb, seg);
  if (early === COOKIE) tcb.flags2 |= F2_TFO_ASKED;
  const rec = t.halfOpens.take(identity, 0);
  t.rows.words[listener * ROW_WORDS + HALF_OPEN]!++;
  t.halfOpens.store(rec, tcb, t.now);
  sendSynAck(t, rec, tcb);
}

/**
 * A burst of honest peers fills a short queue too, and a cookie is worse for them than a SYN that comes again: should the accept
 * queue be full when their ACK arrives, nothing remembers them. So cookies wait until entries go unanswered (ADR 28).
 */
function cookiesDue(t: Tcp): boolean {
  const { synCookies } = t.defaults;
  return synCookies === 'always' || (synCookies !== false && t.halfOpens.unanswered);
}

/** SYN,ACK for an entry of the SYN queue: from a scratch row, or later when there is none, no room, or no neighbour yet. */
import { ACK } from '../../wire/abi.ts';
import type { Tcp } from './context.ts';
import { emitSyn } from './emit.ts';
import { ENTRY } from './flights.ts';
import { WAITING_LISTS } from './half-opens.ts';
import { ANVIL } from './rows.ts';
import type { Tcb } from './tcb.ts';

/** The cursor for entries, on an empty scratch row with the block that nobody else has. */
export function blank(t: Tcp, scratch: number): Tcb {
  const tcb = t.child.select(scratch < 0 ? ANVIL : scratch);
  t.rows.blank(tcb.row);
  tcb.flight = t.flights.blank(ENTRY);
  return tcb;
}

/** `tcb` stands for the record. */
export function sendSynAck(t: Tcp, rec: number, tcb: Tcb): boolean {
  const h = t.halfOpens;
  if (t.ip.ready(tcb.hop)) {
    const link = t.ip.linkOf(tcb.hop);
    if (tcb.row !== ANVIL && t.out.hasRoom(link) && emitSyn(t, tcb, link, ACK)) {
      h.sent(rec, t.tick, tcb.flags2);
      return true;
    }
    h.hurry = true; // this turn has no room for more
  }
  h.wait(rec, t.tick);
  t.rows.unscratch(tcb.row);
  return false;
}

/**
 * Those that could not leave are tried once more. `unfold` stands a record on a scratch row. Whose neighbour is not known yet keeps its
 * deadline: put off with every other neighbour that answers, it would never be due, and R2 would not end it.
 */
export function sendWaiting(t: Tcp, unfold: (t: Tcp, rec: number) => Tcb): void {
  const h = t.halfOpens;
  h.hurry = false;
  for (const list of WAITING_LISTS) {
    const last = h.last(list);
    for (let rec = h.first(list); rec >= 0 && !h.hurry; ) {
      const next = rec === last ? -1 : h.after(rec);
      if (t.ip.ready(h.hop(rec))) sendSynAck(t, rec, unfold(t, rec));
      rec = next;
    }
  }
}

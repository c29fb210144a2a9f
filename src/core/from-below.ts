/** What the IP layer and the links tell TCP and UDP: neighbours found and lost, ICMP errors, links gone. */
import { ROW_LADDR, ROW_WORDS } from '../wire/abi.ts';
import { sameAddress } from '../wire/address.ts';
import {
  ADDRESS_EXPIRED,
  ADDRESS_TAKEN,
  EADDRNOTAVAIL,
  EHOSTUNREACH,
  ENETDOWN,
  EV_ADDRESS,
  EV_SOFT_ERROR,
} from './events.ts';
import { HopLoss } from './hop-loss.ts';
import type { IpUp } from './ip/ip-layer.ts';
import { MtuNews } from './mtu-news.ts';
import { DirtyList, markDirty, report, type Tcp } from './tcp/context.ts';
import { CLOSED, EV, LISTEN, SYN_RECEIVED, SYN_SENT, TIME_WAIT } from './tcp/figure5.ts';
import { dropHalfOpensAt } from './tcp/half-opens.ts';
import { icmpError } from './tcp/icmp-errors.ts';
import { end } from './tcp/lifecycle.ts';
import { waitNoMore } from './tcp/output.ts';
import { hopChanged, linkChanged, routerSaidMtu } from './tcp/path-mtu.ts';
import { SCRATCH_ROWS } from './tcp/rows.ts';
import { STATE, type Tcb } from './tcp/tcb.ts';
import { dropTimeWaitsAt } from './tcp/time-waits.ts';
import { giveUp } from './tcp/timeouts.ts';
import { wayAround } from './tcp/way-back.ts';
import type { Udp } from './udp/udp.ts';

const OPENING = SYN_SENT | SYN_RECEIVED;

export class FromBelow implements IpUp {
  private t!: Tcp;
  private udp!: Udp;
  private waiting!: DirtyList;
  /** Rows on `waiting`. */
  private parked = 0;
  /** A hop was found or failed since they last looked. */
  private moved = false;
  private readonly losses = new HopLoss();
  /** Routers that are none any more, though they answer. */
  private readonly quitters = new HopLoss();
  private readonly mtus = new MtuNews();

  /** The tables are made with their listener already in place. */
  attach(t: Tcp, udp: Udp): void {
    this.t = t;
    this.udp = udp;
    this.waiting = new DirtyList(t.rows.words);
  }

  /** Output waits for the neighbour's answer; the row stays F_DIRTY, so that it is on one list only. */
  park(row: number): void {
    this.waiting.push(row);
    this.parked++;
  }

  hopReady(hop: number): void {
    this.losses.found(hop);
    this.t.halfOpens.hurry = true;
    this.udp.hopReady(hop);
    this.moved = true;
  }

  /** Before output: who waits for a neighbour looks whether it is there. Not sooner, for of several hops that fail each dismisses its own. */
  unpark(): void {
    if (!this.moved) return;
    this.moved = false;
    for (; this.parked > 0; this.parked--) this.t.dirty.push(this.waiting.shift());
  }

  /** Nobody answers for the hop: an opening ends, others hear of it and go on trying. */
  hopFailed(hop: number, holders: number): void {
    this.udp.hopFailed(hop);
    this.dismiss(hop);
    this.moved = true;
    this.losses.add(hop, holders);
    this.lookOn();
  }

  /** Those go from the list that have nothing to wait for any more. */
  private dismiss(hop: number): void {
    const { other } = this.t;
    for (let left = this.parked; left > 0; left--) {
      const row = this.waiting.shift();
      if (other.select(row).hop === hop && waitNoMore(other)) this.parked--;
      else this.waiting.push(row);
    }
  }

  /** Who goes by a router that is none any more looks for another one; without one he stays, for it may be back. */
  routerGone(hop: number, holders: number): void {
    this.quitters.add(hop, holders);
    this.lookOn();
  }

  /** Some connections have not heard yet that their hop failed or routes no more, or that a router says another MTU. */
  get searching(): boolean {
    return this.losses.searching || this.quitters.searching || this.mtus.searching;
  }

  lookOn(): void {
    this.losses.look(this.t, this.hopLost);
    if (this.quitters.searching) this.quitters.look(this.t, this.goAround);
    if (this.mtus.searching) this.mtus.look(this.t, this.routerSaidMtu);
  }

  private readonly routerSaidMtu = (tcb: Tcb): void => routerSaidMtu(this.t, tcb);

  /** Another gateway takes over when there is one (RFC 1122 §3.3.1.4, RFC 4861 §7.3.3). */
  private readonly goAround = (tcb: Tcb): boolean => {
    const other = wayAround(this.t, tcb);
    if (other < 0) return false;
    this.t.ip.release(tcb.hop);
    tcb.hop = other;
    hopChanged(this.t, tcb);
    markDirty(this.t, tcb);
    return true;
  };

  private readonly hopLost = (tcb: Tcb): void => {
    if (this.goAround(tcb)) return;
    if (tcb.state & OPENING) giveUp(this.t, tcb, EHOSTUNREACH);
    else report(this.t, tcb, EV_SOFT_ERROR, EHOSTUNREACH);
  };

  /** Connections over the link end with ENETDOWN; nothing can be sent about it. What was learned of the link is forgotten. */
  linkDown(link: number): void {
    const { ip } = this.t;
    this.endAll((tcb) => tcb.hop >= 0 && ip.linkOf(tcb.hop) === link, ENETDOWN);
    ip.linkDown(link);
  }

  /** The device has another MTU: what is sent by it has the size that fits. */
  linkChanged(link: number): void {
    const { ip } = this.t;
    this.each((tcb) => {
      if (tcb.state !== TIME_WAIT && tcb.hop >= 0 && ip.linkOf(tcb.hop) === link) linkChanged(this.t, tcb);
    });
  }

  /** A router on the link says another MTU. */
  mtuChanged(link: number): void {
    this.mtus.add(this.t, link);
  }

  /** The address is taken from us: what it was an end of is over, and may not say so with it. */
  addressGone(address: Int32Array): void {
    this.endAll((tcb) => sameAddress(tcb.i32, tcb.at + ROW_LADDR, address, 0), EADDRNOTAVAIL);
    dropHalfOpensAt(this.t, address);
    dropTimeWaitsAt(this.t, address);
  }

  addressChanged(what: number, link: number, address: Int32Array, macHi: number, macLo: number): void {
    if (what === ADDRESS_TAKEN || what === ADDRESS_EXPIRED) this.addressGone(address);
    const [a, b, c, d] = address as unknown as [number, number, number, number];
    this.t.events.push(EV_ADDRESS, what | (link << 8) | (macLo << 16), macHi, a, b, c, d);
  }

  private endAll(which: (tcb: Tcb) => boolean, why: number): void {
    this.each((tcb) => {
      if (which(tcb)) end(this.t, tcb, EV.abort, why);
    });
  }

  private each(act: (tcb: Tcb) => void): void {
    const { rows } = this.t;
    for (let row = SCRATCH_ROWS; row < rows.top; row++) {
      const state = rows.words[row * ROW_WORDS + STATE]!;
      if (state & (CLOSED | LISTEN) || state === 0) continue;
      act(this.t.other.select(row));
    }
  }

  icmpError(
    laddr: Int32Array,
    lport: number,
    raddr: Int32Array,
    rport: number,
    seq: number,
    type: number,
    code: number,
    version: 4 | 6,
    mtu: number,
  ): void {
    const { identity, flows, other } = this.t;
    identity[0] = (lport << 16) | rport;
    for (let n = 0; n < 4; n++) {
      identity[1 + n] = laddr[n]!;
      identity[5 + n] = raddr[n]!;
    }
    const row = flows.find(identity, 0);
    if (row >= 0) icmpError(this.t, other.select(row), seq, type, code, version, mtu);
  }
}

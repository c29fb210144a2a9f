/**
 * The client of RFC 2131 §4.4, pure: an input and the time in ms go in, what is to be done comes out. The states are those of
 * its figure 5. INIT-REBOOT is a link that came back: no lease is remembered over a restart.
 */
import { clientMessage, type DhcpIdentity } from './client-message.ts';
import { type Lease, leaseOf } from './lease.ts';
import {
  ACK,
  BOOTREPLY,
  DECLINE,
  type DhcpMessage,
  DISCOVER,
  NAK,
  numberOf,
  OFFER,
  OPTION_ADDRESS,
  OPTION_MESSAGE,
  OPTION_SERVER,
  RELEASE,
  REQUEST,
  textOf,
  typeOf,
  u32,
} from './message.ts';

/** States of the client (RFC 2131 figure 5); STOPPED: it was told to. */
export type DhcpState =
  | 'INIT'
  | 'SELECTING'
  | 'REQUESTING'
  | 'BOUND'
  | 'RENEWING'
  | 'REBINDING'
  | 'REBOOTING'
  | 'STOPPED';

export type DhcpInput =
  /** The beginning, or the link came back. */
  | { readonly type: 'start' }
  /** The deadline passed. */
  | { readonly type: 'time' }
  | { readonly type: 'message'; readonly message: DhcpMessage }
  /** Somebody else has the address (RFC 5227): it is declined. */
  | { readonly type: 'conflict' }
  /** The address is free, and this host cannot use it: it is dropped, and asked for again later. */
  | { readonly type: 'unusable'; readonly why: string }
  /** The address is given back. */
  | { readonly type: 'stop' };

export type DhcpOutput =
  /** `to` 0 = broadcast; `from` 0 = without an address. */
  | { readonly type: 'send'; readonly message: DhcpMessage; readonly to: number; readonly from: number }
  | { readonly type: 'bound'; readonly lease: Lease; readonly renewed: boolean }
  /** The address must not be used any more. */
  | { readonly type: 'lost'; readonly lease: Lease; readonly why: string };

/** RFC 2131 §4.1: 4 s, doubled up to 64 s, each give or take a second. */
const FIRST_WAIT = 4000;
const LONGEST_WAIT = 64_000;
const JITTER = 1000;
/** 4 + 8 + 16 + 32: a minute, as §3.1.5 suggests. */
const REQUESTS = 4;
/** §3.1.5: after DECLINE. The same after NAK, so that two who disagree do not fill the wire. */
const SULK = 10_000;
/** §4.4.5: not more often than once a minute, while T2 or the end are further away than that. */
const LEAST_RENEWAL = 60_000;
/** Where an ACK or NAK is waited for. */
const WAITING: ReadonlySet<DhcpState> = new Set(['REQUESTING', 'RENEWING', 'REBINDING', 'REBOOTING']);

export class DhcpMachine {
  state: DhcpState = 'INIT';
  /** When 'time' is due; Infinity = never. */
  deadline = Number.POSITIVE_INFINITY;
  /** What is held; undefined before BOUND. */
  lease: Lease | undefined;
  /** What the last NAK or DECLINE was about, or why the address could not be used, for people. */
  complaint: string | undefined;
  /** Servers that offered something since the last start. */
  offers = 0;
  private readonly who: DhcpIdentity;
  private xid = 0;
  private began = 0;
  private tries = 0;
  private offer: Lease | undefined;
  /** When the request went out that the lease counts from (§4.4.1), and the first one of this round. */
  private asked = 0;
  private held = 0;

  constructor(who: DhcpIdentity) {
    this.who = who;
  }

  step(input: DhcpInput, now: number): DhcpOutput[] {
    if (this.state === 'STOPPED') return [];
    switch (input.type) {
      case 'start':
        return this.start(now);
      case 'time':
        return now < this.deadline ? [] : this.expired(now);
      case 'message':
        return this.received(input.message, now);
      case 'conflict':
        return this.decline(now);
      case 'unusable':
        return this.giveUp(input.why, now);
      case 'stop':
        return this.stop();
    }
  }

  private start(now: number): DhcpOutput[] {
    // With an address in hand a link that came back asks whether it is still good (§3.7), as a host that was booted does.
    if (this.lease !== undefined) {
      this.state = 'REBOOTING';
      this.beginRound(now);
      return this.reboot(now);
    }
    if (this.state === 'INIT' && this.deadline !== Number.POSITIVE_INFINITY) return []; // it sulks
    this.state = 'INIT';
    return this.discover(now);
  }

  private beginRound(now: number): void {
    this.xid = this.who.random();
    this.began = now;
    this.tries = 0;
  }

  /** INIT-REBOOT of §3.2 and table 4: only a server that knows the network answers, and one on another network says no. */
  private reboot(now: number): DhcpOutput[] {
    const lease = this.lease!;
    this.asked = now;
    this.retryLater(now);
    this.deadline = Math.min(this.deadline, this.held + lease.lasts);
    const message = this.message(REQUEST, now);
    message.options.set(OPTION_ADDRESS, u32(lease.address));
    return [this.broadcast(message)];
  }

  private discover(now: number): DhcpOutput[] {
    if (this.state !== 'SELECTING') {
      this.state = 'SELECTING';
      this.beginRound(now);
    }
    this.retryLater(now);
    return [this.broadcast(this.message(DISCOVER, now))];
  }

  private expired(now: number): DhcpOutput[] {
    switch (this.state) {
      case 'REQUESTING':
        if (this.tries < REQUESTS) return this.request(now);
        this.state = 'INIT';
        return this.discover(now);
      case 'REBOOTING':
        // §3.2 step 4: when nobody answers, the lease is good for the rest of its time.
        return this.tries < REQUESTS && now - this.held < this.lease!.lasts ? this.reboot(now) : this.grow(now);
      case 'BOUND':
      case 'RENEWING':
      case 'REBINDING':
        return this.grow(now);
      default:
        return this.discover(now);
    }
  }

  /** What the age of the lease asks for. */
  private grow(now: number): DhcpOutput[] {
    const { t1, t2, lasts } = this.lease!;
    const age = now - this.held;
    if (age >= lasts) return [...this.lose('the lease ended: no server renewed it'), ...this.discover(now)];
    if (age >= t1) return this.renew(now, age >= t2 ? 'REBINDING' : 'RENEWING');
    this.state = 'BOUND';
    this.deadline = this.held + t1;
    return [];
  }

  private received(message: DhcpMessage, now: number): DhcpOutput[] {
    if (message.op !== BOOTREPLY || message.xid !== this.xid || !sameBytes(message.chaddr, this.who.mac)) return [];
    const type = typeOf(message);
    if (type === OFFER && this.state === 'SELECTING') return this.select(message, now);
    if (!WAITING.has(this.state)) return [];
    if (type === ACK) return this.acknowledged(message);
    if (type === NAK) return this.refused(message, now);
    return [];
  }

  /** The first offer is as good as any other. */
  private select(message: DhcpMessage, now: number): DhcpOutput[] {
    const offer = leaseOf(message);
    if (offer === undefined) return [];
    this.offers++;
    this.offer = offer;
    this.state = 'REQUESTING';
    this.tries = 0;
    return this.request(now);
  }

  private request(now: number): DhcpOutput[] {
    this.asked = now;
    this.retryLater(now);
    const message = this.message(REQUEST, now);
    message.options.set(OPTION_ADDRESS, u32(this.offer!.address));
    message.options.set(OPTION_SERVER, u32(this.offer!.server));
    return [this.broadcast(message)];
  }

  private acknowledged(message: DhcpMessage): DhcpOutput[] {
    const lease = leaseOf(message);
    // Another server's answer to a request that named one is a mistake of its own.
    if (lease === undefined || (this.state === 'REQUESTING' && lease.server !== this.offer!.server)) return [];
    const before = this.lease;
    const moved = before !== undefined && (before.address !== lease.address || before.bits !== lease.bits);
    this.state = 'BOUND';
    this.lease = lease;
    this.held = this.asked;
    this.deadline = this.held + lease.t1;
    this.complaint = undefined;
    const bound: DhcpOutput = { type: 'bound', lease, renewed: before !== undefined && !moved };
    return moved ? [{ type: 'lost', lease: before, why: 'the server gave another address' }, bound] : [bound];
  }

  private refused(message: DhcpMessage, now: number): DhcpOutput[] {
    const server = numberOf(message, OPTION_SERVER);
    if (this.state === 'REQUESTING' && server !== undefined && (server | 0) !== this.offer!.server) return [];
    const told = textOf(message, OPTION_MESSAGE);
    this.complaint = `the server said no${told === undefined ? '' : `: ${told}`}`;
    const rebooting = this.state === 'REBOOTING';
    const lost = this.lose(this.complaint);
    // It was about another network: nobody disagrees here yet.
    if (rebooting) return [...lost, ...this.discover(now)];
    this.sulk(now);
    return lost;
  }

  private renew(now: number, state: 'RENEWING' | 'REBINDING'): DhcpOutput[] {
    const lease = this.lease!;
    if (this.state !== state) {
      this.xid = this.who.random();
      this.began = now;
    }
    this.state = state;
    this.asked = now;
    const end = this.held + (state === 'RENEWING' ? lease.t2 : lease.lasts);
    // Of a lease for good with a T1 that the server named there is no half.
    const half = end === Number.POSITIVE_INFINITY ? lease.t1 : (end - now) / 2;
    this.deadline = Math.min(end, now + Math.max(LEAST_RENEWAL, half));
    const message = this.message(REQUEST, now);
    message.flags = 0;
    message.ciaddr = lease.address;
    return [{ type: 'send', message, to: state === 'RENEWING' ? lease.server : 0, from: lease.address }];
  }

  private decline(now: number): DhcpOutput[] {
    const lease = this.lease;
    if (lease === undefined) return [];
    const message = this.message(DECLINE, now);
    message.flags = 0;
    message.options.set(OPTION_ADDRESS, u32(lease.address));
    message.options.set(OPTION_SERVER, u32(lease.server));
    this.complaint = 'another host uses the address that the server gave';
    const lost = this.lose(this.complaint);
    this.sulk(now);
    return [...lost, this.broadcast(message)];
  }

  /** No DECLINE: §3.1.5 has it for an address in use, and the server would give that one to nobody any more. */
  private giveUp(why: string, now: number): DhcpOutput[] {
    if (this.lease === undefined) return [];
    this.complaint = why;
    const lost = this.lose(why);
    this.sulk(now);
    return lost;
  }

  private stop(): DhcpOutput[] {
    const lease = this.lease;
    this.state = 'STOPPED';
    this.deadline = Number.POSITIVE_INFINITY;
    this.lease = undefined;
    if (lease === undefined) return [];
    this.xid = this.who.random();
    const message = this.message(RELEASE, this.began);
    message.flags = 0;
    message.ciaddr = lease.address;
    message.options.set(OPTION_SERVER, u32(lease.server));
    return [{ type: 'send', message, to: lease.server, from: lease.address }];
  }

  private lose(why: string): DhcpOutput[] {
    const lease = this.lease;
    this.lease = undefined;
    this.state = 'INIT';
    return lease === undefined ? [] : [{ type: 'lost', lease, why }];
  }

  private sulk(now: number): void {
    this.state = 'INIT';
    this.deadline = now + SULK;
  }

  private retryLater(now: number): void {
    const wait = Math.min(FIRST_WAIT * (1 << Math.min(this.tries, 10)), LONGEST_WAIT);
    this.tries++;
    this.deadline = now + wait + (((this.who.random() >>> 0) % (2 * JITTER + 1)) - JITTER);
  }

  private broadcast(message: DhcpMessage): DhcpOutput {
    return { type: 'send', message, to: 0, from: 0 };
  }

  private message(type: number, now: number): DhcpMessage {
    return clientMessage(this.who, type, this.xid, now - this.began);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, n) => byte === b[n]);
}

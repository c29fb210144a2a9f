/**
 * A word of the user's before a SYN is answered: accept, drop, or reset. Asked in LISTEN for what would be answered, by an entry of
 * the SYN queue, a cookie or Fast Open: a SYN that comes again while its entry stands is not asked about again. The view is one object
 * over the segment at hand, so that a flood of SYNs makes no garbage.
 */
import { OPT_MSS, OPT_SACK_OK, OPT_TS, OPT_WS, ROW_WORDS, RX_FRAME, RX_L3L4 } from '../../wire/abi.ts';
import { KEY_LADDR, KEY_PORTS, KEY_RADDR } from '../../wire/flow-key.ts';
import { replyReset } from './arrives/closed.ts';
import type { Tcp } from './context.ts';
import { LISTEN } from './figure5.ts';
import type { Segment } from './segment.ts';
import { readOptions } from './syn-options.ts';
import { BACKLOG, HALF_OPEN, STATE } from './tcb.ts';

export const SYN_ACCEPT = 0;
export const SYN_DROP = 1;
export const SYN_RESET = 2;

export class SynView {
  /** Row of the LISTEN. */
  listener = -1;
  private readonly t: Tcp;
  private readonly identity = new Int32Array(9);
  private optionsRead = false;

  constructor(t: Tcp) {
    this.t = t;
  }

  begin(listener: number, identity: Int32Array): void {
    this.listener = listener;
    this.optionsRead = false;
    this.identity.set(identity);
  }

  /** A hook that called the stack may have had the words used for something else. */
  restore(identity: Int32Array): void {
    identity.set(this.identity);
  }

  /** Local (0) or remote (1) address, copied to `out`; returns the port. */
  endpoint(which: 0 | 1, out: Int32Array): number {
    const from = which === 0 ? KEY_LADDR : KEY_RADDR;
    for (let n = 0; n < 4; n++) out[n] = this.identity[from + n]!;
    return which === 0 ? this.identity[KEY_PORTS]! >>> 16 : this.identity[KEY_PORTS]! & 0xffff;
  }

  /** TTL or hop limit, as it arrived. */
  get ttl(): number {
    const { memory, rx, base } = this.t.seg;
    const l3 = rx[base + RX_FRAME]! + (rx[base + RX_L3L4]! & 0xffff);
    return memory[l3 + (memory[l3]! >> 4 === 4 ? 8 : 7)]!;
  }
  get tos(): number {
    return this.t.seg.tos;
  }
  /** As sent: the window of a SYN is never scaled. */
  get window(): number {
    return this.t.seg.rawWnd;
  }
  /** Octets of text on the SYN. */
  get length(): number {
    return this.t.seg.len;
  }
  /** -1 = the option is not there; so with `windowScale`. */
  get mss(): number {
    return this.sees(OPT_MSS) ? this.t.options.mss : -1;
  }
  get windowScale(): number {
    return this.sees(OPT_WS) ? this.t.options.ws : -1;
  }
  get sack(): boolean {
    return this.sees(OPT_SACK_OK);
  }
  get timestamps(): boolean {
    return this.sees(OPT_TS);
  }
  /** Octets of a Fast Open cookie; 0 = it asks for one, -1 = the option is not there. */
  get fastOpen(): number {
    this.sees(0);
    return this.t.options.fastOpenAt < 0 ? -1 : this.t.options.fastOpenLength;
  }

  /** Entries in the SYN queue, connections nobody has accepted, and the backlog that bounds each. */
  get halfOpen(): number {
    return this.t.rows.words[this.listener * ROW_WORDS + HALF_OPEN]!;
  }
  get unaccepted(): number {
    return this.t.rows.words[this.listener * ROW_WORDS + BACKLOG]! >>> 16;
  }
  get backlog(): number {
    return this.t.rows.words[this.listener * ROW_WORDS + BACKLOG]! & 0xffff;
  }
  /** Of the whole stack. */
  get connections(): number {
    return this.t.rows.used - this.t.listeners.count;
  }

  private sees(option: number): boolean {
    if (!this.optionsRead) readOptions(this.t, this.t.seg);
    this.optionsRead = true;
    return (this.t.options.seen & option) !== 0;
  }
}

/** Returns one of SYN_*; must not throw. */
export type AskAboutSyn = (syn: SynView) => number;

export class SynHook {
  readonly view: SynView;
  readonly ask: AskAboutSyn;

  constructor(t: Tcp, ask: AskAboutSyn) {
    this.view = new SynView(t);
    this.ask = ask;
  }
}

/** Whether the user does not want this SYN. It is counted, and answered as he says. */
export function refused(t: Tcp, hook: SynHook, listener: number, seg: Segment, identity: Int32Array): boolean {
  hook.view.begin(listener, identity);
  const verdict = hook.ask(hook.view);
  hook.view.restore(identity);
  const listens = t.rows.words[listener * ROW_WORDS + STATE] === LISTEN; // the hook may have ended it
  if (verdict === SYN_ACCEPT && listens) return false;
  t.counters.synsRefused++;
  if (verdict === SYN_RESET) replyReset(t, seg);
  return true;
}

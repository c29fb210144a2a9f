/** The `syn` hook of a listener: what it sees, and what becomes of its answer. */
import { type InspectOptions, inspect } from 'node:util';
import { SYN_ACCEPT, SYN_DROP, SYN_RESET, type SynView } from '../core/tcp/syn-hook.ts';
import { isMapped } from '../wire/address.ts';
import { formatAddress } from '../wire/address-text.ts';
import { StackError } from './errors.ts';
import { place, shown } from './shown.ts';
import { surface } from './surface.ts';

/** `drop`: as if it had never come; the peer tries again. `reset`: the peer learns that nobody wants it (ECONNREFUSED). */
export type SynVerdict = 'accept' | 'drop' | 'reset';

/** Asked before a SYN is answered. It must answer at once: a promise is no answer. */
export type SynHandler = (syn: SynInfo) => SynVerdict;

/** A SYN before it is answered. One object for all of them: what it says is true during the call only. */
export class SynInfo {
  readonly #view: SynView;
  readonly #words = new Int32Array(4);

  /** @internal */
  constructor(view: SynView) {
    this.#view = view;
  }

  /** The peer's address. */
  get remoteAddress(): string {
    return this.#address(1);
  }
  /** The peer's port. */
  get remotePort(): number {
    return this.#view.endpoint(1, this.#words);
  }
  /** Ours that it is for. */
  get localAddress(): string {
    return this.#address(0);
  }
  /** The port it is for. */
  get localPort(): number {
    return this.#view.endpoint(0, this.#words);
  }
  /** Of both addresses. */
  get family(): 'IPv4' | 'IPv6' {
    this.#view.endpoint(1, this.#words);
    return isMapped(this.#words) ? 'IPv4' : 'IPv6';
  }
  /** TTL or hop limit as it arrived: hosts send 64, 128 or 255, and each router on the way takes one off. */
  get ttl(): number {
    return this.#view.ttl;
  }
  /** TOS or traffic class byte of the packet. */
  get typeOfService(): number {
    return this.#view.tos;
  }
  /** Receive window that the peer offers with it. */
  get window(): number {
    return this.#view.window;
  }
  /** Bytes of text that came along. */
  get length(): number {
    return this.#view.length;
  }
  /** Maximum segment size that it names. Options that the SYN does not have are undefined, or false. */
  get mss(): number | undefined {
    return given(this.#view.mss);
  }
  /** Shift that it asks for (RFC 7323 §2). */
  get windowScale(): number | undefined {
    return given(this.#view.windowScale);
  }
  /** Whether it permits selective acknowledgments (RFC 2018). */
  get sack(): boolean {
    return this.#view.sack;
  }
  /** Whether it asks for timestamps (RFC 7323). */
  get timestamps(): boolean {
    return this.#view.timestamps;
  }
  /** Bytes of its Fast Open cookie; 0 = it asks for one. */
  get fastOpen(): number | undefined {
    return given(this.#view.fastOpen);
  }
  /** Connections of this listener that wait for their third ACK. */
  get halfOpen(): number {
    return this.#view.halfOpen;
  }
  /** Connections of this listener that nobody has accepted yet. */
  get unaccepted(): number {
    return this.#view.unaccepted;
  }
  /** What bounds each of these. */
  get backlog(): number {
    return this.#view.backlog;
  }
  /** Connections of the whole stack. */
  get connections(): number {
    return this.#view.connections;
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { ttl, typeOfService, window, length, mss, windowScale, sack, timestamps, fastOpen } = this;
    const { halfOpen, unaccepted, backlog, connections } = this;
    const ends = {
      remote: place({ address: this.remoteAddress, family: this.family, port: this.remotePort }),
      local: place({ address: this.localAddress, family: this.family, port: this.localPort }),
    };
    const asked = { ttl, typeOfService, window, length, mss, windowScale, sack, timestamps, fastOpen };
    return shown('SynInfo', { ...ends, ...asked, halfOpen, unaccepted, backlog, connections }, depth, options);
  }

  #address(which: 0 | 1): string {
    this.#view.endpoint(which, this.#words);
    return formatAddress(this.#words);
  }
}

function given(value: number): number | undefined {
  return value < 0 ? undefined : value;
}

const VERDICTS: Readonly<Record<SynVerdict, number>> = { accept: SYN_ACCEPT, drop: SYN_DROP, reset: SYN_RESET };

/** The core's hook of the users'. One that throws, or gives no answer, drops; its error surfaces as those of other handlers do. */
export function askAboutSyn(handlerOf: (listener: number) => SynHandler | undefined): (view: SynView) => number {
  let info: SynInfo | undefined;
  return (view) => {
    const handler = handlerOf(view.listener);
    if (handler === undefined) return SYN_ACCEPT;
    info ??= new SynInfo(view);
    try {
      const verdict: unknown = handler(info);
      if (typeof verdict === 'string' && Object.hasOwn(VERDICTS, verdict)) return VERDICTS[verdict as SynVerdict];
      throw new StackError(
        'ERR_USERTCP_SYN_VERDICT',
        `the syn hook returned ${inspect(verdict, { depth: 0 })}; it must return "accept", "drop" or "reset"`,
      );
    } catch (error) {
      surface(error);
      return SYN_DROP;
    }
  };
}

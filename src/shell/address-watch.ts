/** What becomes of the stack's addresses after the start: links are told what to accept, users what they lost. */
import { ADDRESS_ADDED, ADDRESS_EXPIRED, ADDRESS_SETTLED, ADDRESS_TAKEN } from '../core/events.ts';
import type { IpLayer } from '../core/ip/ip-layer.ts';
import type { Link } from '../ports.ts';
import { formatAddress } from '../wire/address-text.ts';
import { StackError } from './errors.ts';
import { warner } from './warner.ts';

export interface Watched {
  readonly ip: IpLayer;
  readonly links: readonly Link[];
  /** Kept true: the addresses of the stack, and what went wrong. */
  readonly addresses: string[];
  readonly warnings: string[];
  /** Told of an address that somebody else has. */
  readonly onTaken?: (address: string) => void;
  /** Keeps the process alive. */
  readonly keepAlive: { hold(): void; letGo(): void };
}

export class AddressWatch {
  readonly #watched: Watched;
  readonly #settled = new Set<string>();
  #failure: Error | undefined;
  #look: () => void = () => {};

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** EV_ADDRESS at word `at`. */
  changed(words: Int32Array, at: number): void {
    const { ip, links, addresses } = this.#watched;
    const word = words[at + 1]!;
    const link = (word >>> 8) & 0xff;
    const text = formatAddress(words.subarray(at + 3, at + 7));
    links[link]?.setAddresses?.(ip.acceptedBy(link));
    switch (word & 0xff) {
      case ADDRESS_ADDED:
        if (!addresses.includes(text)) addresses.push(text);
        break;
      case ADDRESS_SETTLED:
        this.#settled.add(text);
        break;
      case ADDRESS_TAKEN:
        this.#taken(text, macText(words[at + 2]!, word >>> 16), links[link]?.name ?? '');
        this.#watched.onTaken?.(text);
        break;
      case ADDRESS_EXPIRED:
        this.#forget(text);
    }
    this.#look();
  }

  /** Resolves when nobody else was found to have these addresses, rejects when somebody was. */
  settled(wanted: readonly string[]): Promise<void> {
    const { keepAlive } = this.#watched;
    keepAlive.hold();
    return new Promise<void>((resolve, reject) => {
      this.#look = () => {
        if (this.#failure !== undefined) reject(this.#failure);
        else if (wanted.every((text) => this.#settled.has(text))) resolve();
      };
      this.#look();
    }).finally(() => keepAlive.letGo());
  }

  #forget(text: string): void {
    const { addresses } = this.#watched;
    if (addresses.includes(text)) addresses.splice(addresses.indexOf(text), 1);
  }

  #taken(text: string, mac: string, device: string): void {
    this.#forget(text);
    this.#failure = new StackError('ERR_USERTCP_ADDRESS_IN_USE', `${text} is in use on ${device} by ${mac}`);
    const warn = warner(this.#watched.warnings, 'USERTCP_ADDRESS_IN_USE');
    warn(`${text} is in use on ${device} by ${mac}; this stack does not use it any more`);
  }
}

function macText(hi: number, lo: number): string {
  const hex = (hi >>> 0).toString(16).padStart(8, '0') + lo.toString(16).padStart(4, '0');
  return hex.match(/../g)!.join(':');
}

/**
 * Ingress rules for the addresses that the stack gives itself after the start: that of the link (RFC 4291 §2.1) and those of the
 * prefixes that routers advertise (RFC 4862 §5.5.3). A kernel that forwards would send packets for them on to us, and redirects and
 * errors to our peers (ADR 10).
 */
import { ADDRESS_ADDED, ADDRESS_EXPIRED, ADDRESS_TAKEN } from '../core/events.ts';
import { ADDRESS_WORDS, isLinkLocal, isMapped } from '../wire/address.ts';
import { formatAddress } from '../wire/address-text.ts';

export interface AutomaticFencesParts {
  /** Keeps the host's kernel from answering for an address; resolves to what undoes it. */
  readonly fence: (address: string) => Promise<() => Promise<void>>;
  /** Whether the host's kernel forwards IPv6 now: of packets to a link-local address it makes nothing otherwise. */
  readonly forwards: () => boolean;
  readonly warn: (sentence: string) => void;
}

/** The device; further links have no kernel beside them. */
const LINK = 0;

export class AutomaticFences {
  readonly #parts: AutomaticFencesParts;
  readonly #up = new Map<string, Promise<(() => Promise<void>) | undefined>>();
  #closed = false;

  constructor(parts: AutomaticFencesParts) {
    this.#parts = parts;
  }

  /** EV_ADDRESS at word `at`. IPv4 addresses that come later are leases, which are fenced before they are ours. */
  changed(words: Int32Array, at: number): void {
    const what = words[at + 1]!;
    const address = words.subarray(at + 3, at + 3 + ADDRESS_WORDS);
    if (((what >>> 8) & 0xff) !== LINK || isMapped(address)) return;
    switch (what & 0xff) {
      case ADDRESS_ADDED:
        if (!isLinkLocal(address) || this.#parts.forwards()) this.#add(formatAddress(address));
        break;
      case ADDRESS_TAKEN:
      case ADDRESS_EXPIRED:
        void this.#remove(formatAddress(address));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#up.keys()].map((text) => this.#remove(text)));
  }

  #add(text: string): void {
    if (this.#closed || this.#up.has(text)) return;
    const { fence, warn } = this.#parts;
    const fenced = fence(text).catch((error: Error) => {
      warn(`the kernel is not kept away from ${text}: ${error.message}`);
      return undefined;
    });
    this.#up.set(text, fenced);
  }

  async #remove(text: string): Promise<void> {
    const fenced = this.#up.get(text);
    this.#up.delete(text);
    await (await fenced)?.();
  }
}

/** Answers for as long as they say, positive and negative (RFC 2308); the oldest go when there are too many. */
export interface CacheEntry<T> {
  readonly value: T;
  /** ms, as the clock of whoever asks. */
  readonly until: number;
}

export class DnsCache<T> {
  readonly #most: number;
  readonly #entries = new Map<string, CacheEntry<T>>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > now) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, until: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until });
    if (this.#entries.size <= this.#most) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** What a link is closed behind: the burst at hand. Promises may run within one (`usertcp/net`), and what they run may close the stack. */
export class BurstGate {
  /** Bursts of a loopback may begin in the middle of others. */
  #depth = 0;
  #waiting: (() => void)[] = [];

  get within(): boolean {
    return this.#depth > 0;
  }

  enter(): void {
    this.#depth++;
  }

  leave(): void {
    if (--this.#depth > 0 || this.#waiting.length === 0) return;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Resolves when the burst that is under way is over. */
  over(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/**
 * What is under way for the application and has no connection to end it by: a name that is looked up, a race of attempts. Each is given up
 * when the stack closes.
 */
import { StackError } from './errors.ts';

export class Errands {
  readonly #open = new Set<(closed: StackError) => void>();
  #over = false;

  /** The stack closes, or is closed: nothing may begin any more. */
  get over(): boolean {
    return this.#over;
  }

  /** `giveUp` is called, never at once, if the stack closes before the function that this returns is called. */
  begin(giveUp: (closed: StackError) => void): () => void {
    this.#open.add(giveUp);
    if (this.#over) queueMicrotask(() => this.end());
    return () => void this.#open.delete(giveUp);
  }

  /** The stack closes. */
  end(): void {
    this.#over = true;
    const open = [...this.#open];
    this.#open.clear();
    for (const giveUp of open) giveUp(new StackError('ERR_USERTCP_CLOSED', 'the stack was closed'));
  }
}

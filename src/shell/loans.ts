/** Who holds views of memory that links take back as soon as this callback of the event loop has returned. */

export class Loans {
  #over: (() => void)[] = [];
  /** Promises have run since the first of them: the borrowers have had their turn. */
  #seen = false;

  /** One timer of the loop for all of a callback; it comes after the callback's microtasks, where the borrowers run. */
  add(over: () => void): void {
    if (this.#over.push(over) > 1) return;
    setImmediate(this.#end);
    queueMicrotask(this.#mark);
  }

  /**
   * A burst begins. One callback of the loop may bring several, and a link gives memory back after each; but one that brings them in
   * a row, without promises in between, has all of it until they run.
   */
  readonly burst = (): void => {
    if (this.#seen) this.#end();
  };

  readonly #mark = (): void => {
    this.#seen = true;
  };

  readonly #end = (): void => {
    this.#seen = false;
    for (const over of this.#over.splice(0)) over();
  };
}

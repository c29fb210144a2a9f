/** Who holds views of memory that links take back as soon as this callback of the event loop has returned. */

export class Loans {
  #over: (() => void)[] = [];

  /** One timer of the loop for all of a callback; it comes after the callback's microtasks, where the borrowers run. */
  add(over: () => void): void {
    if (this.#over.push(over) === 1) setImmediate(this.#end);
  }

  readonly #end = (): void => {
    for (const over of this.#over.splice(0)) over();
  };
}

/** What the commands print with: colours only where they are wanted, progress only on a terminal. */

const ESC = '\x1b[';

export class Terminal {
  readonly #out: NodeJS.WriteStream;
  readonly #color: boolean;
  #progress = false;

  constructor(out: NodeJS.WriteStream = process.stdout, env: NodeJS.ProcessEnv = process.env) {
    this.#out = out;
    this.#color = out.isTTY === true && (env.NO_COLOR ?? '') === '';
  }

  line(text = ''): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  /** Replaced by the next line or progress. */
  progress(text: string): void {
    if (this.#out.isTTY !== true) return;
    this.#clear();
    this.#out.write(text);
    this.#progress = true;
  }

  good(text: string): string {
    return this.#paint(32, text);
  }
  bad(text: string): string {
    return this.#paint(31, text);
  }
  faint(text: string): string {
    return this.#paint(2, text);
  }
  bold(text: string): string {
    return this.#paint(1, text);
  }

  get color(): boolean {
    return this.#color;
  }
  get columns(): number | undefined {
    return this.#out.columns;
  }

  #paint(code: number, text: string): string {
    return this.#color ? `${ESC}${code}m${text}${ESC}0m` : text;
  }

  #clear(): void {
    if (this.#progress) this.#out.write(`\r${ESC}K`);
    this.#progress = false;
  }
}

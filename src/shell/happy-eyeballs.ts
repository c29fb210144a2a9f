/**
 * Happy Eyeballs (RFC 8305): of all addresses of a name, one attempt after the other begins, a little apart, and the first that is
 * established wins. None is cut short because the next begins: a slow one may still be the first.
 */
import { compareDestinations, interleave } from '../core/ip/destination.ts';
import { isMapped } from '../wire/address.ts';
import { parseAddress, tryParseAddress } from '../wire/address-text.ts';
import type { Conn } from './conn.ts';
import { type ConnectOptions, openTo } from './connect.ts';
import type { Engine } from './engine.ts';
import type { SystemError } from './errors.ts';
import { type Answer, ask, questionsOf } from './lookups.ts';

/** ms; §3: how long an A record waits for the AAAA that is still to come. */
const RESOLUTION_DELAY = 50;
/** ms; §5. */
export const ATTEMPT_DELAY = 250;

interface Target {
  readonly text: string;
  readonly words: Int32Array;
  readonly source: Int32Array | null;
}

export interface Finish {
  won(conn: Conn): void;
  lost(error: Error): void;
}

export class Race {
  readonly #engine: Engine;
  readonly #options: ConnectOptions;
  readonly #finish: Finish;
  readonly #delay: number;
  /** Not tried yet, in the order they will be. */
  #targets: Target[] = [];
  readonly #running = new Set<Conn>();
  readonly #known = new Set<string>();
  readonly #errors: Error[] = [];
  readonly #unresolved: Error[] = [];
  /** Questions without an answer. */
  readonly #open: Set<0 | 4 | 6>;
  /** What gives each of them up. */
  readonly #asked: (() => void)[] = [];
  #cancel: (() => void) | undefined;
  readonly #settled: () => void;
  #begun = false;
  #over = false;

  constructor(engine: Engine, options: ConnectOptions, finish: Finish) {
    this.#engine = engine;
    this.#options = options;
    this.#finish = finish;
    this.#delay = options.attemptDelay ?? ATTEMPT_DELAY;
    const host = options.host ?? 'localhost';
    const questions = tryParseAddress(host) === undefined ? questionsOf(options) : [];
    this.#open = new Set(questions);
    this.#settled = engine.errands.begin((closed) => {
      this.stop();
      finish.lost(closed);
    });
    if (questions.length === 0) this.#answered({ family: 0, addresses: [host] });
    for (const question of questions) {
      const giveUp = ask(engine, options, host, question, (answer) => this.#answered(answer));
      if (this.#over) giveUp();
      else this.#asked.push(giveUp);
    }
  }

  /** Nobody waits for it any more. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#settled();
    this.#cancel?.();
    for (const giveUp of this.#asked) giveUp();
    for (const conn of this.#running) conn.release(true);
    this.#running.clear();
  }

  #answered(answer: Answer): void {
    if (this.#over) return;
    this.#open.delete(answer.family);
    if (answer.error !== undefined) this.#unresolved.push(answer.error);
    for (const text of answer.addresses) this.#add(text);
    this.#targets = interleave(this.#targets.sort(compareDestinations), ({ words }) => isMapped(words));
    if (this.#begun) {
      if (this.#running.size === 0) this.#next();
      else if (this.#cancel === undefined) this.#soon(this.#delay);
    } else if (this.#open.size === 0 || answer.family === 6) this.#begin();
    else if (this.#targets.length > 0) this.#soon(RESOLUTION_DELAY);
  }

  #add(text: string): void {
    const words = parseAddress(text);
    const { localAddress } = this.#options;
    if (this.#known.has(text)) return;
    // An end that the user named decides the family.
    if (localAddress !== undefined && localAddress !== '::' && localAddress.includes(':') === isMapped(words)) return;
    this.#known.add(text);
    const source = new Int32Array(4);
    const reachable = this.#engine.core.ip.sourceFor(words, source);
    this.#targets.push({ text, words, source: reachable ? source : null });
  }

  #soon(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#engine.after(ms, () => {
      this.#cancel = undefined;
      if (this.#begun) this.#next();
      else this.#begin();
    });
  }

  #begin(): void {
    if (this.#targets.length === 0 && this.#open.size > 0) return;
    this.#begun = true;
    this.#next();
  }

  /** The next attempt begins; the ones under way go on. */
  #next(): void {
    if (this.#over) return;
    this.#cancel?.();
    this.#cancel = undefined;
    const target = this.#targets.shift();
    if (target === undefined) return this.#maybeLost();
    const { data, ...bare } = this.#options;
    // Whoever may be sent to by two attempts must not hear it twice, unless the user allows it.
    const alone = this.#running.size + this.#targets.length + this.#open.size + this.#errors.length === 0;
    const early = data === undefined || alone || bare.fastOpen === true;
    const conn = openTo(this.#engine, early ? this.#options : bare, target.words, target.text, {
      open: (established) => {
        if (!early) established.write(data);
        this.#won(established);
      },
      close: (ended, error) => this.#failed(ended, error),
    });
    if (conn instanceof Error) {
      this.#errors.push(conn);
      return this.#next();
    }
    this.#running.add(conn);
    if (this.#targets.length > 0) this.#soon(this.#delay);
  }

  #won(conn: Conn): void {
    this.#running.delete(conn);
    this.stop();
    this.#finish.won(conn);
  }

  /** §5: no reason to wait for the others' turn. */
  #failed(conn: Conn, error: Error | null): void {
    this.#running.delete(conn);
    if (this.#over) return;
    if (error === null) {
      // The stack is being closed.
      this.stop();
      this.#finish.lost(new Error('the connection was closed before it was established'));
      return;
    }
    this.#errors.push(error);
    this.#next();
  }

  #maybeLost(): void {
    if (this.#running.size > 0 || this.#open.size > 0) return;
    this.stop();
    this.#finish.lost(this.#verdict());
  }

  #verdict(): Error {
    const [first, second] = this.#errors as SystemError[];
    if (first === undefined) {
      const unresolved = this.#unresolved as (Error & { code?: string })[];
      return (
        unresolved.find(({ code }) => code !== 'ENODATA') ??
        unresolved[0] ??
        new Error(`${this.#options.host} has no address of the family of ${this.#options.localAddress}`)
      );
    }
    if (second === undefined) return first;
    // As node:net does it: the code of the first, and all of them.
    const { host, port } = this.#options;
    const list = this.#errors.map(({ message }) => message).join('; ');
    const all = new AggregateError(this.#errors, `connect ${first.code} ${host}:${port}: ${list}`);
    return Object.assign(all, { code: first.code, errno: first.errno, syscall: 'connect' });
  }
}

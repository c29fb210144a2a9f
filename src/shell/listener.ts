/** The promise level of a server: `for await (const conn of stack.listen(80))`. */
import { AsyncResource } from 'node:async_hooks';
import { type InspectOptions, inspect } from 'node:util';
import type { Conn } from './conn.ts';
import { Connection } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { Engine } from './engine.ts';
import type { Handlers } from './handlers.ts';
import { checkListenNames, Listening, type ListenOptions } from './service.ts';
import { shown } from './shown.ts';

/** Connections wait in the accept queue, their windows closing, until the loop takes them. */
export class Listener implements AsyncIterable<Connection>, AsyncDisposable {
  readonly #engine: Engine;
  readonly #listening: Listening;
  readonly #waiting: Conn[] = [];
  #takers: ((conn: Conn | null) => void)[] = [];
  #closed = false;

  /** @internal Made by `stack.listen`. */
  constructor(engine: Engine, port: number, options: ListenOptions | null = {}) {
    const given = checkListenNames(options);
    this.#engine = engine;
    const handlers: Handlers = {
      open: (conn) => this.#offer(conn),
      end: () => {},
      close: (conn) => this.#withdraw(conn),
      broke: (conn) => conn.abort(), // nobody has it, and the backlog does not count it any more
    };
    this.#listening = new Listening(engine, port, given, { handlers, queued: true, closed: () => this.close() });
  }

  /** Where it listens. */
  get port(): number {
    return this.#listening.end.port;
  }

  /** Where it listens; `::` = every address. */
  address(): Endpoint {
    return this.#listening.end;
  }

  /** The next connection; null once the listener is closed. */
  accept(): Promise<Connection | null> {
    const conn = this.#waiting.shift();
    if (conn !== undefined) return Promise.resolve(this.#take(conn));
    if (this.#closed) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#takers.push(AsyncResource.bind((conn) => resolve(conn === null ? null : this.#take(conn))));
    });
  }

  /** Connections, until it is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, void> {
    for (let conn = await this.accept(); conn !== null; conn = await this.accept()) yield conn;
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    return shown('Listener', { ...this.#listening.facts(), waiting: this.#waiting.length }, depth, options);
  }

  /** Stops accepting; connections nobody took are reset. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const conn of this.#waiting.splice(0)) conn.release(true);
    this.#listening.close();
    for (const take of this.#takers.splice(0)) take(null);
  }

  /** As `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #offer(conn: Conn): void {
    const take = this.#takers.shift();
    if (take === undefined) this.#waiting.push(conn);
    else take(conn);
  }

  #take(conn: Conn): Connection {
    this.#engine.accepted(conn);
    return new Connection(conn);
  }

  /** Reset by the peer before anybody took it. */
  #withdraw(conn: Conn): void {
    const at = this.#waiting.indexOf(conn);
    if (at >= 0) this.#waiting.splice(at, 1);
  }
}

/**
 * `reusePort`: several listeners of a stack on one port of one address. The core has one LISTEN row for them; its connections go to them in
 * turn, so each gets its share also of a few (ADR 43).
 */
import type { OpenOptions } from '../core/api.ts';
import type { Acceptor } from './acceptor.ts';
import type { Engine } from './engine.ts';
import { NO_HANDLERS } from './handlers.ts';
import type { SynInfo, SynVerdict } from './syn-info.ts';

/** Of each stack, by address and port. */
const portsOf = new WeakMap<Engine, Map<string, SharedPort>>();

export class SharedPort implements Acceptor {
  readonly handlers = NO_HANDLERS;
  readonly queued = false;
  readonly #engine: Engine;
  readonly #members: Acceptor[] = [];
  #row = -1;
  #key = '';
  #turn = 0;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The row of those who share the port: `member` is one of them now. A core error (< 0) when it is somebody's who does not share. */
  static open(
    engine: Engine,
    address: Int32Array,
    port: number,
    backlog: number,
    tcp: OpenOptions,
    member: Acceptor,
  ): number {
    const known = portsOf.get(engine)?.get(keyOf(address, port));
    const shared = known ?? new SharedPort(engine);
    if (known === undefined) {
      const row = engine.listen(address, port, backlog, tcp, shared);
      if (row < 0) return row;
      shared.#begin(row, address);
    } else engine.hold();
    if (member.handlers.state !== undefined) engine.witness.wantStates();
    shared.#members.push(member);
    return shared.#row;
  }

  /** One of them goes; with the last one the port does. */
  static leave(engine: Engine, row: number, member: Acceptor): void {
    for (const shared of portsOf.get(engine)?.values() ?? []) if (shared.#row === row) shared.#leave(member);
  }

  #begin(row: number, address: Int32Array): void {
    this.#row = row;
    this.#key = keyOf(address, this.#engine.endpoint(row, 0).port);
    const ports = portsOf.get(this.#engine) ?? new Map<string, SharedPort>();
    portsOf.set(this.#engine, ports.set(this.#key, this));
  }

  /** Whose turn it is. */
  next(): Acceptor | undefined {
    return this.#members[this.#turn++ % this.#members.length];
  }

  /** Whatever any of them has against a SYN holds: whose connection it is to be is not known yet. */
  readonly syn = (info: SynInfo): SynVerdict => {
    for (const { syn } of this.#members) {
      const verdict = syn?.(info) ?? 'accept';
      if (verdict !== 'accept') return verdict;
    }
    return 'accept';
  };

  /** The stack closes, or took the row away. */
  closed(): void {
    this.#forget();
    for (const member of [...this.#members]) member.closed?.();
    for (const member of [...this.#members]) this.#leave(member);
  }

  #leave(member: Acceptor): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    if (this.#members.length > 0) return this.#engine.letGo();
    this.#forget();
    this.#engine.unlisten(this.#row);
  }

  #forget(): void {
    portsOf.get(this.#engine)?.delete(this.#key);
  }
}

function keyOf(address: Int32Array, port: number): string {
  return `${address.join()} ${port}`;
}

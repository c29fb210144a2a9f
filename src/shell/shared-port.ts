/**
 * `reusePort`: several listeners of a stack on one port of one address. The core has one LISTEN row for them; its connections go to them in
 * turn, so each gets its share also of a few (ADR 43).
 */
import type { OpenOptions } from '../core/api.ts';
import type { Acceptor } from './acceptor.ts';
import type { Engine } from './engine.ts';
import { NO_HANDLERS } from './handlers.ts';
import type { SynHandler, SynInfo, SynVerdict } from './syn-info.ts';

/** Of each stack, by address and port. */
const portsOf = new WeakMap<Engine, Map<string, SharedPort>>();

export class SharedPort implements Acceptor {
  readonly handlers = NO_HANDLERS;
  readonly queued = false;
  readonly #engine: Engine;
  readonly #members: Acceptor[] = [];
  /** Absent while nobody has anything against a SYN: the core need not ask. */
  syn: SynHandler | undefined;
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
    shared.#join(member);
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

  #join(member: Acceptor): void {
    this.#members.push(member);
    if (member.handlers.state !== undefined) this.#engine.witness.wantStates();
    this.#look();
    if (this.syn !== undefined) this.#engine.core.onSyn = this.#engine.aboutSyns();
  }

  #look(): void {
    const asked = this.#members.some(({ syn, ipv6Only }) => syn !== undefined || ipv6Only);
    this.syn = asked ? (info) => this.#verdict(info) : undefined;
  }

  /** Whose turn it is; those who take no IPv4 let it pass. */
  next(child: number): Acceptor | undefined {
    const members = this.#members;
    const picky = members.some(({ ipv6Only }) => ipv6Only) && this.#engine.endpoint(child, 1).family === 'IPv4';
    for (let tries = members.length; tries > 0; tries--) {
      const member = members[this.#turn++ % members.length]!;
      if (!picky || !member.ipv6Only) return member;
    }
    return undefined;
  }

  /** Whatever any of those that it may be for has against a SYN holds: whose connection it is to be is not known yet. */
  #verdict(info: SynInfo): SynVerdict {
    const four = info.family === 'IPv4';
    const takers = this.#members.filter(({ ipv6Only }) => !four || !ipv6Only);
    if (takers.length === 0) return 'reset';
    for (const { syn } of takers) {
      const verdict = syn?.(info) ?? 'accept';
      if (verdict !== 'accept') return verdict;
    }
    return 'accept';
  }

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
    this.#look();
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

/** Whether a local port is taken toward one remote: the answer RFC 6056's search asks for. */
import type { FlowTable } from '../../wire/flow-table.ts';
import type { PortUse } from '../ephemeral.ts';
import type { Share } from '../share.ts';
import type { HalfOpens } from './half-opens.ts';
import type { Listeners } from './listeners.ts';
import type { Tcb } from './tcb.ts';
import type { TimeWaits } from './time-waits.ts';

export class PortProbe implements PortUse {
  private readonly flows: FlowTable;
  private readonly listeners: Listeners;
  private readonly timeWaits: TimeWaits;
  private readonly halfOpens: HalfOpens;
  private readonly share: Share;
  /** Whether the connection never leaves this stack. */
  private local = false;
  private readonly identity = new Int32Array(9);

  constructor(flows: FlowTable, listeners: Listeners, timeWaits: TimeWaits, halfOpens: HalfOpens, share: Share) {
    this.share = share;
    this.flows = flows;
    this.listeners = listeners;
    this.timeWaits = timeWaits;
    this.halfOpens = halfOpens;
  }

  /** The connection that wants a port: addresses and remote port are set. */
  about(tcb: Tcb, local = false): this {
    this.local = local;
    for (let n = 0; n < 9; n++) this.identity[n] = tcb.i32[tcb.at + n]!;
    return this;
  }

  inUse(port: number): boolean {
    if (this.listeners.has(port)) return true;
    this.identity[0] = (port << 16) | (this.identity[0]! & 0xffff);
    return this.strays(this.identity, 0) || this.taken(this.identity, 0);
  }

  /** Whether the answers would reach another stack with the same address. */
  strays(identity: Int32Array, at: number): boolean {
    return this.share.on && !this.local && !this.share.canOpen(identity, at);
  }

  /** Whether the identity at `at` is a connection, TIME_WAIT included. */
  taken(identity: Int32Array, at: number): boolean {
    if (this.flows.find(identity, at) >= 0) return true;
    return this.timeWaits.find(identity, at) >= 0 || this.halfOpens.find(identity, at) >= 0;
  }
}

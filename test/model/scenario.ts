/** What the users do and how bad the network may be; everything between that is for the checker to try. */
import type { OpenOptions, TcpDefaults } from '../../src/core/api.ts';
import type { Stranger } from './inject.ts';

/** How often each thing may happen in one history. */
export interface Budget {
  readonly drop: number;
  /** A segment arrives and is still under way. */
  readonly double: number;
  /** A segment overtakes others. */
  readonly reorder: number;
  /** A timer fires although segments are under way. With an empty network timers are free. */
  readonly early: number;
  readonly inject: number;
  /** From then on nothing arrives any more. */
  readonly cut: number;
}

export interface Scenario {
  readonly name: string;
  /** Rows of transitions.tsv with a sequence of segments, or a hazard, that are among its histories. */
  readonly ids?: readonly string[];
  /** What each user does, in order; `a|b` is a choice, `next n` waits for the n-th connection. One script: the host talks to itself. */
  readonly scripts: readonly (readonly string[])[];
  readonly budget: Budget;
  readonly tcp?: Partial<TcpDefaults>;
  readonly open?: OpenOptions;
  /** Text counts as read only when the user has read it, which may be at any time. */
  readonly slowReader?: boolean;
  /** A LISTEN at the head of a script is there from the start, unless this says that it may come late. */
  readonly lateListen?: boolean;
  readonly strangers?: readonly Stranger[];
  /** Connections either user may ever be told of (default 1). */
  readonly conns?: number;
  /** A SYN may meet a host that does not listen yet. */
  readonly mayRefuse?: boolean;
}

export function budget(b: Partial<Budget>): Budget {
  return { drop: 0, double: 0, reorder: 0, early: 0, inject: 0, cut: 0, ...b };
}

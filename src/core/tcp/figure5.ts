/**
 * RFC 9293 §3.3.2, Figure 5: the eleven states and the arrows between them, as data. `docs/figure5.mmd` is drawn from
 * this table and `test/unit/core/tcp/figure5.test.ts` holds the whole state x event matrix as a snapshot.
 * States are bits, so that `state & SYNCHRONIZED` is one AND.
 */

export const CLOSED = 1 << 0;
export const LISTEN = 1 << 1;
export const SYN_SENT = 1 << 2;
export const SYN_RECEIVED = 1 << 3;
export const ESTABLISHED = 1 << 4;
export const FIN_WAIT_1 = 1 << 5;
export const FIN_WAIT_2 = 1 << 6;
export const CLOSE_WAIT = 1 << 7;
export const CLOSING = 1 << 8;
export const LAST_ACK = 1 << 9;
export const TIME_WAIT = 1 << 10;

/** Both ends know each other's sequence numbers (RFC 9293 §3.5.2). */
export const SYNCHRONIZED = ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2 | CLOSE_WAIT | CLOSING | LAST_ACK | TIME_WAIT;
/** The peer's FIN has not been reached: text is still welcome. */
export const RECEIVING = ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2;

export const figure5 = {
  CLOSED: { passiveOpen: 'LISTEN', activeOpen: 'SYN_SENT' },
  LISTEN: { rcvSyn: 'SYN_RECEIVED', activeOpen: 'SYN_SENT', close: 'CLOSED', abort: 'CLOSED' },
  SYN_SENT: {
    rcvSynAck: 'ESTABLISHED',
    rcvSyn: 'SYN_RECEIVED',
    rcvRst: 'CLOSED',
    hardError: 'CLOSED',
    close: 'CLOSED',
    abort: 'CLOSED',
    giveUp: 'CLOSED',
  },
  SYN_RECEIVED: {
    rcvAckOfSyn: 'ESTABLISHED',
    backToListen: 'LISTEN',
    rcvRst: 'CLOSED',
    hardError: 'CLOSED',
    close: 'FIN_WAIT_1',
    abort: 'CLOSED',
    giveUp: 'CLOSED',
  },
  ESTABLISHED: { rcvFin: 'CLOSE_WAIT', rcvRst: 'CLOSED', close: 'FIN_WAIT_1', abort: 'CLOSED', giveUp: 'CLOSED' },
  FIN_WAIT_1: { rcvAckOfFin: 'FIN_WAIT_2', rcvFin: 'CLOSING', rcvRst: 'CLOSED', abort: 'CLOSED', giveUp: 'CLOSED' },
  FIN_WAIT_2: { rcvFin: 'TIME_WAIT', rcvRst: 'CLOSED', abort: 'CLOSED', giveUp: 'CLOSED', orphanTimeout: 'CLOSED' },
  CLOSE_WAIT: { rcvRst: 'CLOSED', close: 'LAST_ACK', abort: 'CLOSED', giveUp: 'CLOSED' },
  CLOSING: { rcvAckOfFin: 'TIME_WAIT', rcvRst: 'CLOSED', abort: 'CLOSED', giveUp: 'CLOSED' },
  LAST_ACK: { rcvAckOfFin: 'CLOSED', rcvRst: 'CLOSED', abort: 'CLOSED', giveUp: 'CLOSED' },
  TIME_WAIT: { timeout2MSL: 'CLOSED', rcvSyn: 'SYN_RECEIVED', rcvRst: 'CLOSED', abort: 'CLOSED', evict: 'CLOSED' },
} as const satisfies Record<string, Partial<Record<string, string>>>;

export type StateName = keyof typeof figure5;
/** An arrow of the figure that leaves state S: `rcvFin` in LISTEN does not compile. */
export type LegalIn<S extends StateName> = keyof (typeof figure5)[S] & string;
export type TcpEvent = { [S in StateName]: LegalIn<S> }[StateName];

export const stateNames = Object.keys(figure5) as StateName[];
export const eventNames: readonly TcpEvent[] = [
  'passiveOpen',
  'activeOpen',
  'rcvSyn',
  'rcvSynAck',
  'rcvAckOfSyn',
  'rcvFin',
  'rcvAckOfFin',
  'rcvRst',
  'close',
  'abort',
  'giveUp',
  'hardError',
  'backToListen',
  'timeout2MSL',
  'orphanTimeout',
  'evict',
];

/** Event numbers: the index in eventNames. */
export const EV = Object.fromEntries(eventNames.map((name, n) => [name, n])) as Readonly<Record<TcpEvent, number>>;

const NONE = 0;
/** next[state index * events + event] = state bit, or 0 where the figure has no arrow. */
const next = new Int32Array(stateNames.length * eventNames.length);
stateNames.forEach((from, n) => {
  for (const [event, to] of Object.entries(figure5[from])) {
    next[n * eventNames.length + EV[event as TcpEvent]] = 1 << stateNames.indexOf(to as StateName);
  }
});

/** The state bit an event leads to; 0 when the figure has no such arrow. */
export function arrow(state: number, event: number): number {
  return next[(31 - Math.clz32(state)) * eventNames.length + event] ?? NONE;
}

export function stateName(state: number): StateName {
  return stateNames[31 - Math.clz32(state)] ?? 'CLOSED';
}

/** The figure as a Mermaid state diagram; `docs/figure5.mmd` is this text. */
export function mermaid(): string {
  const lines = ['stateDiagram-v2', '  [*] --> CLOSED'];
  for (const from of stateNames) {
    for (const [event, to] of Object.entries(figure5[from])) lines.push(`  ${from} --> ${to}: ${event}`);
  }
  return `${lines.join('\n')}\n`;
}

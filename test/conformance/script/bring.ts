/** Brings a connection into any of the eleven states by calls and real segments. */
import { type StateName, stateNames } from '../../../src/core/tcp/figure5.ts';
import type { Script } from './script.ts';

export type Origin = 'passive' | 'active';

/** Relative numbers of the connection once it is there. */
export interface Place {
  /** SND.UNA, SND.NXT and RCV.NXT. */
  readonly una: number;
  readonly snd: number;
  readonly rcv: number;
}

const OPEN = `
  listen
  +0 < S seq 0 win 32792 <mss 1000>
  +0 > S. seq 0 ack 1
`;
const OPEN_CROSSING = `
  open active
  +0 > S seq 0
  +0 < S seq 0 win 32792 <mss 1000>
  +0 > S. seq 0 ack 1
`;
const CONNECT = `
  open active
  +0 > S seq 0
  +0 < S. seq 0 ack 1 win 32792 <mss 1000>
  +0 > . seq 1 ack 1
`;
const ESTABLISHED = { passive: `${OPEN}\n+0 < . seq 1 ack 1`, active: CONNECT };
const CLOSE = `
  close
  +0 > F. seq 1 ack 1
`;
const PEER_CLOSES = `
  +0 < F. seq 1 ack 1
  +0 > . seq 1 ack 2
`;

const WAYS: Readonly<Record<StateName, (origin: Origin) => string>> = {
  CLOSED: () => '',
  LISTEN: () => 'listen',
  SYN_SENT: () => 'open active\n+0 > S seq 0',
  SYN_RECEIVED: (origin) => (origin === 'passive' ? OPEN : OPEN_CROSSING),
  ESTABLISHED: (origin) => ESTABLISHED[origin],
  FIN_WAIT_1: (origin) => `${ESTABLISHED[origin]}${CLOSE}`,
  FIN_WAIT_2: (origin) => `${ESTABLISHED[origin]}${CLOSE}+0 < . seq 1 ack 2`,
  CLOSE_WAIT: (origin) => `${ESTABLISHED[origin]}${PEER_CLOSES}`,
  CLOSING: (origin) => `${ESTABLISHED[origin]}${CLOSE}+0 < F. seq 1 ack 1\n+0 > . seq 2 ack 2`,
  LAST_ACK: (origin) => `${ESTABLISHED[origin]}${PEER_CLOSES}close\n+0 > F. seq 1 ack 2`,
  TIME_WAIT: (origin) => `${ESTABLISHED[origin]}${CLOSE}+0 < . seq 1 ack 2\n+0 < F. seq 1 ack 2\n+0 > . seq 2 ack 2`,
};

const PLACES: Readonly<Record<StateName, Place>> = {
  CLOSED: { una: 0, snd: 0, rcv: 0 },
  LISTEN: { una: 0, snd: 0, rcv: 0 },
  SYN_SENT: { una: 0, snd: 1, rcv: 0 },
  SYN_RECEIVED: { una: 0, snd: 1, rcv: 1 },
  ESTABLISHED: { una: 1, snd: 1, rcv: 1 },
  FIN_WAIT_1: { una: 1, snd: 2, rcv: 1 },
  FIN_WAIT_2: { una: 2, snd: 2, rcv: 1 },
  CLOSE_WAIT: { una: 1, snd: 1, rcv: 2 },
  CLOSING: { una: 1, snd: 2, rcv: 2 },
  LAST_ACK: { una: 1, snd: 2, rcv: 2 },
  TIME_WAIT: { una: 2, snd: 2, rcv: 2 },
};

/** Events on the way are forgotten. `options` are those of the peer's SYN. */
export async function bring(
  s: Script,
  state: StateName,
  origin: Origin = 'passive',
  options = 'mss 1000',
): Promise<Place> {
  const way = WAYS[state](origin).replaceAll('<mss 1000>', `<${options}>`);
  await s.run(`${way}\n+0 > nothing\nexpect ${state}`);
  s.takeEvents();
  return PLACES[state];
}

export { type StateName, stateNames };

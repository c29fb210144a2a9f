/** Rows of transitions.tsv that no history of the model follows, each with the reason. Where something else proves them, it says what. */
const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `T${String(from + n).padStart(3, '0')}`);

export const unreached: ReadonlyMap<string, string> = new Map([
  ['T012', 'the model never runs out of rows; conformance scripts do'],
  ['T024', 'SEND does not open a connection here: T025 answers instead'],
  ...range(35, 46).map((id): [string, string] => [
    id,
    'the core hands text over as it comes; RECEIVE is the shell, whose tests do this',
  ]),
  ...range(139, 146).map((id): [string, string] => [id, 'no security compartments (RFC 9293 §A.1)']),
  ['T156', 'superseded by RFC 5961 §4: T149 to T155 answer with an ACK'],
  ['T191', 'FIN_WAIT_2 has nothing outstanding that could be acknowledged'],
  ['T232', 'LISTEN has no user timeout'],
  ['T237', 'nothing is outstanding in FIN_WAIT_2, so no user timeout runs; T266 bounds it'],
  ['T241', 'nothing is outstanding in TIME_WAIT; T249 ends it'],
  ['T263', 'LISTEN sets no retransmission timer'],
  ['T264', 'the timer stops with the ACK of the FIN'],
  ['T265', 'TIME_WAIT stops every other timer'],
  ['T267', 'a child gives up by R2 as T312 does; the trace calls both giveUp'],
  ['T291', 'restarts of 2MSL cost the peer a segment each; bounded by the cap on TIME_WAIT, not by the model'],
  ['T296', 'one pair of ports, so one child at a time; a conformance script has two'],
  ['T300', 'a burst holds one segment here; conformance scripts send several'],
  ['T303', 'SEND in LISTEN never opens, so it cannot run out of room'],
  ['T304', 'no right to a port is missing inside a process; EADDRNOTAVAIL has its own script'],
  ['T310', 'old timestamps are not forged; conformance scripts do'],
  ['T319', 'the model has no ICMP; conformance scripts do'],
  ['T320', 'the model has no ICMP; conformance scripts do'],
  ['T321', 'the model has no ICMP; conformance scripts do'],
  ['T324', 'our SYN carries no text'],
  ['T327', 'text of the model is too short for silly windows; conformance scripts have longer'],
]);

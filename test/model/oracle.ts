/** RFC 9293 §3.10.7 once more, for the tests alone: which rows of transitions.tsv a segment falls under that change no state. */

import { stateName } from '../../src/core/tcp/figure5.ts';
import type { Host } from './host.ts';
import { flightWord, word } from './layout.ts';
import { id } from './table.ts';

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const URG = 32;
const L4 = 34;

export interface Segment {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly len: number;
}

export function parse(bytes: Uint8Array): Segment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = (bytes[L4 + 12]! >> 4) * 4;
  return {
    seq: view.getInt32(L4 + 4),
    ack: view.getInt32(L4 + 8),
    flags: bytes[L4 + 13]!,
    len: bytes.length - L4 - header,
  };
}

/** What the segment meets. */
export interface Before {
  readonly state: string;
  readonly rcvNxt: number;
  readonly rcvEdge: number;
  readonly sndUna: number;
  readonly sndNxt: number;
  readonly maxWnd: number;
  readonly wl1: number;
  readonly wl2: number;
  readonly irs: number;
  /** Something is sent and not acknowledged, or waits to be sent. */
  readonly waits: boolean;
  readonly row: number;
  /** From a LISTEN [MUST-11]. */
  readonly passive: boolean;
}

export function before(host: Host): Before {
  const subject = host.subject();
  const base = subject?.at;
  const { words } = host.inside.rows;
  const at = (name: string): number => (base === undefined ? 0 : words[base + word(name)]!);
  const queued = host.inside.flights.words[at('flight') + flightWord('sndQueued')]!;
  return {
    state: base !== undefined ? stateName(at('state')) : host.state.listener >= 0 ? 'LISTEN' : 'CLOSED',
    rcvNxt: at('rcvNxt'),
    rcvEdge: at('rcvAdv'),
    sndUna: at('sndUna'),
    sndNxt: at('sndNxt'),
    maxWnd: at('maxSndWnd'),
    wl1: at('sndWl1'),
    wl2: at('sndWl2'),
    irs: at('irs'),
    waits: at('sndUna') !== at('sndNxt') || queued > 0,
    row: subject?.row ?? host.state.listener,
    passive: base !== undefined && at('listener') >= 0,
  };
}

const less = (a: number, b: number): boolean => ((a - b) | 0) < 0;
/** In the order of T097, T098 … */
const CHECKED = [
  'SYN_RECEIVED',
  'ESTABLISHED',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'CLOSE_WAIT',
  'CLOSING',
  'LAST_ACK',
  'TIME_WAIT',
];

export interface Finding {
  readonly ids: readonly string[];
  /** The segment ends here: the state must be what it was. */
  readonly stays: boolean;
}

/** Rows that hold for the segment whatever it changes; what it changes is in the trace. */
export function findings(b: Before, s: Segment): Finding {
  const fin = s.flags & FIN ? 1 : 0;
  if (b.state === 'CLOSED') {
    const row = s.flags & RST ? 81 : s.flags & ACK ? 83 : 82;
    return { ids: [id(row), ...(fin ? ['T220', 'T001'] : ['T001'])], stays: true };
  }
  if (b.state === 'LISTEN') {
    const row = s.flags & RST ? 84 : s.flags & ACK ? 85 : s.flags & SYN ? (fin ? 87 : 86) : 88;
    return { ids: ['T002', id(row), ...(fin && row === 88 ? ['T221'] : [])], stays: row !== 86 && row !== 87 };
  }
  if (b.state === 'SYN_SENT') return synSent(b, s);
  return synchronized(b, s);
}

function synSent(b: Before, s: Segment): Finding {
  const bad = (s.flags & ACK) !== 0 && (!less(b.sndUna, s.ack) || less(b.sndNxt, s.ack));
  const ids = ['T003'];
  if (bad) ids.push(s.flags & RST ? 'T090' : 'T089');
  else if (s.flags & RST) ids.push(s.flags & ACK ? 'T091' : 'T092');
  else if ((s.flags & SYN) === 0) ids.push('T096', ...(s.flags & FIN ? ['T222'] : []));
  const ends = !bad && (s.flags & (RST | ACK)) === (RST | ACK);
  return { ids, stays: !ends && (bad || (s.flags & SYN) === 0 || (s.flags & RST) !== 0) };
}

function synchronized(b: Before, s: Segment): Finding {
  const n = CHECKED.indexOf(b.state);
  const rst = (s.flags & RST) !== 0;
  // T286: in a simultaneous open the SYN,ACK repeats the peer's SYN.
  const opening = b.state === 'SYN_RECEIVED' && !b.passive && s.seq === b.irs && s.ack === b.sndNxt;
  const crossing = opening && (s.flags & (SYN | ACK | RST)) === (SYN | ACK);
  const [shape, good] = acceptable(b, s);
  if (!good && !crossing) {
    const ids = ['T004', shape, id(97 + 2 * n + (rst ? 1 : 0))];
    if (rst) ids.push(id(114 + 2 * n));
    if (b.state === 'SYN_RECEIVED' && s.flags & SYN && s.seq === b.irs) ids.push('T309');
    // T288, T287: what it acknowledges may count; in TIME_WAIT a SYN may begin the next connection.
    const heard = (s.flags & (ACK | SYN)) === ACK;
    const reopens = (s.flags & SYN) !== 0 && b.state === 'TIME_WAIT';
    return { ids, stays: rst || !(heard || reopens) };
  }
  const ids = ['T004', shape];
  if (rst) {
    if (s.seq !== b.rcvNxt) return { ids: [...ids, id(115 + 2 * n)], stays: true };
    return { ids: b.state === 'TIME_WAIT' ? [...ids, 'T138'] : ids, stays: b.state === 'TIME_WAIT' };
  }
  if (s.flags & SYN && !crossing)
    return { ids: n === 0 && b.passive ? ids : [...ids, id(148 + n)], stays: n === 0 ? !b.passive : n < 7 };
  if ((s.flags & ACK) === 0) return { ids: [...ids, id(157 + n)], stays: true };
  if (n === 0) {
    const ok = less(b.sndUna, s.ack) && !less(b.sndNxt, s.ack);
    if (!ok) return { ids: [...ids, 'T180'], stays: true };
    return { ids: [...ids, ...(s.flags & URG ? ['T261'] : []), ...(s.len > 0 ? ['T262'] : [])], stays: false };
  }
  const low = less(s.ack, (b.sndUna - b.maxWnd) | 0);
  if (low || less(b.sndNxt, s.ack)) return { ids: [...ids, id(165 + 2 * (n - 1) + (low ? 0 : 1))], stays: true };
  return { ids: [...ids, ...later(b, s)], stays: false };
}

/** T005 to T008. */
function acceptable(b: Before, s: Segment): readonly [string, boolean] {
  const space = s.len + (s.flags & FIN ? 1 : 0) + (s.flags & SYN ? 1 : 0);
  const window = (b.rcvEdge - b.rcvNxt) | 0;
  const inside = (seq: number): boolean => !less(seq, b.rcvNxt) && less(seq, b.rcvEdge);
  // [MUST-66] text that begins right at a closed window is cut off, but its ACK is heard.
  if (window === 0) return space === 0 ? ['T005', s.seq === b.rcvNxt] : ['T007', s.seq === b.rcvNxt];
  if (space === 0) return ['T006', inside(s.seq)];
  return ['T008', inside(s.seq) || inside((s.seq + space - 1) | 0)];
}

/** [advance, duplicate, window] of the fifth step. */
const ACKS: Readonly<Record<string, readonly [number, number, number]>> = {
  ESTABLISHED: [182, 183, 184],
  CLOSE_WAIT: [185, 186, 187],
  FIN_WAIT_1: [188, 189, 190],
  FIN_WAIT_2: [191, 192, 193],
  CLOSING: [0, 197, 307],
  LAST_ACK: [0, 199, 308],
};
/** [in order, ahead of a hole, urgent] of the sixth and seventh; past the FIN both are ignored. */
const TEXT: Readonly<Record<string, readonly [number, number, number]>> = {
  ESTABLISHED: [202, 203, 201],
  FIN_WAIT_1: [205, 206, 204],
  FIN_WAIT_2: [208, 209, 207],
  CLOSE_WAIT: [211, 211, 210],
  CLOSING: [213, 213, 212],
  LAST_ACK: [215, 215, 214],
  TIME_WAIT: [217, 217, 216],
};
const FINS: Readonly<Record<string, string>> = {
  CLOSE_WAIT: 'T228',
  CLOSING: 'T229',
  LAST_ACK: 'T230',
  TIME_WAIT: 'T231',
};

function later(b: Before, s: Segment): string[] {
  const ids: string[] = [];
  const acks = ACKS[b.state];
  if (acks !== undefined) {
    const advances = less(b.sndUna, s.ack);
    const row = advances ? acks[0] : acks[1];
    if (row !== 0) ids.push(id(row));
    const newer = less(b.wl1, s.seq) || (b.wl1 === s.seq && !less(s.ack, b.wl2));
    if (!less(s.ack, b.sndUna) && newer) ids.push(id(acks[2]));
    if (b.state === 'FIN_WAIT_2') ids.push('T195');
  }
  const text = TEXT[b.state]!;
  if (s.flags & URG) ids.push(id(text[2]));
  if (s.len > 0) ids.push(id(less(b.rcvNxt, s.seq) ? text[1] : text[0]));
  if (s.flags & FIN && FINS[b.state] !== undefined) ids.push(FINS[b.state]!);
  if (s.flags & FIN && b.state === 'TIME_WAIT') ids.push('T200');
  return ids;
}

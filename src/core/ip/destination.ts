/** Destination address selection: RFC 6724 §6, for a name that has several addresses. */
import { isMapped } from '../../wire/address.ts';
import { commonPrefix, label, scope } from './sources.ts';

/** RFC 6724 §2.1: precedences of the default policy table, by label; more is better. */
const PRECEDENCE: Readonly<Record<number, number>> = { 0: 50, 1: 40, 4: 35, 2: 30, 5: 5, 13: 3, 3: 1, 11: 1, 12: 1 };
const PREFIX = 128;

export interface Destination {
  readonly words: Int32Array;
  /** Where we would send from; null = it cannot be reached. */
  readonly source: Int32Array | null;
}

/** Negative when `a` is to be tried before `b`: the rules in their order. Home addresses (4) and tunnels (7) there are none. */
export function compareDestinations(a: Destination, b: Destination): number {
  if (a.source === null || b.source === null) return rank(a.source === null, b.source === null); // rule 1
  const scopes = [scope(a.words, 0), scope(b.words, 0)] as const;
  const labels = [label(a.words, 0), label(b.words, 0)] as const;
  return (
    rank(scopes[0] !== scope(a.source, 0), scopes[1] !== scope(b.source, 0)) || // rule 2
    rank(labels[0] !== label(a.source, 0), labels[1] !== label(b.source, 0)) || // rule 5
    (PRECEDENCE[labels[1]] ?? 0) - (PRECEDENCE[labels[0]] ?? 0) || // rule 6
    scopes[0] - scopes[1] || // rule 8
    nearer(a.words, a.source, b.words, b.source)
  );
}

/** Rule 9, for IPv6 only: in IPv4 it would undo the round robin of name servers, and prefixes mean little there. */
function nearer(a: Int32Array, fromA: Int32Array, b: Int32Array, fromB: Int32Array): number {
  if (isMapped(a, 0) || isMapped(b, 0)) return 0;
  return commonPrefix(b, 0, fromB, 0, PREFIX) - commonPrefix(a, 0, fromA, 0, PREFIX);
}

/** Who has the flaw comes later. */
function rank(a: boolean, b: boolean): number {
  return Number(a) - Number(b);
}

/** RFC 8305 §4: the families take turns, beginning with that of the best; within a family the order stays. */
export function interleave<T>(sorted: readonly T[], isFour: (item: T) => boolean): T[] {
  const [first, ...others] = sorted;
  if (first === undefined) return [];
  const same = [first, ...others.filter((item) => isFour(item) === isFour(first))];
  const other = others.filter((item) => isFour(item) !== isFour(first));
  const mixed: T[] = [];
  for (let n = 0; n < Math.max(same.length, other.length); n++) {
    if (n < same.length) mixed.push(same[n]!);
    if (n < other.length) mixed.push(other[n]!);
  }
  return mixed;
}

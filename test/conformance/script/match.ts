/** Does what the stack sent agree with what the script says? */
import type { Connection } from './connection.ts';
import type { Packet } from './frame.ts';
import { formatFlags, type SegmentSpec } from './grammar.ts';
import { formatOption, type Option, withoutPadding } from './options.ts';

const FIN = 1;
const PSH = 8;

/** What differs, in words; empty = nothing. `exact`: see Backend. */
export function differences(c: Connection, spec: SegmentSpec, p: Packet, exact = true): string[] {
  const s = p.segment;
  const { seq, ack } = c.relative(p);
  const found: string[] = [];
  const compare = (what: string, want: number | undefined, is: number): void => {
    if (want !== undefined && want !== is) found.push(`${what} is ${is}, not ${want}`);
  };
  const flags = exact || (s.text.length === 0 && (s.flags & FIN) === 0) ? s.flags : s.flags & (~PSH | spec.flags);
  if (spec.flags !== flags) found.push(`flags are ${formatFlags(s.flags)}, not ${formatFlags(spec.flags)}`);
  compare('seq', spec.seq, seq);
  compare('ack', spec.ack, ack);
  compare('len', spec.len, s.text.length);
  if (exact || (spec.win === 0) !== (s.window === 0)) compare('win', spec.win, s.window);
  compare('urg', spec.urg, s.urgent);
  compare('tos', spec.tos, p.tos);
  compare('ttl', spec.ttl, p.ttl);
  compare('reserved', spec.reserved, s.reserved);
  const route = p.route ?? 'none';
  if (spec.route !== undefined && spec.route !== route) found.push(`the source route is ${route}, not ${spec.route}`);
  if ((s.flags & (2 | 4 | 16)) === 0) found.push('it has no ACK [UNTAGGED-20]');
  // What is not in use is zero.
  if ((s.flags & 16) === 0 && s.ack !== 0 && (s.flags & 4) === 0) found.push(`the ACK field is ${s.ack} without ACK`);
  if ((s.flags & 32) === 0 && s.urgent !== 0) found.push(`the urgent pointer is ${s.urgent} without URG`);
  if (spec.options !== undefined) found.push(...optionDifferences(spec.options, c.fromStack(s.options)));
  // [MUST-65] and, by RFC 7323 and RFC 2018, the other options of a SYN
  const misplaced = s.options.find(({ kind }) => ['mss', 'ws', 'sackOK'].includes(kind));
  if ((s.flags & 2) === 0 && misplaced !== undefined) found.push(`${misplaced.kind} outside of a SYN`);
  const text = c.checkText(p);
  if (text !== undefined) found.push(text);
  return found;
}

function optionDifferences(want: readonly Option[], is: readonly Option[]): string[] {
  const got = withoutPadding(is);
  const agree = (a: Option, b: Option): boolean => {
    if (a.kind !== 'ts' || b.kind !== 'ts') return formatOption(a) === formatOption(b);
    return (a.val === null || a.val === b.val) && (a.ecr === null || a.ecr === b.ecr);
  };
  const missing = want.filter((option) => !got.some((other) => agree(option, other)));
  const extra = got.filter((option) => !want.some((other) => agree(other, option)));
  return [...missing.map((o) => `no option ${formatOption(o)}`), ...extra.map((o) => `an option ${formatOption(o)}`)];
}

/**
 * Scripts, in packetdrill's spirit: one step a line, `+seconds` since the step before (none = at once, `+*` = whenever).
 *
 *   option msl 120000                 before anything else: a default of the stack, or `mtu`, `backlog`, `reading manual`
 *   conn b [peer 3] [port 40001]      goes on with another connection
 *   open passive | open active | open active 100 (and SEND in the same turn) | listen | send 1000 | send "text" | send urgent 3 | read 100 | close | abort | giveup | status
 *   close -> EPIPE                    what the call returns; without it, it must succeed
 *   < S  seq 0 win 1000 <mss 1000>    the peer sends; `<+` = in one burst with the next
 *   > S. seq 0 ack 1 <...>            the stack must send; what is not named is not compared, but flags and length are
 *   > nothing | silence 500ms | wait 1s
 *   expect ESTABLISHED                the state of this connection; GONE = there is at most a listener
 *   event end | event closed ECONNRESET | event data 100 | no event end | no events
 *
 * Sequence numbers are relative on both sides: 0 = ISS and IRS.
 */
import { type Option, parseOptions } from './options.ts';

export interface SegmentSpec {
  readonly flags: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly len: number;
  /** Text given literally. */
  readonly literal?: string;
  readonly win?: number;
  readonly urg?: number;
  /** undefined = not compared (expected) or none (sent). */
  readonly options?: readonly Option[];
  readonly src?: string;
  readonly dst?: string;
  /** Destination MAC ff:ff:ff:ff:ff:ff. */
  readonly broadcast: boolean;
  readonly badChecksum: boolean;
  readonly reserved: number;
  readonly tos?: number;
  readonly ttl?: number;
  /** IPv4 options as hexadecimal. */
  readonly ipOptions?: string;
  /** Of a segment that the stack sends: `loose,10.0.0.9,10.0.0.2`, see Packet; or `none`. */
  readonly route?: string;
}

export type Action =
  | { readonly do: 'option'; readonly name: string; readonly value: string }
  | { readonly do: 'conn'; readonly name: string; readonly words: readonly string[] }
  | {
      readonly do: 'call';
      readonly name: string;
      readonly words: readonly string[];
      readonly result: string | undefined;
    }
  | { readonly do: 'inject'; readonly spec: SegmentSpec; readonly more: boolean }
  | { readonly do: 'segment'; readonly spec: SegmentSpec }
  | { readonly do: 'nothing' }
  | { readonly do: 'silence' | 'wait'; readonly duration: number }
  | { readonly do: 'expect'; readonly state: string }
  | { readonly do: 'event'; readonly type: string; readonly detail: string }
  | { readonly do: 'noEvent'; readonly type: string | undefined }
  | { readonly do: 'forget'; readonly irs: number };

export interface Step {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Microseconds after the step before; null = whenever. */
  readonly after: number | null;
  readonly action: Action;
}

export const FLAGS = 'FSRP.UEW';
const CALLS = [
  'open',
  'listen',
  'send',
  'read',
  'close',
  'abort',
  'giveup',
  'status',
  'nodelay',
  'cork',
  'keepalive',
  'usertimeout',
  'discard',
  'tos',
];

export function parseScript(text: string): Step[] {
  const steps: Step[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/(^|\s)(\/\/|#).*$/, '').trim();
    if (line === '') return;
    try {
      steps.push({ line: index + 1, text: line, ...parseLine(line) });
    } catch (error) {
      throw new Error(`script line ${index + 1}: ${line}\n  ${(error as Error).message}`);
    }
  });
  return steps;
}

function parseLine(line: string): { after: number | null; action: Action } {
  const timed = /^\+(\*|[\d.]+)\s+(.*)$/.exec(line);
  if (timed === null) return { after: 0, action: parseAction(line) };
  const after = timed[1] === '*' ? null : Math.round(Number(timed[1]) * 1e6);
  if (Number.isNaN(after)) throw new Error(`not a time: +${timed[1]}`);
  return { after, action: parseAction(timed[2]!) };
}

function parseAction(text: string): Action {
  const words = text.split(/\s+/);
  const [first, second, ...rest] = words;
  switch (first) {
    case '<':
    case '<+':
      return { do: 'inject', more: first === '<+', spec: parseSegment(text.slice(first.length)) };
    case '>':
      if (second === 'nothing') return { do: 'nothing' };
      return { do: 'segment', spec: parseSegment(text.slice(1)) };
    case 'silence':
    case 'wait':
      return { do: first, duration: parseDuration(second ?? '') };
    case 'expect':
      return { do: 'expect', state: (second ?? '').replaceAll('-', '_') };
    case 'event':
      return { do: 'event', type: second ?? '', detail: rest.join(' ') };
    case 'no':
      return { do: 'noEvent', type: second === 'events' ? undefined : rest[0] };
    case 'option':
      return { do: 'option', name: second ?? '', value: rest.join(' ') };
    case 'conn':
      return { do: 'conn', name: second ?? '', words: rest };
    case 'forget':
      return { do: 'forget', irs: Number(second ?? 0) };
  }
  const [call, result] = text.split('->').map((part) => part.trim());
  const [name = '', ...args] = (call ?? '').match(/"[^"]*"|\S+/g) ?? [];
  if (!CALLS.includes(name)) throw new Error(`no step begins with ${JSON.stringify(first)}`);
  return { do: 'call', name, words: args, result };
}

export function parseDuration(text: string): number {
  const match = /^([\d.]+)(us|ms|s|m|h)$/.exec(text);
  if (match === null) throw new Error(`not a duration: ${JSON.stringify(text)}; use 500ms, 2s, 1m`);
  const unit = { us: 1, ms: 1e3, s: 1e6, m: 60e6, h: 3600e6 }[match[2]!]!;
  return Math.round(Number(match[1]) * unit);
}

export function parseFlags(text: string): number {
  if (text === '-') return 0;
  let flags = 0;
  for (const letter of text) {
    const bit = FLAGS.indexOf(letter);
    if (bit < 0) throw new Error(`no flag is written ${letter}: use ${FLAGS}, or - for none`);
    flags |= 1 << bit;
  }
  return flags;
}

export function formatFlags(flags: number): string {
  return [...'SFRPUEW.'].filter((letter) => flags & (1 << FLAGS.indexOf(letter))).join('') || '-';
}

/** `S. seq 0 ack 1 win 100 len 10 "text" urg 3 <mss 1000>`; the peer also has `badsum broadcast src dst tos reserved`. */
function parseSegment(text: string): SegmentSpec {
  let rest = text.trim();
  const options = /<(.*)>/.exec(rest);
  if (options !== null) rest = rest.replace(options[0], ' ');
  const literal = /"(.*)"/.exec(rest);
  if (literal !== null) rest = rest.replace(literal[0], ' ');
  const [flags = '', ...words] = rest.trim().split(/\s+/);
  const named = new Map<string, string>();
  const alone = new Set<string>();
  for (let n = 0; n < words.length; n++) {
    const word = words[n]!;
    if (word === 'badsum' || word === 'broadcast') alone.add(word);
    else named.set(word, words[++n] ?? '');
  }
  const unknown = [...named.keys()].find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new Error(`a segment has no ${JSON.stringify(unknown)}; it has ${KEYS.join(', ')}`);
  const number = (key: string): { [k: string]: number } => {
    const value = named.get(key);
    if (value === undefined) return {};
    if (value === '' || Number.isNaN(Number(value)))
      throw new Error(`${key} wants a number, not ${JSON.stringify(value)}`);
    return { [key]: Number(value) };
  };
  const string = (key: string): { [k: string]: string } => (named.has(key) ? { [key]: named.get(key)! } : {});
  return {
    flags: parseFlags(flags),
    len: literal === null ? Number(named.get('len') ?? 0) : literal[1]!.length,
    broadcast: alone.has('broadcast'),
    badChecksum: alone.has('badsum'),
    reserved: Number(named.get('reserved') ?? 0),
    ...number('seq'),
    ...number('ack'),
    ...number('win'),
    ...number('urg'),
    ...number('tos'),
    ...number('ttl'),
    ...string('src'),
    ...string('dst'),
    ...string('ipOptions'),
    ...string('route'),
    ...(literal === null ? {} : { literal: literal[1]! }),
    ...(options === null || options[1] === '...' ? {} : { options: parseOptions(options[1]!) }),
  };
}

const KEYS = ['seq', 'ack', 'len', 'win', 'urg', 'tos', 'ttl', 'src', 'dst', 'reserved', 'ipOptions', 'route'];

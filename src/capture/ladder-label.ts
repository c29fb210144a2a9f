/** The words of a ladder: flags, numbers, options, amounts. */

import type { Micros } from '../ports.ts';
import { ACK, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../wire/abi.ts';
import type { SegmentRow } from './ladder-rows.ts';
import type { LadderSegment, SegmentOptions } from './ladder-segment.ts';

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [SYN, 'SYN'],
  [FIN, 'FIN'],
  [RST, 'RST'],
  [PSH, 'PSH'],
  [ACK, 'ACK'],
  [URG, 'URG'],
  [ECE, 'ECE'],
  [CWR, 'CWR'],
  [0x100, 'AE'],
];

export function flagNames(flags: number): string[] {
  return FLAG_NAMES.filter(([bit]) => flags & bit).map(([, name]) => name);
}

/** Parts of a segment's line, the most important first. */
export function labelOf({ segment, seen }: SegmentRow): string[] {
  const parts = [flagNames(segment.flags).join(',') || 'no flags', `seq ${seen.seq}`];
  if (seen.ack !== undefined) parts.push(`ack ${seen.ack}`);
  if (segment.length > 0) parts.push(`len ${thousands(segment.length)}`);
  parts.push(`win ${seen.window}`);
  const options = optionWords(segment);
  if (options.length > 0) parts.push(`<${options.join(' ')}>`);
  return parts;
}

/** On a SYN every option, later only those that tell something about this segment. */
function optionWords({ flags, options }: LadderSegment): string[] {
  const words: string[] = [];
  if (options.mss !== undefined) words.push(`mss ${options.mss}`);
  if (options.windowScale !== undefined) words.push(`ws ${options.windowScale}`);
  if (options.sackPermitted) words.push('sackOK');
  if (options.timestamps !== undefined && flags & SYN) words.push('ts');
  if (options.sack !== undefined) words.push(`sack ${options.sack.length}`);
  return [...words, ...oddOptions(options)];
}

function oddOptions(options: SegmentOptions): string[] {
  return [
    ...(options.other === undefined ? [] : [`kind ${options.other}`]),
    ...(options.bad ? ['illegal length'] : []),
  ];
}

export function thousands(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function amount(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(2)} ${units[unit]}`;
}

export function seconds(time: Micros): string {
  return (time / 1e6).toFixed(6);
}

/** For reading, not for reckoning. */
export function duration(time: Micros): string {
  if (time >= 1e6) return `${(time / 1e6).toFixed(1)} s`;
  return time >= 1e3 ? `${(time / 1e3).toFixed(1)} ms` : `${Math.round(time)} µs`;
}

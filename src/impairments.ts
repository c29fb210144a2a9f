/** What a simulated wire does to frames, as users give it: a loss that is misspelt would be a perfect wire. */
import type { Impairments } from './link/sim.ts';
import { OptionError } from './shell/option-error.ts';
import { checkFlag, checkKnown } from './shell/options/check.ts';

const CHANCES = ['loss', 'duplicate', 'corrupt', 'reorder'] as const;
const TIMES = ['reorderBy', 'delay', 'jitter'] as const;
const LIMITS = ['rate', 'queueBytes', 'queuePackets', 'mtu'] as const;
const FLAGS = ['tellsMtu', 'blackhole'] as const;

/** Throws OptionError for the first that is wrong. */
export function checkImpairments(how: Partial<Impairments> | undefined): void {
  if (how === undefined) return;
  if (typeof how !== 'object' || how === null)
    throw new OptionError('impair', how, 'an object such as { loss: 0.01, delay: 20_000 }');
  checkKnown('impair', how, [...CHANCES, ...TIMES, ...LIMITS, ...FLAGS]);
  for (const name of CHANCES) check(name, how[name], (value) => value >= 0 && value <= 1, 'a chance from 0 to 1');
  for (const name of TIMES) check(name, how[name], (value) => value >= 0 && value < Infinity, 'µs, 0 or more');
  for (const name of LIMITS) check(name, how[name], (value) => value > 0, UNITS[name]);
  for (const name of FLAGS) checkFlag(`impair.${name}`, how[name], false);
}

const UNITS: Readonly<Record<(typeof LIMITS)[number], string>> = {
  rate: 'bit/s, more than 0, or Infinity',
  queueBytes: 'bytes, more than 0, or Infinity',
  queuePackets: 'frames, more than 0, or Infinity',
  mtu: 'bytes, more than 0, or Infinity',
};

function check(name: string, value: unknown, fits: (value: number) => boolean, allowed: string): void {
  if (value === undefined || (typeof value === 'number' && fits(value))) return;
  throw new OptionError(`impair.${name}`, value, allowed);
}

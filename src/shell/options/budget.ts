/** What connections may hold of the arena. */
import type { BudgetLimits } from '../../core/budget.ts';
import { OptionError } from '../option-error.ts';
import { checkKnown, checkNumber } from './check.ts';

/** Bytes of memory that connections hold: text to send that was copied, and text that arrived out of order. */
export interface BudgetOptions {
  /** All connections together. Default: as much as the arena has room for. */
  total?: number;
  /** The connections of one listener together. Default: no limit of its own. */
  perListener?: number;
  /** The connections of one peer together. Default: no limit of its own. */
  perPrefix?: number;
  /** Bits of an IPv4 address that make a peer. Default 32. */
  ipv4Prefix?: number;
  /** Bits of an IPv6 address that make a peer. Default 64. */
  ipv6Prefix?: number;
}

const KIB = 1024;
/** Two large chunks: with less nobody could send in bulk. */
const LEAST = 128 * KIB;
const MOST = 2 ** 31 - 1;
const RANGES = {
  total: [LEAST, MOST, 'bytes'],
  perListener: [LEAST, MOST, 'bytes'],
  perPrefix: [LEAST, MOST, 'bytes'],
  ipv4Prefix: [1, 32, 'bits'],
  ipv6Prefix: [1, 128, 'bits'],
} as const satisfies Record<keyof BudgetOptions, readonly [number, number, string]>;

export function checkBudget(options: BudgetOptions | undefined): Partial<BudgetLimits> {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null) throw new OptionError('budget', options, 'an object of limits');
  checkKnown('budget', options, Object.keys(RANGES));
  for (const [name, [least, most, unit]] of Object.entries(RANGES)) {
    checkNumber(`budget.${name}`, options[name as keyof BudgetOptions], 0, least, most, unit);
  }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The option `warmUp`. */
import { OptionError } from '../option-error.ts';

/** ms that are enough for all of it on a machine with a core to spare. */
const ENOUGH = 4000;
const MOST = 60_000;

/** ms; 0 = off. */
export function checkWarmUp(wish: boolean | number | undefined): number {
  if (wish === undefined || typeof wish === 'boolean') return wish ? ENOUGH : 0;
  if (!Number.isInteger(wish) || wish < 0 || wish > MOST)
    throw new OptionError('warmUp', wish, `true, false or an integer from 0 to ${MOST} ms`);
  return wish;
}

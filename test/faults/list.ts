/** All planted faults, by what they break. `scripts/faults.mjs` plants some of them and expects their tests to fail. */
import type { Fault } from './fault.ts';
import { format } from './rfc9293-format.ts';

export const faults: readonly Fault[] = [...format];

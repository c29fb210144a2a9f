/** The eight states of §3.10.7.4, and how rows that repeat for each of them become tests. */
import type { Script } from './script/index.ts';
import { bring, conform, type Place, type StateName } from './script/index.ts';

export const EIGHT = [
  'SYN_RECEIVED',
  'ESTABLISHED',
  'FIN_WAIT_1',
  'FIN_WAIT_2',
  'CLOSE_WAIT',
  'CLOSING',
  'LAST_ACK',
  'TIME_WAIT',
] as const satisfies readonly StateName[];

/** One row id for each state, from T(first) on. */
export type Rows = Readonly<Partial<Record<StateName, string>>>;

/** A test for each state of `rows`, named after the state and its row. */
export function forEachState(
  rows: Rows,
  what: string,
  body: (s: Script, place: Place, state: StateName) => Promise<void>,
  settings: object = {},
): void {
  for (const [state, id] of Object.entries(rows) as [StateName, string][]) {
    conform(`${state}: ${what} [${id}]`, async (s) => body(s, await bring(s, state), state), settings);
  }
}

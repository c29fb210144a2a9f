/** transitions.tsv, and the state names of both sides. */
import { readFileSync } from 'node:fs';

export interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly event: string;
  /** '=' stays; empty where the row says it in words. */
  readonly next: string;
}

const file = new URL('../../docs/requirements/transitions.tsv', import.meta.url);

export const table: ReadonlyMap<string, Row> = new Map(
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [id, kind, state, event, , , next] = line.split('\t');
      return [id!, { id: id!, kind: kind!, state: name(state!), event: event!, next: name(next!) }];
    }),
);

/** SYN-SENT → SYN_SENT; other words stay. */
function name(text: string): string {
  return text.replaceAll('-', '_');
}

export function id(n: number): string {
  return `T${String(n).padStart(3, '0')}`;
}

const ANY = /^(any|other)/;

/** The row is about this state and says that this is what comes of it. */
export function agrees(row: Row, state: string, next: string): boolean {
  const about = ANY.test(row.state) || row.state === state;
  return about && (row.next === '=' ? next === state : row.next === '' || row.next === next);
}

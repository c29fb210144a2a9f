/** A ladder diagram for a terminal: time, state of the client, arrow with label, state of the server. */
import type { LadderConnection } from './ladder-connection.ts';
import { payloadOf } from './ladder-connection.ts';
import { amount, duration, labelOf, seconds, thousands } from './ladder-label.ts';
import type { LadderRow, RunRow, SegmentRow } from './ladder-rows.ts';
import type { LadderState } from './ladder-tracker.ts';

export interface TextOptions {
  /** Columns; 80 at least. */
  readonly width: number;
  readonly color: boolean;
}

const TIME = 12;
/** As long as the longest name of a state. */
const STATE = 12;
const NARROWEST = 80;

const BOLD = '1';
const DIM = '2';
const YELLOW = '33';
const CYAN = '36';

export function renderText(connection: LadderConnection, rows: readonly LadderRow[], options: TextOptions): string {
  const painter = new Painter(options);
  const lines = [...painter.title(connection), ''];
  let before: readonly [LadderState, LadderState] | undefined;
  for (const row of rows) {
    const states = statesOf(row);
    lines.push(...(row.kind === 'run' ? painter.run(row) : painter.segment(row, connection, before)));
    before = states;
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

export function renderList(connections: readonly LadderConnection[]): string {
  const lines = connections.map((c) => `${String(c.index).padStart(4)}  ${summary(c)}`);
  return `${lines.join('\n')}\n`;
}

function summary(c: LadderConnection): string {
  const last = c.segments.at(-1)!.time - c.segments[0]!.time;
  const bytes = `${amount(payloadOf(c, c.client))} →, ${amount(payloadOf(c, c.server))} ←`;
  return `${c.client} ⇄ ${c.server}   ${thousands(c.segments.length)} segments, ${bytes}, ${duration(last)}`;
}

function statesOf(row: LadderRow): readonly [LadderState, LadderState] {
  return row.kind === 'run' ? [row.clientState, row.serverState] : [row.seen.clientState, row.seen.serverState];
}

class Painter {
  readonly #middle: number;
  readonly #color: boolean;

  constructor(options: TextOptions) {
    this.#middle = Math.max(options.width, NARROWEST) - TIME - 2 * STATE - 4;
    this.#color = options.color;
  }

  title(connection: LadderConnection): string[] {
    const gap = STATE + this.#middle + 2 + STATE - connection.client.length - connection.server.length;
    const ends = `${connection.client}${' '.repeat(Math.max(1, gap))}${connection.server}`;
    return [
      this.#paint(BOLD, `connection ${connection.index}: ${summary(connection)}`),
      '',
      `${' '.repeat(TIME)}  ${ends}`,
    ];
  }

  segment(
    row: SegmentRow,
    connection: LadderConnection,
    before: readonly [LadderState, LadderState] | undefined,
  ): string[] {
    const { seen, segment } = row;
    const right = segment.from === connection.client;
    const [first, ...more] = this.#wrap(labelOf(row));
    const client = this.#state(seen.clientState, before?.[0] !== seen.clientState, STATE, false);
    const server = this.#state(seen.serverState, before?.[1] !== seen.serverState, STATE, true);
    const time = this.#paint(DIM, seconds(row.time).padStart(TIME));
    const lines = [`${time}  ${client} ${this.#arrow(first!, right)} ${server}`];
    const notes = [...more, ...seen.marks.map((mark) => this.#paint(YELLOW, `[${mark}]`))];
    for (const note of notes) lines.push(`${this.#indent()}${note}`);
    for (const comment of segment.comments) {
      for (const line of comment.split('\n')) lines.push(`${this.#indent()}${this.#paint(CYAN, `# ${line}`)}`);
    }
    return lines;
  }

  run(row: RunRow): string[] {
    const text = `… ${thousands(row.segments)} segments, ${amount(row.bytes)}, ${duration(row.duration)} …`;
    const time = seconds(row.time).padStart(TIME);
    const client = row.clientState.padEnd(STATE);
    const pad = ' '.repeat(Math.max(0, this.#middle - text.length) >> 1);
    return [
      this.#paint(DIM, `${time}  ${client} ${`${pad}${text}`.padEnd(this.#middle)} ${row.serverState.padStart(STATE)}`),
    ];
  }

  #indent(): string {
    return ' '.repeat(TIME + 2 + STATE + 4);
  }

  /** As many parts as fit between the ends of the arrow, the others on lines of their own. */
  #wrap(parts: readonly string[]): string[] {
    const room = this.#middle - 8;
    const lines: string[] = [];
    for (const part of parts) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 2 + part.length <= room) lines[lines.length - 1] = `${last}  ${part}`;
      else lines.push(part);
    }
    return lines;
  }

  #arrow(label: string, right: boolean): string {
    const shaft = '─'.repeat(Math.max(0, this.#middle - label.length - 6));
    return right ? `──  ${label} ${shaft}▶` : `◀─  ${label} ${shaft}─`;
  }

  #state(name: LadderState, changed: boolean, width: number, atEnd: boolean): string {
    const text = atEnd ? name.padStart(width) : name.padEnd(width);
    return this.#paint(changed ? BOLD : DIM, text);
  }

  #paint(code: string, text: string): string {
    return this.#color ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

/** `usertcp ladder FILE`: one connection of a capture as a ladder diagram. */
import { CaptureError } from '../capture/capture-error.ts';
import { readCapture } from '../capture/capture-reader.ts';
import type { LadderConnection } from '../capture/ladder-connection.ts';
import { connectionsOf, payloadOf } from '../capture/ladder-connection.ts';
import { renderJson } from '../capture/ladder-json.ts';
import { rowsOf } from '../capture/ladder-rows.ts';
import type { LadderSegment } from '../capture/ladder-segment.ts';
import { SegmentReader } from '../capture/ladder-segment.ts';
import { renderList, renderText } from '../capture/ladder-text.ts';
import { readArguments, UsageError } from './arguments.ts';

export interface LadderOptions {
  /** Number of the connection, from 1; by default the one with the most payload, of equals the first. */
  readonly connection?: number;
  readonly json?: boolean;
  /** Lists the connections instead. */
  readonly list?: boolean;
  /** Shows every segment of a long stretch of data. */
  readonly all?: boolean;
  readonly width?: number;
  readonly color?: boolean;
}

export interface LadderIo {
  readonly readFile: (path: string) => Uint8Array | Promise<Uint8Array>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the terminal; undefined when the output is none. */
  readonly columns?: number | undefined;
  readonly isTTY?: boolean | undefined;
}

export const LADDER_USAGE = `usage: usertcp ladder FILE [--conn N] [--list] [--all] [--json] [--width N]

  FILE       a pcap or pcapng capture
  --conn N   the connection to show (default: the one with the most payload)
  --list     list the connections instead
  --all      do not collapse long stretches of data
  --json     the same content for programs
  --width N  columns (default: the terminal's, or 100)
`;

const DEFAULT_WIDTH = 100;

/** Bytes of a capture → diagram. Throws a CaptureError or a RangeError that says what is wrong. */
export function ladder(file: Uint8Array, options: LadderOptions = {}): string {
  const all = connectionsOf(segmentsOf(file));
  if (options.list) return options.json ? renderJson(all, undefined, []) : renderList(all);
  const chosen = choose(all, options.connection);
  const rows = rowsOf(chosen, options.all ?? false);
  if (options.json) return renderJson(all, chosen, rows);
  const text = renderText(chosen, rows, { width: options.width ?? DEFAULT_WIDTH, color: options.color ?? false });
  if (all.length === 1) return text;
  return `${text}\n${all.length} connections; others with --conn N:\n${renderList(all)}`;
}

function* segmentsOf(file: Uint8Array): Generator<LadderSegment> {
  const reader = new SegmentReader();
  let number = 0;
  for (const packet of readCapture(file)) {
    const segment = reader.read(packet, ++number);
    if (segment !== undefined) yield segment;
  }
}

function choose(all: readonly LadderConnection[], wanted: number | undefined): LadderConnection {
  if (all.length === 0) throw new CaptureError('no TCP segments in this capture');
  if (wanted === undefined) return all.reduce((best, c) => (payloadOf(c) > payloadOf(best) ? c : best));
  const found = all[wanted - 1];
  if (found === undefined) throw new RangeError(`no connection ${wanted}: this capture has 1 to ${all.length}`);
  return found;
}

/** The command. Returns the exit code: 0 done, 1 the file is no good, 2 the arguments are no good. */
export async function runLadder(argv: readonly string[], io: LadderIo): Promise<number> {
  let asked: Asked;
  try {
    asked = read(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr(`usertcp: ${error.message}\n\n${LADDER_USAGE}`);
    return 2;
  }
  const { path, options } = asked;
  if (path === undefined) {
    io.stdout(LADDER_USAGE);
    return 0;
  }
  const color = (io.isTTY ?? false) && (io.env.NO_COLOR ?? '') === '';
  const width = options.width ?? io.columns ?? DEFAULT_WIDTH;
  try {
    io.stdout(ladder(await io.readFile(path), { ...options, color, width }));
    return 0;
  } catch (error) {
    io.stderr(`${path}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

interface Asked {
  /** Undefined: help was asked for. */
  readonly path: string | undefined;
  readonly options: LadderOptions;
}

const OPTIONS = {
  conn: { type: 'string' },
  list: { type: 'boolean' },
  all: { type: 'boolean' },
  json: { type: 'boolean' },
  width: { type: 'string' },
} as const;

function read(argv: readonly string[]): Asked {
  const { values, words } = readArguments('ladder', argv, OPTIONS);
  if (values.help) return { path: undefined, options: {} };
  const [path, more] = words;
  const [connection, width] = [wholeNumber('--conn', values.conn), wholeNumber('--width', values.width)];
  if (path === undefined) throw new UsageError('ladder takes a file: usertcp ladder trace.pcapng');
  if (more !== undefined) throw new UsageError(`ladder takes one file at a time, not ${path} and ${more}`);
  const { json = false, list = false, all = false } = values;
  const chosen = { ...(connection !== undefined && { connection }), ...(width !== undefined && { width }) };
  return { path, options: { json, list, all, ...chosen } };
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d*$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`ladder: ${option} takes a whole number from 1 on, not ${JSON.stringify(text)}`);
}

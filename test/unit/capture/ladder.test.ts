import { expect, test } from 'vitest';
import { PcapngWriter } from '../../../src/capture/pcapng-writer.ts';
import type { LadderOptions } from '../../../src/cli/ladder.ts';
import { LADDER_USAGE, ladder, runLadder } from '../../../src/cli/ladder.ts';
import { FIN, RST, SYN } from '../../../src/wire/abi.ts';
import { conversation, exchange } from './conversation.ts';

function capture(frames: readonly Uint8Array[], comments: Readonly<Record<number, string>> = {}): Uint8Array {
  const chunks: number[] = [];
  const writer = new PcapngWriter((chunk) => chunks.push(...chunk));
  writer.addInterface();
  for (const [i, frame] of frames.entries()) {
    const comment = comments[i];
    writer.packet(0, i * 1000, frame, comment === undefined ? {} : { comment });
  }
  return Uint8Array.from(chunks);
}

interface Row {
  readonly kind: string;
  readonly flags: string[];
  readonly seq: number;
  readonly ack?: number;
  readonly marks: string[];
  readonly clientState: string;
  readonly serverState: string;
  readonly segments?: number;
  readonly bytes?: number;
}
const rowsOf = (frames: readonly Uint8Array[], options: LadderOptions = {}): Row[] =>
  (JSON.parse(ladder(capture(frames), { ...options, json: true })) as { rows: Row[] }).rows;
const statesOf = (frames: readonly Uint8Array[]): string[] =>
  rowsOf(frames).map((r) => `${r.clientState} ${r.serverState}`);

test('the diagram', () => {
  const file = capture(exchange(20), { 1: 'LISTEN → SYN_RECEIVED' });
  expect(ladder(file, { width: 110 })).toMatchInlineSnapshot(`
    "connection 1: 10.0.0.1:40000 ⇄ 10.0.0.2:80   48 segments, 20 B →, 19.53 KiB ←, 47.0 ms

                  10.0.0.1:40000                                                                       10.0.0.2:80

        0.000000  SYN_SENT     ──  SYN  seq 0  win 1000  <mss 1460 ws 7 sackOK> ────────────────────▶ SYN_RECEIVED
        0.001000  ESTABLISHED  ◀─  SYN,ACK  seq 0  ack 1  win 1000  <mss 1460 ws 7 sackOK> ────────── SYN_RECEIVED
                                  # LISTEN → SYN_RECEIVED
        0.002000  ESTABLISHED  ──  ACK  seq 1  ack 1  win 128000 ───────────────────────────────────▶  ESTABLISHED
        0.003000  ESTABLISHED  ──  PSH,ACK  seq 1  ack 1  len 20  win 128000 ───────────────────────▶  ESTABLISHED
        0.004000  ESTABLISHED  ◀─  ACK  seq 1  ack 21  len 1,000  win 128000 ────────────────────────  ESTABLISHED
        0.005000  ESTABLISHED                   … 37 segments, 17.58 KiB, 36.0 ms …                    ESTABLISHED
        0.042000  ESTABLISHED  ◀─  ACK  seq 19001  ack 21  len 1,000  win 128000 ────────────────────  ESTABLISHED
        0.043000  ESTABLISHED  ──  ACK  seq 21  ack 20001  win 128000 ──────────────────────────────▶  ESTABLISHED
        0.044000  CLOSE_WAIT   ◀─  FIN,ACK  seq 20001  ack 21  win 128000 ───────────────────────────   FIN_WAIT_1
        0.045000  CLOSE_WAIT   ──  ACK  seq 21  ack 20002  win 128000 ──────────────────────────────▶   FIN_WAIT_2
        0.046000  LAST_ACK     ──  FIN,ACK  seq 21  ack 20002  win 128000 ──────────────────────────▶    TIME_WAIT
        0.047000  CLOSED       ◀─  ACK  seq 20002  ack 22  win 128000 ───────────────────────────────    TIME_WAIT
    "
  `);
});

test('both ends go through the states of the figure', () => {
  expect(statesOf(exchange(1))).toEqual([
    'SYN_SENT SYN_RECEIVED',
    'ESTABLISHED SYN_RECEIVED',
    'ESTABLISHED ESTABLISHED',
    'ESTABLISHED ESTABLISHED',
    'ESTABLISHED ESTABLISHED',
    'ESTABLISHED ESTABLISHED',
    'CLOSE_WAIT FIN_WAIT_1',
    'CLOSE_WAIT FIN_WAIT_2',
    'LAST_ACK TIME_WAIT',
    'CLOSED TIME_WAIT',
  ]);
});

test('simultaneous open and simultaneous close', () => {
  const say = conversation();
  expect(
    statesOf([
      say(0, SYN, 0, -1),
      say(1, SYN, 0, -1),
      say(0, SYN, 0, 1),
      say(1, SYN, 0, 1),
      say(0, FIN, 1, 1),
      say(1, FIN, 1, 1),
      say(0, 0, 2, 2),
      say(1, 0, 2, 2),
    ]).slice(3),
  ).toEqual([
    'ESTABLISHED ESTABLISHED',
    'FIN_WAIT_1 CLOSE_WAIT',
    'CLOSING CLOSING',
    'CLOSING TIME_WAIT',
    'TIME_WAIT TIME_WAIT',
  ]);
});

test('a refused connection, and a reset of an established one', () => {
  const say = conversation();
  expect(statesOf([say(0, SYN, 0, -1), say(1, RST, 0, 1)])).toEqual(['SYN_SENT SYN_RECEIVED', 'CLOSED CLOSED']);
  const open = [say(0, SYN, 0, -1), say(1, SYN, 0, 1), say(0, 0, 1, 1)];
  expect(statesOf([...open, say(1, RST, 1, 1)]).at(-1)).toBe('CLOSED CLOSED');
  expect(statesOf([...open, say(1, RST, 9, 1)]).at(-1)).toBe('ESTABLISHED CLOSED');
});

test('retransmission, hole, out of order, duplicate ACK, zero window, window update, keep-alive', () => {
  const say = conversation();
  const rows = rowsOf([
    say(0, SYN, 0, -1),
    say(1, SYN, 0, 1),
    say(0, 0, 1, 1),
    say(0, 0, 1, 1, 100),
    say(0, 0, 201, 1, 100),
    say(1, 0, 1, 101),
    say(1, 0, 1, 101),
    say(0, 0, 101, 1, 100),
    say(0, 0, 1, 1, 100),
    say(1, 0, 1, 301, 0, { window: 0 }),
    say(1, 0, 1, 301, 0, { window: 500 }),
    say(0, 0, 300, 1),
  ]);
  expect(rows.slice(3).map((r) => r.marks.join())).toEqual([
    '',
    'gap',
    '',
    'duplicate ACK',
    'out of order',
    'retransmission',
    'zero window',
    'window update',
    'keep-alive',
  ]);
  expect(rows.map((r) => r.seq)).toEqual([0, 0, 1, 1, 201, 1, 1, 101, 1, 1, 1, 300]);
});

test('a capture that begins in the middle', () => {
  const frames = exchange(3).slice(6);
  const rows = rowsOf(frames);
  expect(rows[0]).toMatchObject({ clientState: 'ESTABLISHED', serverState: 'ESTABLISHED', marks: [] });
  expect(rows.at(-1)).toMatchObject({ clientState: 'TIME_WAIT', serverState: 'CLOSED' }); // who closed first was the server
});

test('long stretches are one line, unless all is asked for', () => {
  const rows = rowsOf(exchange(5000));
  expect(rows.length).toBeLessThan(20);
  expect(rows.find((r) => r.kind === 'run')).toMatchObject({ segments: 10001 - 4, bytes: 4998 * 1000 });
  expect(rowsOf(exchange(50), { all: true }).length).toBe(exchange(50).length);
});

test('several connections: the one with most payload first, the others listed and chosen by number', () => {
  const file = capture([...exchange(1), ...exchange(30, '2001:db8::1', '2001:db8::2'), ...exchange(2, '10.0.0.3')]);
  expect(ladder(file)).toMatch(/^connection 2: \[2001:db8::1\]:40000 ⇄ \[2001:db8::2\]:80/);
  expect(ladder(file)).toMatch(/3 connections; others with --conn N:/);
  expect(ladder(file, { connection: 3 })).toMatch(/^connection 3: 10\.0\.0\.3:40000/);
  expect(ladder(file, { list: true }).trimEnd().split('\n').length).toBe(3);
  expect(() => ladder(file, { connection: 4 })).toThrow('no connection 4: this capture has 1 to 3');
});

test('no line is wider than told, down to 80', () => {
  const file = capture(exchange(20));
  for (const width of [80, 100, 120]) {
    const body = ladder(file, { width }).split('\n').slice(3);
    expect(Math.max(...body.map((line) => line.length))).toBeLessThanOrEqual(width);
  }
});

test('the command: exit codes, messages, colour only on a terminal without NO_COLOR', async () => {
  const run = async (argv: string[], env = {}, isTTY = true): Promise<[number, string, string]> => {
    let out = '';
    let err = '';
    const io = {
      readFile: (path: string) => {
        if (path === 'none') throw new Error('no such file');
        return path === 'bad' ? new Uint8Array(99) : capture(exchange(1));
      },
      stdout: (text: string) => {
        out += text;
      },
      stderr: (text: string) => {
        err += text;
      },
      env,
      isTTY,
      columns: 90,
    };
    return [await runLadder(argv, io), out, err];
  };
  expect((await run(['x']))[1]).toContain('\x1b[');
  expect((await run(['x'], { NO_COLOR: '1' }))[1]).not.toContain('\x1b[');
  expect((await run(['x'], {}, false))[1]).not.toContain('\x1b[');
  expect(await run(['--help'])).toEqual([0, LADDER_USAGE, '']);
  expect(await run(['bad'])).toEqual([1, '', 'bad: neither pcapng nor pcap: the file starts with 0x00000000\n']);
  expect(await run(['none'])).toEqual([1, '', 'none: no such file\n']);
  expect((await run(['x', '--conn', 'q']))[2]).toMatch(
    /^usertcp: ladder: --conn takes a whole number from 1 on, not "q"/,
  );
  expect((await run(['x', '--frob']))[0]).toBe(2);
  expect((await run([]))[2]).toMatch(/^usertcp: ladder takes a file: usertcp ladder trace\.pcapng\n/);
});

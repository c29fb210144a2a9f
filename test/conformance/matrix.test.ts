/**
 * State × event: what each kind of segment and each call does in each state, as one table to read and to compare. A change
 * in it is a change of behaviour: look at it beside RFC 9293 §3.10 before accepting it (`vitest -u`).
 */
import { expect, test } from 'vitest';
import { bring, type Origin, type Place, Script, type StateName, stateNames } from './script/index.ts';

const SEGMENTS: readonly (readonly [string, (p: Place) => string])[] = [
  ['SYN, its own again', () => 'S seq 0 <mss 1000>'],
  ['SYN, in the window', ({ rcv }) => `S seq ${rcv + 100} <mss 1000>`],
  ['SYN, before the window', ({ rcv }) => `S seq ${rcv - 9000} <mss 1000>`],
  ['SYN,ACK at IRS', ({ snd }) => `S. seq 0 ack ${snd}`],
  ['SYN,ACK of the future', ({ snd }) => `S. seq 0 ack ${snd + 9}`],
  ['SYN,FIN', ({ rcv }) => `SF seq ${rcv + 100}`],
  ['ACK, ancient', ({ una, rcv }) => `. seq ${rcv} ack ${una - 40_000}`],
  ['ACK, old', ({ una, rcv }) => `. seq ${rcv} ack ${una - 1}`],
  ['ACK, duplicate', ({ una, rcv }) => `. seq ${rcv} ack ${una}`],
  ['ACK of everything', ({ snd, rcv }) => `. seq ${rcv} ack ${snd}`],
  ['ACK of the future', ({ snd, rcv }) => `. seq ${rcv} ack ${snd + 1}`],
  ['ACK, before the window', ({ snd, rcv }) => `. seq ${rcv - 1} ack ${snd}`],
  ['ACK, behind the window', ({ snd, rcv }) => `. seq ${rcv + 20_000} ack ${snd}`],
  ['RST at RCV.NXT', ({ rcv }) => `R seq ${rcv}`],
  ['RST,ACK at RCV.NXT', ({ snd, rcv }) => `R. seq ${rcv} ack ${snd}`],
  ['RST in the window', ({ rcv }) => `R seq ${rcv + 1}`],
  ['RST outside', ({ rcv }) => `R seq ${rcv - 1}`],
  ['FIN', ({ una, rcv }) => `F. seq ${rcv} ack ${una}`],
  ['FIN and ACK of all', ({ snd, rcv }) => `F. seq ${rcv} ack ${snd}`],
  ['FIN, before the window', ({ una, rcv }) => `F. seq ${rcv - 1} ack ${una}`],
  ['FIN ahead of a hole', ({ una, rcv }) => `F. seq ${rcv + 50} ack ${una}`],
  ['FIN without ACK', ({ rcv }) => `F seq ${rcv}`],
  ['text', ({ snd, rcv }) => `P. seq ${rcv} ack ${snd} len 10`],
  ['text, old', ({ snd, rcv }) => `P. seq ${rcv - 10} ack ${snd} len 10`],
  ['text ahead of a hole', ({ snd, rcv }) => `P. seq ${rcv + 100} ack ${snd} len 10`],
  ['text outside', ({ snd, rcv }) => `P. seq ${rcv + 20_000} ack ${snd} len 10`],
  ['text without ACK', ({ rcv }) => `- seq ${rcv} len 10`],
  ['text and FIN', ({ snd, rcv }) => `F. seq ${rcv} ack ${snd} len 10`],
  ['URG', ({ snd, rcv }) => `U. seq ${rcv} ack ${snd} urg 5 len 10`],
  ['no flag, no text', ({ rcv }) => `- seq ${rcv}`],
];
const CALLS = [
  'open passive',
  'open active',
  'open again',
  'open again nobody',
  'send 10',
  'send urgent 3',
  'close',
  'abort',
  'giveup',
  'status',
];

interface Cell {
  readonly event: string;
  readonly result: string;
  readonly next: string;
  readonly replies: string;
  readonly events: string;
}

type Act = (s: Script, place: Place) => Promise<string>;

async function observe(state: StateName, origin: Origin, event: string, act: Act): Promise<Cell> {
  const s = new Script(4, { tcp: { timestamps: false, sack: false, windowScaling: false } });
  s.capturing = false;
  const place = await bring(s, state, origin);
  const result = await act(s, place);
  const replies = s.takeSegments().map((segment) => segment.replace(/ win \d+| <.*>/g, ''));
  const next = await s.state();
  const events = s.takeEvents().join(', ');
  await s.close();
  return { event, result, next: next === state ? '=' : next, replies: replies.join(' | ') || '-', events };
}

/** Runs a line whose replies are looked at afterwards. */
async function leave(s: Script, line: string): Promise<string> {
  try {
    await s.run(line);
  } catch (error) {
    const returned = /returned (\w+)/.exec((error as Error).message);
    if (returned !== null) return returned[1]!;
    if (!(error as Error).message.includes('expected nothing more')) throw error;
  }
  return '';
}

function table(title: string, cells: readonly Cell[]): string {
  const width = (key: keyof Cell): number => Math.max(...cells.map((cell) => cell[key].length));
  const columns = (['event', 'next', 'replies', 'events'] as const).map((key) => [key, width(key)] as const);
  const lines = cells.map((cell) =>
    columns
      .map(([key, n]) => cell[key].padEnd(n))
      .join('  ')
      .trimEnd(),
  );
  return `${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

test('the matrix', async () => {
  const tables: string[] = [];
  for (const state of stateNames) {
    const origins: Origin[] = state === 'SYN_RECEIVED' ? ['passive', 'active'] : ['active'];
    for (const origin of origins) {
      const cells: Cell[] = [];
      for (const [name, segment] of SEGMENTS) {
        cells.push(await observe(state, origin, `${name}`, (s, place) => leave(s, `+0 < ${segment(place)}`)));
      }
      for (const call of CALLS) {
        const cell = await observe(state, origin, call, (s) => leave(s, call));
        cells.push({ ...cell, event: `${call.toUpperCase()}${cell.result === '' ? '' : ` = ${cell.result}`}` });
      }
      tables.push(table(origins.length > 1 ? `${state}, ${origin} origin` : state, cells));
    }
  }
  const head =
    'event -> next state, reply, events to the user ("=" same state, "-" silence). SEQ and ACK are relative.\n';
  await expect(`${head}\n${tables.join('\n')}`).toMatchFileSnapshot('__snapshots__/matrix.txt');
});

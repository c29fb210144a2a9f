import { expect, test } from 'vitest';

const { tables } = await import(new URL('../../../bench/table.mjs', import.meta.url).href);

const trip = (peer: string, round: number, p50: number, p99: number) => ({
  m: 'rr1',
  t: 'rr1-same',
  mode: 'on',
  peer,
  round,
  p50_us: p50,
  p99_us: p99,
});

test('the p99 of ping-pong is told for the p50 of node-net in the same round, too', () => {
  const rows = [
    trip('node-net', 0, 10, 14),
    trip('node-net', 1, 20, 30),
    trip('ours', 0, 8, 12),
    trip('ours', 1, 8, 12),
  ];
  const [, tail = ''] = tables(rows).split('p99 for the p50 of `node-net` in the same round:');
  expect(tail.trim().split('\n').slice(2)).toEqual([
    '| node-net | 1.45 [1.4..1.5] | 2 |',
    '| ours | 0.9 [0.6..1.2] | 2 |',
  ]);
});

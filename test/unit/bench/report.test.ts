// What benches print, from rows made by hand: medians, ratios within a round, verdicts, and a page that needs nothing else.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const bench = (file: string) => import(new URL(`../../../bench/${file}`, import.meta.url).href);
const { cellsOf, median, pointsOf, readRows, short } = await bench('rows.mjs');
const { compare, verdict } = await bench('compare.mjs');
const { page } = await bench('report.mjs');
const { tables } = await bench('table.mjs');
const { complaints } = await bench('smoke.mjs');

const sink = (peer: string, round: number, gbps: number) => ({
  ...{
    m: 'sink',
    t: 'sink',
    mode: 'on',
    peer,
    round,
    gbps,
    bytes: gbps * 1e9,
    total: gbps * 1e9,
    secs: 1.5,
    warm: 0.5,
    cpu: 2,
  },
});
const curve = [
  [0, 10],
  [0.5, 20],
  [0.9, 40],
];
const lat = { m: 'lat', t: 'lat@5000', mode: 'on', round: 0, rate: 5000, size: 64, conns: 8, n: 100, curve };
const rows = [
  ...[10, 20, 30].map((v, round) => sink('node-net', round, v)),
  ...[40, 40, 90].map((v, round) => sink('ours', round, v)),
  { ...lat, peer: 'ours', p50_us: 20, p99_us: 40, p999_us: 50, max_us: 60, p99_sent_us: 39, unanswered: 0, dead: 0 },
  { m: 'rr1', t: 'warm', mode: 'on', peer: 'ours', round: 0, p50_us: 1, p99_us: 1 },
  { m: 'idle', mode: 'idle', peer: 'ours', n: 1000, open: 1000, rss_b_per_conn: 300, slab_b_per_conn: 20 },
  { m: 'growth', peer: 'ours', n: 1, ns_per_segment: 200 },
  { m: 'growth', peer: 'ours', n: 1000, ns_per_segment: 210 },
  { m: 'something-new', peer: 'ours', value: 7 },
];

describe('cells', () => {
  const cell = (peer: string, what: string) =>
    cellsOf(pointsOf(rows)).find((c: { peer: string; test: string }) => c.peer === peer && c.test === what);

  test('hold the median, the range, and the median of the ratios within rounds', () => {
    expect(cell('ours', 'sink')).toMatchObject({
      n: 3,
      mid: 40,
      low: 40,
      high: 90,
      ratio: { mid: 3, low: 2, high: 4 },
    });
    expect(cell('node-net', 'sink').ratio.mid).toBe(1);
  });

  test('CPU seconds per gigabyte leave out the share of the warm-up', () => {
    expect(cell('node-net', 'sink cpu').low).toBeCloseTo((2 * 0.75) / 30);
  });

  test('what warms a server up, and what nobody knows, is no point', () => {
    expect(pointsOf(rows).map((p: { test: string }) => p.test)).not.toContain('warm p50');
    expect(pointsOf([{ m: 'something-new', peer: 'ours', value: 7 }])).toEqual([]);
    expect(pointsOf([{ m: 'sink', t: 'sink', peer: 'ours', err: 'timed out', gbps: 1 }])).toEqual([]);
  });

  test('numbers are short', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect([0.12345, 45.678, 1234.5, 250_000, Number.NaN].map(short)).toEqual(['0.123', '45.7', '1,235', '250k', '-']);
  });
});

test('every bench has the same median: none takes the upper of two in the middle', () => {
  const folder = new URL('../../../bench/', import.meta.url);
  const files = ['', 'micro/'].flatMap((part) =>
    readdirSync(new URL(part, folder))
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => `${part}${file}`),
  );
  const text = (file: string) => readFileSync(new URL(file, folder), 'utf8');
  expect(files.length).toBeGreaterThan(25);
  expect(files.filter((file) => /\.length >> 1\]|(function|const) median\b/.test(text(file)))).toEqual(['rows.mjs']);
});

test('two files: better only where the ranges stand apart, in the sense of the unit', () => {
  const [low, high] = [
    { n: 3, low: 1, mid: 2, high: 3 },
    { n: 3, low: 4, mid: 5, high: 6 },
  ];
  expect(verdict(low, high, 'more')).toBe('B is better');
  expect(verdict(low, high, 'less')).toBe('B is worse');
  expect(verdict(low, { ...high, low: 3 }, 'more')).toBe('no result: ranges overlap');
  expect(verdict({ ...low, n: 1 }, high, 'more')).toBe('no result: one round');
  expect(compare(rows, rows)).toContain('| ours | sink | Gbit/s | 40 [40..90] | 40 [40..90] | 1.00 | no result');
});

describe('a comparison leaves nothing out without a word', () => {
  test('what is in one file only', () => {
    expect(compare(rows, [])).toContain('| ours | sink | Gbit/s | 40 [40..90] | - | - | only in A |');
    expect(compare([], rows)).toContain('| ours | sink | x | - | 3 [2..4] | - | only in B |');
    expect(compare([], [])).toBe('nothing is in either file\n');
  });

  test('rows of pressure, growth and shards are points here, and nowhere else', () => {
    const pressure = { m: 'pressure', t: 'paused', peer: 'ours', gbps_before: 10, cpu_s_per_gb: 0.2 };
    const shards = { m: 'shards', peer: 'shards 2', round: 0, t: 'sink spin 0', rate: 40, per: 0.25 };
    const growth = { m: 'growth', peer: 'ours', n: 1000, cps: 20_000, p50us: 12 };
    const text: string = compare([pressure, shards, growth], [{ ...pressure, gbps_before: 20 }, shards, growth]);
    expect(text).toContain('| ours | paused: before | Gbit/s | 10 | 20 | 2.00 | no result: one round |');
    expect(text).toContain('| ours | paused: cpu | s/GB | 0.2 | 0.2 | 1.00 |');
    expect(text).toContain('| shards 2 | sink spin 0, cpu | s/GB | 0.25 | 0.25 |');
    expect(text).toContain('| ours | growth@1000 cps | 1/s | 20,000 | 20,000 |');
    expect(text).not.toContain('not compared');
    expect(pointsOf([pressure, shards, growth])).toEqual([]);
  });

  test('kinds that nobody compares, and rows that failed', () => {
    const failed = { m: 'sink', t: 'sink', mode: 'on', peer: 'ours', err: 'timed out' };
    const other = { m: 'something-new', peer: 'ours', value: 7 };
    expect(compare([failed, other, { case: 'quiet', cpu: 0 }, { what: 1 }], [])).toBe(
      'Rows of A that are not compared: 1 that failed, 1 something-new, 1 case quiet, 1 of no kind.\n',
    );
  });
});

test('rounds of several files are several rounds: no ratio is taken across files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rows-'));
  const file = (name: string, list: object[]) => {
    writeFileSync(join(folder, name), list.map((row) => JSON.stringify(row)).join('\n'));
    return join(folder, name);
  };
  const slow = file('slow.jsonl', [sink('node-net', 0, 10), sink('ours', 0, 20)]);
  const quick = file('quick.jsonl', [sink('node-net', 0, 40), sink('ours', 0, 80)]);
  const alone = file('alone.jsonl', [sink('ours', 0, 1000)]);
  const all = readRows(slow, quick, alone);
  const cell = cellsOf(pointsOf(all)).find(
    (c: { peer: string; test: string }) => c.peer === 'ours' && c.test === 'sink',
  );
  expect(cell).toMatchObject({ n: 3, high: 1000, ratio: { mid: 2, low: 2, high: 2 } });
  // What a row is read with is not written with it.
  expect(JSON.parse(JSON.stringify(all[0]))).toEqual(sink('node-net', 0, 10));
});

test('the page stands alone and has a plot for each thing measured', () => {
  const html: string = page(rows, [{ date: 'today', commit: '<abc>', node: 'v20' }]);
  expect(html.match(/<svg /g)).toHaveLength(5); // throughput, CPU, latency, memory, growth
  expect(html).not.toMatch(/<script|<link|<img|url\(|(src|href)=|NaN|undefined</);
  expect(html).toContain('&lt;abc&gt;');
  expect(tables(rows)).toContain('40 (3.00x) [40..90]');
});

test('connections per second say what both sides had of a core', () => {
  const row = { m: 'cps', t: 'cps', mode: 'on', peer: 'ours', round: 0, cps: 100, secs: 1.5, cpu: 1, client_cpu: 2 };
  const text: string = tables([row]);
  expect(text).toContain('### % of a core that each side had in cps');
  expect(text).toContain('| ours | 50 | 100 | 1 |');
  expect(tables([{ ...row, cpu: null, client_cpu: undefined }])).not.toContain('a core');
});

test('rows of http.mjs have points, but not what failed', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'rows-')), 'http.jsonl');
  const row = { side: 'net', round: 0, load: 'http requests/s', value: 200, errors: '' };
  const lines = [row, { ...row, side: 'ours', value: 300 }, { ...row, side: 'ours', round: 1, errors: 'Non-2xx' }];
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
  const points = pointsOf(readRows(file));
  expect(points).toMatchObject([
    { peer: 'node-net', test: 'http requests/s', unit: 'requests/s', value: 200 },
    { peer: 'ours-net', value: 300 },
  ]);
  expect(tables(readRows(file))).toContain('300 (1.50x)');
});

test('a smoke complains of loads that moved nothing, servers that ended, and rows that are not there', () => {
  const asked = { names: ['ours'], modes: ['gro'], idle: '' };
  const bulk = ['sink', 'sink8', 'source', 'sink-crc', 'sink8-crc', 'source-crc'];
  const good = bulk.map((t) => ({ ...sink('ours', 0, 1), t, mode: 'gro' }));
  expect(complaints(good, asked)).toEqual([]);
  expect(complaints(good.slice(1), asked)).toEqual(['ours gro sink: no row']);
  const apart = good.map((row) => ({ ...row, mode: 'apart' }));
  expect(complaints(apart, { ...asked, modes: ['apart'] })).toEqual(['ours apart cps: no row']);
  expect(complaints(good, { ...asked, skipped: ['kernel-c'] })).toEqual(['kernel-c was skipped']);
  expect(complaints([...good.slice(1), { ...good[0], total: 0 }], asked)[0]).toMatch(/^ours gro sink: stalled/);
  expect(
    complaints([...good, { m: 'exit', mode: 'gro', peer: 'ours', err: 'the server ended with 139' }], asked),
  ).toEqual(['ours gro exit: the server ended with 139']);
});

test('CRC-32C: the check value, in one piece and in many, in JavaScript and in C', () => {
  const { crc, slicing } = createRequire(import.meta.url)('../../../bench/peers/crc.js');
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * i * 31) & 255));
  for (const f of [crc, slicing]) {
    expect(f(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(f(bytes.subarray(333), f(bytes.subarray(0, 333)))).toBe(slicing(bytes));
  }
});

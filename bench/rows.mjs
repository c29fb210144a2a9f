// Raw rows as points: { mode, peer, test, unit, better, value, round, file }. Tables, comparisons and the report work on points.
import { readFileSync } from 'node:fs';

export const BASE = 'node-net';

/** Which file a row is from: not part of it, so whoever writes it down again does not write that. */
export const FILE = Symbol('file');

/** Rows of files. A line that is no row is an error: a file cut short must not pass. */
export function readRows(...files) {
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => ({ ...named(JSON.parse(line)), [FILE]: file })),
  );
}

/**
 * Rows of benches that do not name a kind: million.mjs and micro/growth.mjs have cases, goodput.mjs a path and who sends,
 * http.mjs a side, shards.mjs how many. */
function named(row) {
  if (row.m !== undefined) return row;
  if (row.case === 'few' || row.case === 'many') {
    const { connections: n, cps, p50us, p99us } = row;
    return { m: 'growth', peer: 'ours', n, cps, p50us, p99us };
  }
  if (row.case !== undefined && row.ns !== undefined) {
    return { m: 'growth', peer: 'ours', n: row.connections, [`ns: ${row.case}`]: row.ns };
  }
  if (row.side !== undefined && row.load !== undefined) {
    const { side, round, load: t, value, errors: err } = row;
    return { m: 'http', mode: 'on', peer: side === 'net' ? BASE : 'ours-net', round, t, value, ...(err && { err }) };
  }
  if (row.shards !== undefined && row.load !== undefined) {
    const { shards, round, load: t, rate, per } = row;
    return { m: 'shards', peer: `shards ${shards}`, round, t, rate, per };
  }
  if (row.who !== undefined && row.share !== undefined) {
    return {
      m: 'goodput',
      mode: `${row.loss} % loss, ${row.rtt} ms`,
      peer: row.who,
      round: row.seed,
      t: 'goodput',
      share: row.share,
    };
  }
  return row;
}

const more = (unit) => ({ unit, better: 'more' });
const less = (unit) => ({ unit, better: 'less' });

/** kind of row (`m`) → the points it holds: [suffix of the test's name, how to read it, value]. */
const kinds = {
  sink: bulk,
  source: bulk,
  cps: (r) => [['', more('1/s'), r.cps], ...cores(r)],
  rr1: trip,
  rr64: trip,
  lat: (r) => [
    [' p50', less('µs'), r.p50_us],
    [' p99', less('µs'), r.p99_us],
    [' p99.9', less('µs'), r.p999_us],
  ],
  http: (r) => [['', more(r.t.split(' ').at(-1)), r.value]],
  goodput: (r) => [['', more('% of the path'), 100 * r.share]],
  idle: (r) => [
    [`@${r.n} RSS`, less('B'), r.rss_b_per_conn],
    [`@${r.n} slab`, less('B'), r.slab_b_per_conn],
  ],
};

/** Kinds that have a place of their own on the page, or none: only comparisons take them for points. */
export const comparable = {
  ...kinds,
  pressure: (r) => [
    [': before', more('Gbit/s'), r.gbps_before],
    [': during', more('Gbit/s'), r.gbps_during],
    [': after', more('Gbit/s'), r.gbps_after],
    [': first byte after', less('ms'), r.first_byte_ms],
    [': cpu', less('s/GB'), r.cpu_s_per_gb],
    [': RSS', less('MB'), r.rss_mb],
  ],
  growth: (r) =>
    Object.entries(r)
      .filter(([key]) => !['m', 'n', 'round'].includes(key))
      .map(([key, value]) => [`@${r.n} ${key}`, /cps|per.?sec/i.test(key) ? more('1/s') : less(''), value]),
  shards: (r) => [
    ['', more(r.t.startsWith('cps') ? '1/s' : r.t.startsWith('sink') ? 'Gbit/s' : 'M/s'), r.rate],
    [', cpu', less(r.t.startsWith('cps') ? 'µs' : 's/GB'), r.per],
  ],
};

/** The client's time of warming up is in the server's CPU time too. */
function bulk(r) {
  const share = r.secs / (r.secs + (r.warm ?? 0.5));
  const cost = r.cpu && r.bytes ? (r.cpu * share) / (r.bytes / 1e9) : undefined;
  return [
    ['', more('Gbit/s'), r.gbps],
    [' cpu', less('s/GB'), cost],
  ];
}

/** How much of a core each side had, its time of warming up included: who is the limit. Softirqs are in neither. */
function cores(r) {
  const seconds = r.secs + Math.min(r.secs, 0.5);
  return [
    [' core, server', less('%'), r.cpu && (100 * r.cpu) / seconds],
    [' core, client', less('%'), r.client_cpu && (100 * r.client_cpu) / seconds],
  ];
}

function trip(r) {
  return [
    [' p50', less('µs'), r.p50_us],
    [' p99', less('µs'), r.p99_us],
  ];
}

/** The test of a row: its name without what is measured. */
const nameOf = (row) => row.t ?? row.m;

/** `known`: which kinds of rows have points. */
export function pointsOf(rows, known = kinds) {
  const points = [];
  for (const row of rows) {
    if (row.err || row.t === 'warm' || !row.peer || !Object.hasOwn(known, row.m)) continue;
    for (const [suffix, how, value] of known[row.m](row)) {
      if (typeof value !== 'number' || !Number.isFinite(value)) continue;
      points.push({
        mode: row.mode ?? '',
        peer: row.peer,
        round: row.round ?? 0,
        file: row[FILE],
        test: nameOf(row) + suffix,
        ...how,
        value,
      });
    }
  }
  return points;
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

const distinct = (list) => [...new Set(list)];

/**
 * One cell per mode, peer and test: { n, mid, low, high, ratio, ratioLow, ratioHigh }. The ratio is to `node-net` in the same round of the
 * same file, and the median over rounds; undefined where no round has both.
 */
export function cellsOf(points) {
  const groups = groupBy(points, keyOf);
  const cells = [];
  for (const [key, group] of groups) {
    const { mode, peer, test, unit, better } = group[0];
    const base = groups.get(key.replace(`\n${peer}\n`, `\n${BASE}\n`)) ?? [];
    const rounds = new Map(base.map((p) => [roundOf(p), p.value]));
    const values = group.map((p) => p.value);
    const ratios = group.filter((p) => rounds.get(roundOf(p))).map((p) => p.value / rounds.get(roundOf(p)));
    cells.push({
      mode,
      peer,
      test,
      unit,
      better,
      n: values.length,
      ...spread(values),
      ratio: ratios.length ? spread(ratios) : undefined,
    });
  }
  return cells;
}

/** The p99 of ping-pong as multiples of the p50 that `node-net` has in the same round: how far the tail is from what is usual. */
export function tailsOf(points) {
  const usual = new Map();
  for (const p of points) if (p.peer === BASE && p.test.endsWith(' p50')) usual.set(tripOf(p), p.value);
  return points
    .filter((p) => /^rr.* p99$/.test(p.test) && usual.has(tripOf(p)))
    .map((p) => ({ ...p, unit: '', value: p.value / usual.get(tripOf(p)) }));
}

const tripOf = (p) => `${p.mode}\n${p.test.slice(0, -4)}\n${roundOf(p)}`;
const keyOf = (p) => `${p.mode}\n${p.peer}\n${p.test}`;
/** Every file counts its rounds from 0. */
const roundOf = (p) => `${p.round}\n${p.file ?? ''}`;

/** Map.groupBy, which Node 20 lacks. */
function groupBy(list, key) {
  const groups = new Map();
  for (const item of list) {
    const k = key(item);
    if (groups.has(k)) groups.get(k).push(item);
    else groups.set(k, [item]);
  }
  return groups;
}

const spread = (values) => ({ mid: median(values), low: Math.min(...values), high: Math.max(...values) });

/** A value as people read it: three digits that count. */
export function short(value) {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 100_000) return `${Number((value / 1000).toPrecision(3))}k`;
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

export { distinct, groupBy };

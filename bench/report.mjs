// node bench/report.mjs FILE.jsonl... > report.html, or --out report.html: one page with plots that opens from disk.
// Draws the kinds of rows that it knows, from whatever bench, and leaves the rest alone.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bars, entities, lines, palette } from './plot.mjs';
import { BASE, cellsOf, distinct, groupBy, median, pointsOf, readRows, short } from './rows.mjs';
import { tables, titles } from './table.mjs';

const modeName = (mode) => titles[mode] ?? mode;

const style = `
:root { color-scheme: light dark; --ink: #222; --pale: #888; --grid: #8883; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #ddd; --paper: #16181c; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 920px; margin: 24px auto; padding: 0 16px; }
h2 { margin-top: 2.2em; border-bottom: 1px solid var(--grid); } h3 { margin-bottom: .2em; }
svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: var(--ink); }
.tiny { font-size: 9.5px; } .grid { stroke: var(--grid); } .whisker { stroke: var(--ink); stroke-width: 1.4; }
.line { fill: none; stroke-width: 2; } .note { color: var(--pale); margin-top: .2em; }
.legend span { margin-right: 1.2em; white-space: nowrap; } .legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; }
td, th { padding: 2px 8px; border: 1px solid var(--grid); text-align: right; white-space: nowrap; } td:first-child, th:first-child { text-align: left; }
details { margin-top: 2em; }`;

const note = (text) => `<p class="note">${entities(text)}</p>`;

/** One plot of bars: `tests` are the groups, peers the bars. */
function barPlot(cells, tests, how) {
  const groups = tests
    .map(([test, name]) => ({
      name,
      bars: cells
        .filter((c) => c.test === test)
        .map((c) => ({
          peer: c.peer,
          value: c.mid,
          low: c.low,
          high: c.high,
          label: c.ratio && c.peer !== BASE ? `${c.ratio.mid.toFixed(2)}x` : '',
        })),
    }))
    .filter((g) => g.bars.length > 0);
  return groups.length > 0 ? bars(groups, how) : '';
}

function perMode(cells, heading, tests, how, remark) {
  const plots = distinct(cells.map((c) => c.mode)).map((mode) => {
    const title = `${heading}, ${modeName(mode)}`;
    const plot = barPlot(
      cells.filter((c) => c.mode === mode),
      tests,
      { ...how, title },
    );
    return plot && `<h3>${entities(modeName(mode))}</h3>${plot}`;
  });
  const drawn = plots.filter(Boolean);
  return drawn.length > 0 ? `<h2>${entities(heading)}</h2>${note(remark)}${drawn.join('')}` : '';
}

const same = (names) => names.map((n) => [n, n]);

/** Percentiles go by how many nines they have, so that the tail has room. */
const nines = (p) => 1 / (1 - p);
const percentileTicks = [
  [0, '0'],
  [0.5, '50 %'],
  [0.9, '90 %'],
  [0.99, '99 %'],
  [0.999, '99.9 %'],
  [0.9999, '99.99 %'],
];

/** The median over rounds at each percentile, as far as every round goes. */
function curveOf(rows) {
  const length = Math.min(...rows.map((r) => r.curve.length));
  return Array.from({ length }, (_, i) => [nines(rows[0].curve[i][0]), median(rows.map((r) => r.curve[i][1]))]);
}

function latency(rows, colour) {
  const found = rows.filter((r) => r.m === 'lat' && Array.isArray(r.curve) && r.curve.length > 1);
  const plots = [...groupBy(found, (r) => `${r.mode}\n${r.t}`).values()].map((group) => {
    const { mode, rate, size, conns } = group[0];
    const peers = [...groupBy(group, (r) => r.peer)];
    const series = peers.map(([peer, own]) => ({ peer, points: curveOf(own) }));
    const furthest = Math.max(...series.flatMap((s) => s.points.map((p) => p[0])));
    const title = `${modeName(mode)}, ${short(rate)} requests/s of ${size} B on ${conns} connections`;
    const plot = lines(series, {
      unit: 'µs',
      xLabel: 'share of requests answered within',
      xTicks: percentileTicks.map(([p, label]) => [nines(p), label]).filter(([x]) => x <= furthest * 1.01),
      logX: true,
      logY: true,
      colour,
      title,
    });
    const head =
      '<tr><th>µs</th><th>p50</th><th>p99</th><th>p99.9</th><th>max</th><th>p99 from sending</th><th>not answered</th></tr>';
    const items = peers.map(([peer, own]) => {
      const mid = (key) => short(median(own.map((r) => r[key])));
      const cells = ['p50_us', 'p99_us', 'p999_us', 'max_us', 'p99_sent_us', 'unanswered'].map(
        (k) => `<td>${mid(k)}</td>`,
      );
      return `<tr><td>${entities(peer)}</td>${cells.join('')}</tr>`;
    });
    return `<h3>${entities(title)}</h3>${plot}<div class="wide"><table>${head}${items.join('')}</table></div>`;
  });
  if (plots.length === 0) return '';
  const remark =
    'Requests leave at fixed times, whatever the answers do, and latency counts from the time a request was due: a server that ' +
    'stands still is charged for all who waited (no coordinated omission). "From sending" is what a client would have seen that ' +
    'starts its clock when it sends. Median over rounds.';
  return `<h2>Latency at fixed rates</h2>${note(remark)}${plots.join('')}`;
}

function memory(rows, colour) {
  const found = rows.filter((r) => r.m === 'idle' && r.peer && Number.isFinite(r.rss_b_per_conn));
  if (found.length === 0) return '';
  const groups = [...groupBy(found, (r) => r.n)].map(([n, own]) => ({
    name: `${short(n)} connections`,
    bars: [...groupBy(own, (r) => r.peer)].map(([peer, list]) => ({
      peer,
      value: Math.max(median(list.map((r) => r.rss_b_per_conn)), 0),
      extra: Math.max(median(list.map((r) => r.slab_b_per_conn ?? 0)), 0),
    })),
  }));
  const remark =
    "Growth of the resident memory of the server per idle connection; paler: of the kernel's slab, for kernel peers both ends, for others the " +
    "client's alone. At 1,000 connections the steps of the heap dominate.";
  return `<h2>Memory per idle connection</h2>${note(remark)}${bars(groups, { unit: 'bytes', colour, title: 'Memory per idle connection' })}`;
}

/** What grows with the number of connections: [key of an idle row, heading, unit]. */
const growing = [
  ['rr_p50_loaded', 'Ping-pong beside n idle connections, p50', 'µs'],
  ['cps_loaded', 'New connections beside n idle ones', '1/s'],
  ['open_secs', 'Time to open n connections', 's'],
];

/** Rows { m: 'growth', peer, n, ...numbers }: a plot per number, whatever bench they are from. */
function growthKeys(rows) {
  const own = rows.filter((r) => r.m === 'growth');
  const left = new Set(['m', 'n', 'round', 'peer', 'mode', 't']);
  const keys = distinct(own.flatMap((r) => Object.keys(r).filter((k) => !left.has(k) && typeof r[k] === 'number')));
  return keys.map((key) => [own, key, key.replaceAll('_', ' '), '']);
}

function growth(rows, colour) {
  const idle = rows.filter((r) => r.m === 'idle');
  const plots = [...growing.map(([key, title, unit]) => [idle, key, title, unit]), ...growthKeys(rows)].map(
    ([from, key, title, unit]) => {
      const usable = from.filter((r) => Number.isFinite(r[key]) && r.n > 0);
      if (distinct(usable.map((r) => r.n)).length < 2) return '';
      const series = [...groupBy(usable, (r) => r.peer ?? 'ours')].map(([peer, own]) => ({
        peer,
        points: [...groupBy(own, (r) => r.n)]
          .map(([n, list]) => [n, median(list.map((r) => r[key]))])
          .sort((a, b) => a[0] - b[0]),
      }));
      return `<h3>${entities(title)}</h3>${lines(series, { unit, xLabel: 'connections', colour, title, logX: true })}`;
    },
  );
  const drawn = plots.filter(Boolean);
  return drawn.length > 0
    ? `<h2>Growth</h2>${note('How cost grows with the number of connections.')}${drawn.join('')}`
    : '';
}

/** Rows { m: 'pressure', peer, t, ...}: a table with a column for whatever they tell. */
function pressure(rows) {
  const found = rows.filter((r) => r.m === 'pressure');
  if (found.length === 0) return '';
  const left = new Set(['m', 'mode', 'round', 't', 'peer']);
  const parts = [...groupBy(found, (r) => r.t)].map(([name, own]) => {
    const keys = distinct(own.flatMap((r) => Object.keys(r).filter((k) => !left.has(k) && typeof r[k] !== 'object')));
    const head = `<tr><th>peer</th>${keys.map((k) => `<th>${entities(k.replaceAll('_', ' '))}</th>`).join('')}</tr>`;
    const show = (v) => (typeof v === 'number' ? short(v) : entities(v ?? '-'));
    const body = own.map(
      (r) => `<tr><td>${entities(r.peer)}</td>${keys.map((k) => `<td>${show(r[k])}</td>`).join('')}</tr>`,
    );
    const counted = own.map((r) => [r.peer, counts(r.counters)]).filter(([, text]) => text !== '');
    const notes = counted.map(([peer, text]) => note(`${peer}: ${text}`));
    return `<h3>${entities(name)}</h3><div class="wide"><table>${head}${body.join('')}</table></div>${notes.join('')}`;
  });
  return `<h2>Under pressure</h2>${parts.join('')}`;
}

/** Counters in groups, { group: { name: n } }, in a line. */
const counts = (groups = {}) =>
  Object.entries(groups)
    .flatMap(([group, own]) => Object.entries(own).map(([name, n]) => `${group}.${name} ${n}`))
    .join(', ');

/** Points of other benches: a plot for each mode and unit. */
function others(cells, colour) {
  const rest = cells.filter((c) => !/^(sink|source|cps|rr|lat@|idle)/.test(c.test));
  return [...groupBy(rest, (c) => `${c.mode}\n${c.unit}`).values()].map((group) => {
    const { mode, unit } = group[0];
    const title = [modeName(mode), unit].filter(Boolean).join(', ');
    const tests = same(distinct(group.map((c) => c.test)));
    return `<h2>${entities(title)}</h2>${note(ratioNote)}${barPlot(group, tests, { unit, colour, title })}`;
  });
}

/** Markdown tables as HTML; nothing else of Markdown but headings and lists. */
function asHtml(markdown) {
  const row = (text, tag) =>
    `<tr>${text
      .slice(1, -1)
      .split('|')
      .map((c) => `<${tag}>${entities(c.trim())}</${tag}>`)
      .join('')}</tr>`;
  return markdown
    .split(/\n\n+/)
    .map((block) => {
      if (block.startsWith('### ')) return `<h4>${entities(block.slice(4))}</h4>`;
      if (block.startsWith('## ')) return `<h3>${entities(block.slice(3))}</h3>`;
      if (!block.startsWith('|')) return `<pre>${entities(block)}</pre>`;
      const [head, , ...body] = block.trim().split('\n');
      return `<div class="wide"><table>${row(head, 'th')}${body.map((r) => row(r, 'td')).join('')}</table></div>`;
    })
    .join('\n');
}

const throughput = ['sink', 'sink8', 'source', 'sink-crc', 'sink8-crc', 'source-crc'];
const trips = ['rr1-same', 'rr64-same', 'rr1-cross', 'rr64-cross'];
const ratioNote = `Median over rounds, the whisker from the lowest to the highest; above the bar the ratio to ${BASE} in the same round, median. Where whiskers overlap there is no result.`;

/** The page, as text. `facts`: what meta.mjs told, one per file. */
export function page(rows, facts = []) {
  const cells = cellsOf(pointsOf(rows));
  const peers = distinct(rows.map((r) => r.peer).filter(Boolean));
  const colour = palette(peers);
  const parts = [
    perMode(
      cells,
      'Throughput',
      same(throughput),
      { unit: 'Gbit/s', colour },
      `${ratioNote} sink: into the server by one connection, sink8 by eight; source: out of it; crc: the server reads every byte (CRC-32C).`,
    ),
    perMode(
      cells,
      'Connections per second',
      [['cps', 'connect, one byte echoed, FIN both ways; 64 at a time']],
      { unit: '1/s', colour },
      ratioNote,
    ),
    latency(rows, colour),
    perMode(
      cells,
      'Ping-pong, p50',
      trips.map((t) => [`${t} p50`, t]),
      { unit: 'µs', colour },
      `${ratioNote} Closed loop: the next leaves when the last has come.`,
    ),
    perMode(
      cells,
      'Ping-pong, p99',
      trips.map((t) => [`${t} p99`, t]),
      { unit: 'µs', colour, log: true },
      ratioNote,
    ),
    perMode(
      cells,
      'CPU of the server per gigabyte',
      throughput.map((t) => [`${t} cpu`, t]),
      { unit: 's/GB', colour },
      `${ratioNote} Spinning included. The kernel's work for kernel peers is partly charged to nobody.`,
    ),
    memory(rows, colour),
    growth(rows, colour),
    ...others(cells, colour),
    pressure(rows),
  ];
  const items = facts.map((f) => `<li>${entities(factsLine(f))}</li>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>usertcp bench</title><style>${style}</style></head>
<body><h1>usertcp bench</h1><ul>${items.join('')}</ul>
${parts.filter(Boolean).join('\n')}
<details><summary>All numbers</summary>${asHtml(tables(rows))}</details></body></html>
`;
}

const factsLine = (f) =>
  `${f.date}: commit ${f.commit}${f.changed ? ' (changed)' : ''}, Linux ${f.kernel}, Node ${f.node}, ${f.cpus} x ${f.cpu}, ${f.memoryGiB} GiB, ${f.rounds ?? '?'} rounds`;

/** What stands beside a result file. */
export function factsOf(file) {
  const beside = file.replace(/\.jsonl$/, '.meta.json');
  return existsSync(beside) && beside !== file ? [JSON.parse(readFileSync(beside, 'utf8'))] : [];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
  const html = page(readRows(...positionals), positionals.flatMap(factsOf));
  if (values.out) writeFileSync(values.out, html);
  else process.stdout.write(html);
}

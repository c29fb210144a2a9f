// Plots as SVG text: grouped bars and lines. No script, no font, no style from outside: they stand in one HTML file.
import { distinct, short } from './rows.mjs';

const WIDTH = 880;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 34;

const named = {
  ours: '#d1495b',
  'ours-net': '#ee8c3a',
  'ours-copy': '#f2b5a7',
  'node-net': '#3f8f5a',
  'node-https': '#3f8f5a',
  'kernel-c': '#3a6ea5',
};
const more = ['#7b5ea7', '#a08a2c', '#2f9c95', '#8c564b', '#7f7f7f', '#b565a7', '#5b8db8'];

/** A colour per peer, the same on all plots of a page. */
export function palette(peers) {
  const rest = peers.filter((p) => !named[p]);
  return (peer) => named[peer] ?? more[rest.indexOf(peer) % more.length];
}

export const entities = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

function legend(peers, colour) {
  const entries = peers.map((p) => `<span><i style="background:${colour(p)}"></i>${entities(p)}</span>`);
  return `<p class="legend">${entries.join('')}</p>`;
}

const svg = (body, title, peers, colour) =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${entities(title)}">${body.join('')}</svg>${legend(peers, colour)}`;
const text = (x, y, what, how = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${how}>${entities(what)}</text>`;
const line = (x1, y1, x2, y2, how) =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${how}/>`;

/** Where values go on an axis from `from` to `to` pixels, and its ticks. */
function scale(values, from, to, log) {
  const usable = values.filter((v) => Number.isFinite(v) && (!log || v > 0));
  const high = Math.max(...usable, log ? 1 : 0) || 1;
  if (!log) {
    const raw = high / 5;
    const size = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * size).find((s) => s >= raw);
    const top = Math.ceil(high / step) * step;
    const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
    return { at: (v) => from + (v / top) * (to - from), ticks };
  }
  const first = Math.floor(Math.log10(Math.min(...usable)) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(high) - 1e-9), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  return { at: (v) => from + ((Math.log10(v) - first) / (last - first)) * (to - from), ticks };
}

function yAxis(y, label) {
  return [
    ...y.ticks.flatMap((t) => [
      line(LEFT, y.at(t), WIDTH - RIGHT, y.at(t), 'class="grid"'),
      text(LEFT - 6, y.at(t) + 4, short(t), 'text-anchor="end"'),
    ]),
    `<text transform="translate(13 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${entities(label)}</text>`,
  ];
}

/**
 * groups: [{ name, bars: [{ peer, value, low, high, extra, label }] }]. `low` and `high` are drawn as a whisker, `extra` as
 * a paler part on top (another share of the same sum).
 */
export function bars(groups, { unit, colour, title, log = false }) {
  const all = groups.flatMap((g) => g.bars);
  const y = scale(
    all.flatMap((b) => [b.value + (b.extra ?? 0), b.high ?? b.value, ...(log ? [b.low ?? b.value] : [])]),
    HEIGHT - BOTTOM,
    TOP,
    log,
  );
  const out = yAxis(y, unit);
  const widest = Math.max(...groups.map((g) => g.bars.length));
  const room = (WIDTH - LEFT - RIGHT) / groups.length;
  const wide = Math.min((room * 0.86) / widest, 46);
  const floor = HEIGHT - BOTTOM;
  for (const [g, group] of groups.entries()) {
    const middle = LEFT + room * (g + 0.5);
    const start = middle - (wide * group.bars.length) / 2;
    out.push(text(middle, HEIGHT - 12, group.name, 'text-anchor="middle"'));
    for (const [i, bar] of group.bars.entries()) {
      const x = start + i * wide;
      const top = y.at(bar.value);
      const range = bar.low === undefined ? '' : ` [${short(bar.low)}..${short(bar.high)}]`;
      const extra = bar.extra ? ` + ${short(bar.extra)}` : '';
      out.push(
        `<g><title>${entities(`${bar.peer}, ${group.name}: ${short(bar.value)}${extra} ${unit}${range} ${bar.label ?? ''}`)}</title>`,
        `<rect x="${(x + 1).toFixed(1)}" y="${top.toFixed(1)}" width="${(wide - 2).toFixed(1)}" height="${Math.max(floor - top, 0.5).toFixed(1)}" fill="${colour(bar.peer)}"/>`,
      );
      let end = top;
      if (bar.extra > 0) {
        end = y.at(bar.value + bar.extra);
        out.push(
          `<rect x="${(x + 1).toFixed(1)}" y="${end.toFixed(1)}" width="${(wide - 2).toFixed(1)}" height="${(top - end).toFixed(1)}" fill="${colour(bar.peer)}" opacity="0.45"/>`,
        );
      }
      if (bar.low !== undefined && bar.high > bar.low) {
        out.push(line(x + wide / 2, y.at(bar.low), x + wide / 2, y.at(bar.high), 'class="whisker"'));
        end = Math.min(end, y.at(bar.high));
      }
      if (bar.label && wide >= 20)
        out.push(text(x + wide / 2, end - 3, bar.label, 'text-anchor="middle" class="tiny"'));
      out.push('</g>');
    }
  }
  return svg(out, title, distinct(all.map((b) => b.peer)), colour);
}

/** series: [{ peer, points: [[x, y]…], dashed }]; `xTicks`: [[x, label]…] when the axis is not plain numbers. */
export function lines(series, { unit, xLabel, colour, title, xTicks, logX = false, logY = false }) {
  const points = series.flatMap((s) => s.points);
  const x = scale([...points.map((p) => p[0]), ...(xTicks ?? []).map((t) => t[0])], LEFT + 8, WIDTH - RIGHT - 8, logX);
  const y = scale(
    points.map((p) => p[1]),
    HEIGHT - BOTTOM,
    TOP,
    logY,
  );
  const out = yAxis(y, unit);
  for (const [at, label] of xTicks ?? x.ticks.map((t) => [t, short(t)])) {
    out.push(line(x.at(at), TOP, x.at(at), HEIGHT - BOTTOM, 'class="grid"'));
    out.push(text(x.at(at), HEIGHT - 20, label, 'text-anchor="middle"'));
  }
  out.push(text((LEFT + WIDTH) / 2, HEIGHT - 4, xLabel, 'text-anchor="middle"'));
  for (const { peer, name = peer, points: own, dashed } of series) {
    const drawn = own.filter(([, v]) => !logY || v > 0);
    const path = drawn.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`).join(' ');
    const dash = dashed ? ' stroke-dasharray="5 4"' : '';
    out.push(
      `<g><title>${entities(name)}</title><polyline points="${path}" stroke="${colour(peer)}"${dash} class="line"/>`,
    );
    if (drawn.length <= 12) {
      for (const [px, py] of drawn) {
        out.push(
          `<circle cx="${x.at(px).toFixed(1)}" cy="${y.at(py).toFixed(1)}" r="3" fill="${colour(peer)}"><title>${entities(`${name}: ${short(py)} ${unit} at ${short(px)}`)}</title></circle>`,
        );
      }
    }
    out.push('</g>');
  }
  return svg(out, title, distinct(series.map((s) => s.peer)), colour);
}

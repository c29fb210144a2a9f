// The requirements: rows of docs/requirements/*.tsv, and which mention in code or test is about which of them.
import { readFileSync } from 'node:fs';
import { path } from '../prepare.mjs';

/** Objects by the names in the first line. */
export function table(name) {
  const [head, ...lines] = readFileSync(path('docs/requirements', name), 'utf8').trimEnd().split('\n');
  const columns = head.split('\t');
  return lines.map((line) => Object.fromEntries(line.split('\t').map((cell, n) => [columns[n], cell])));
}

/** `5.1-5.3` is three sections; `7.2, 7.7` two; words and list letters are none. */
function sections(text) {
  const found = [];
  for (const [whole, from, to] of text.matchAll(/(\d+(?:\.\d+)*)(?:-(\d+(?:\.\d+)*))?/g)) {
    found.push(from);
    if (!to || !whole.includes('-')) continue;
    const stem = from.replace(/\d+$/, '');
    const last = (name) => Number(/\d+$/.exec(name)[0]);
    for (let n = last(from) + 1; n <= last(to); n++) found.push(`${stem}${n}`);
  }
  return found;
}

export function rows() {
  const core = table('rfc9293.tsv').map((r) => ({ ...r, table: 'rfc9293', where: `§${r.section}` }));
  const moves = table('transitions.tsv').map((r) => ({
    ...r,
    table: 'transitions',
    level: r.kind,
    where: `§${r.section}`,
    summary: [r.state, r.event, r.guard].filter(Boolean).join(' · '),
  }));
  const others = table('other-rfcs.tsv').map((r) => {
    const rfc = /^\d+/.exec(r.id)[0];
    const rest = r.section.startsWith(rfc) ? r.section.slice(rfc.length) : r.section;
    const of = sections(rest);
    const where = `RFC ${rfc}${rest.trim() ? ` §${rest.trim()}` : ''}`;
    return { ...r, table: 'other-rfcs', rfc, of: of.length > 0 ? of : ['0'], where };
  });
  return [...core, ...moves, ...others];
}

const NUMBERED = /\b(?:MUST|SHLD|MAY|REC|UNTAGGED)-\d+\b|\bT\d{3}\b/g;
const RANGE = /\bT(\d{3}) to T(\d{3})\b/g;
/** `RFC 7323 §5.3, §5.4`, `RFC 6298 (2.3)`, `RFC 8985 §6.2-a`, `RFC 826`. */
const OF_RFC = /\bRFC (\d{3,4})((?:,? (?:and )?(?:§|\()\d[\d.]*\d?(?:-[a-z]\b)?\)?)*)/g;

/** Keys of what one line mentions: ids, and `rfc|section`, which stands for each row of that section. */
export function mentions(line) {
  const keys = new Set(line.match(NUMBERED) ?? []);
  for (const [, from, to] of line.matchAll(RANGE)) {
    for (let n = Number(from); n <= Number(to); n++) keys.add(`T${String(n).padStart(3, '0')}`);
  }
  for (const [, rfc, list] of line.matchAll(OF_RFC)) {
    const parts = [...list.matchAll(/(\d+(?:\.\d+)*)(?:-([a-z]))?/g)];
    if (parts.length === 0) keys.add(`${rfc}|0`);
    for (const [, section, letter] of parts) keys.add(letter ? `${rfc}-${section}-${letter}` : `${rfc}|${section}`);
  }
  return keys;
}

/** Everything a row may be called. */
export function names(row) {
  return row.table === 'other-rfcs' ? [row.id, ...row.of.map((s) => `${row.rfc}|${s}`)] : [row.id];
}

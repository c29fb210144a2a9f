// docs/compliance.md: each requirement with the code that meets it and the test that proves it, from the tags in both.
//   (nothing)  writes it      --check  fails when it is stale, or a requirement is neither met, decided nor listed in open.tsv
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { names, rows, table } from './compliance/rows.mjs';
import { scan } from './compliance/scan.mjs';
import { path } from './prepare.mjs';

const PAGE = path('docs/compliance.md');
const SHOWN = 3;
const { code, tests, faults, decisions } = scan();
const open = new Map(table('open.tsv').map((r) => [r.id, r.why]));

const isMust = (row) => /^(MUST|must)\b/.test(row.level);
const of = (row, found) => {
  const all = names(row).flatMap((name) => found.get(name) ?? []);
  return all.filter((p, n) => all.findIndex((q) => q.file === p.file) === n);
};
const judged = rows().map((row) => {
  const r = { ...row, code: of(row, code), tests: of(row, tests), faults: of(row, faults) };
  r.decision = names(row)
    .map((name) => decisions.get(name))
    .find((d) => d);
  r.status = status(r);
  return r;
});

function status(r) {
  if (r.decision?.verb === 'Refuses') return 'refused';
  if (r.code.length > 0 && r.tests.length > 0) return 'tested';
  if (r.table === 'transitions' && r.tests.length > 0) return 'tested'; // the step functions carry them by paragraph
  if (r.decision) return 'decided';
  if (r.tests.length > 0) return 'test only';
  return r.code.length > 0 ? 'code only' : 'open';
}

const link = ({ file, line }) => `[${basename(file).replace(/(\.test)?\.(ts|cc|h|md)$/, '')}](../${file}#L${line})`;
const links = (list) =>
  list.slice(0, SHOWN).map(link).join(' ') + (list.length > SHOWN ? ` +${list.length - SHOWN}` : '');
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const decided = (r) =>
  r.decision ? `ADR [${Number(basename(r.decision.file).slice(0, 4))}](../${r.decision.file})` : '';

function line(r) {
  const summary = r.summary.length > 150 ? `${r.summary.slice(0, 147)}...` : r.summary;
  const state = [r.status, decided(r)].filter(Boolean).join(', ');
  return `| ${r.id} | ${r.level} | ${cell(r.where)} | ${cell(summary)} | ${state} | ${links(r.code)} | ${links(r.tests)} | ${links(r.faults)} |`;
}

function group(title, list) {
  const head =
    '| id | level | where | what | status | code | tests | planted faults |\n| --- | --- | --- | --- | --- | --- | --- | --- |';
  return `## ${title}\n\n${head}\n${list.map(line).join('\n')}\n`;
}

const KINDS = ['tested', 'decided', 'refused', 'test only', 'code only', 'open'];
function totals() {
  const head = `| | rows | ${KINDS.join(' | ')} |\n| --- ${'| ---: '.repeat(KINDS.length + 1)}|`;
  const count = (name, list) =>
    `| ${name} | ${list.length} | ${KINDS.map((kind) => list.filter((r) => r.status === kind).length).join(' | ')} |`;
  const core = judged.filter((r) => r.table === 'rfc9293');
  return [
    head,
    count(
      'RFC 9293: MUST, MUST NOT',
      core.filter((r) => r.id.startsWith('MUST')),
    ),
    count(
      'RFC 9293: SHOULD',
      core.filter((r) => /^(SHLD|REC)/.test(r.id)),
    ),
    count(
      'RFC 9293: MAY',
      core.filter((r) => r.id.startsWith('MAY')),
    ),
    count(
      'RFC 9293: rules without a number',
      core.filter((r) => r.id.startsWith('UNTAGGED')),
    ),
    count(
      'RFC 9293 §3.10: transitions',
      judged.filter((r) => r.table === 'transitions'),
    ),
    count(
      'other RFCs: MUST',
      judged.filter((r) => r.table === 'other-rfcs' && isMust(r)),
    ),
    count(
      'other RFCs: everything else',
      judged.filter((r) => r.table === 'other-rfcs' && !isMust(r)),
    ),
  ].join('\n');
}

function page() {
  const by = (name) => judged.filter((r) => r.table === name);
  return `# Compliance

Made by \`node scripts/compliance.mjs\` from the tags in \`src/\`, \`native/\`, \`test/\` and \`docs/adr/\`; do not edit.

- **tested**: code and a test name it; for a transition a test is enough, since the steps of §3.10.7 carry them by paragraph. A planted fault breaks the code on purpose, and the test must notice.
- **decided**, **refused**: a decision (ADR) says what we do about it, or why not.
- **test only**, **code only**: one of the two does not name it yet. **open**: neither does; \`docs/requirements/open.tsv\` says why.

${totals()}

${group('RFC 9293', by('rfc9293'))}
${group('RFC 9293 §3.10: every state and event', by('transitions'))}
${group('Other RFCs', by('other-rfcs'))}`;
}

/** What a row lacks, in words; undefined when nothing. */
function lacks(r) {
  if (r.decision) return undefined;
  if (r.table === 'transitions') return r.tests.length > 0 ? undefined : 'a test that names it';
  if (r.table === 'other-rfcs' && !isMust(r)) return undefined;
  const missing = [];
  if (r.code.length === 0) missing.push('a tag in the code');
  if (r.tests.length === 0) missing.push('a test that names it');
  if (r.table === 'rfc9293' && r.id.startsWith('MUST') && r.faults.length === 0) missing.push('a planted fault');
  return missing.length > 0 ? missing.join(', ') : undefined;
}

function check() {
  const wrong = [];
  for (const r of judged) {
    const missing = lacks(r);
    if (missing && !open.has(r.id)) wrong.push(`${r.id} (${r.level}) lacks ${missing}: ${r.summary.slice(0, 80)}`);
    if (!missing && open.has(r.id)) wrong.push(`${r.id} is done: take it out of docs/requirements/open.tsv`);
  }
  for (const id of open.keys()) if (!judged.some((r) => r.id === id)) wrong.push(`open.tsv: no requirement ${id}`);
  // A line that only moved is no news.
  const still = (text) => text.replace(/#L\d+/g, '');
  if (!existsSync(PAGE) || still(readFileSync(PAGE, 'utf8')) !== still(page()))
    wrong.push('docs/compliance.md is stale: run node scripts/compliance.mjs');
  return wrong;
}

if (process.argv.includes('--check')) {
  const wrong = check();
  for (const text of wrong) console.log(text);
  process.exit(wrong.length > 0 ? 1 : 0);
}

// What is done leaves the list.
const left = judged.filter((r) => open.has(r.id) && lacks(r));
writeFileSync(
  path('docs/requirements/open.tsv'),
  `id\twhy\n${left.map((r) => `${r.id}\t${open.get(r.id)}\n`).join('')}`,
);
writeFileSync(PAGE, page());
console.log(totals());

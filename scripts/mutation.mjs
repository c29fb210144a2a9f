// npm run mutation -- --mutate arrives/ack,mss    breaks these files of src/core/tcp in every small way, and counts what no test notices
// npm run mutation -- --survivors arrives/ack     what lived, line by line; without files: all that was run
// npm run mutation -- --scores                    the table of docs/mutation.md
// Results add up in .cache/mutation/: a mutant is judged again only when its code or its tests have changed. docs/mutation.md.
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { path, run, say } from './prepare.mjs';

const ROOT = 'src/core/tcp/';
const REPORT = path('.cache/mutation/incremental.json');
const KILLED = new Set(['Killed', 'Timeout']);
const LIVED = new Set(['Survived', 'NoCoverage']);

const { values, positionals } = parseArgs({
  options: { mutate: { type: 'string' }, survivors: { type: 'boolean' }, scores: { type: 'boolean' } },
  allowPositionals: true,
});

/** `arrives/ack`, or as the shell completes it. */
const full = (name) => `${ROOT + name.replace(ROOT, '').replace(/\.ts$/, '')}.ts`;

function report() {
  if (!existsSync(REPORT)) {
    say('nothing was run yet: npm run mutation -- --mutate FILE');
    process.exit(2);
  }
  return Object.entries(JSON.parse(readFileSync(REPORT, 'utf8')).files).sort(([a], [b]) => (a < b ? -1 : 1));
}

function survivors(names) {
  const wanted = names.map(full);
  for (const [file, { source, mutants }] of report()) {
    if (wanted.length > 0 && !wanted.includes(file)) continue;
    const lines = source.split('\n');
    for (const { status, replacement, location } of mutants.filter((m) => LIVED.has(m.status))) {
      const { start, end } = location;
      const first = lines[start.line - 1];
      const text = first.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined);
      const by = (replacement ?? '').replace(/\s+/g, ' ').slice(0, 90);
      console.log(
        `${file.slice(ROOT.length)}:${start.line} ${status === 'NoCoverage' ? 'never run ' : ''}${first.trim()}`,
      );
      console.log(`    ${text}${end.line === start.line ? '' : ' …'}  ->  ${by}`);
    }
  }
}

function scores() {
  const sum = { killed: 0, all: 0 };
  const row = (name, killed, all) =>
    console.log(`| ${name} | ${killed} | ${all} | ${all === 0 ? '–' : ((100 * killed) / all).toFixed(1)} |`);
  console.log('| file | killed | mutants | % |\n| --- | ---: | ---: | ---: |');
  for (const [file, { mutants }] of report()) {
    const killed = mutants.filter((m) => KILLED.has(m.status)).length;
    const all = killed + mutants.filter((m) => LIVED.has(m.status)).length;
    if (all === 0) continue;
    row(`\`${file.slice(ROOT.length)}\``, killed, all);
    sum.killed += killed;
    sum.all += all;
  }
  row('all of these', sum.killed, sum.all);
}

if (values.survivors) survivors(positionals);
else if (values.scores) scores();
else {
  const files = [...(values.mutate?.split(',') ?? []), ...positionals].map(full);
  const missing = files.filter((file) => !existsSync(path(file)));
  if (missing.length > 0) {
    say(`no file ${missing.join(', ')}`);
    process.exit(2);
  }
  const args = files.length > 0 ? ['--mutate', files.join(',')] : [];
  process.exit(run(process.execPath, [path('node_modules/@stryker-mutator/core/bin/stryker.js'), 'run', ...args]));
}

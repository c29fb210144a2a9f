// The table at the end, and whether the bars hold.
import { group } from './select.mjs';

const BARS = { net: 1, http: 0.97, https: 0.97, tls: 0.97, http2: 0.97 };
const MOST_EXCLUDED = 0.25;

const percent = (part, whole) => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);

/** Per group: applies (passed on stock, uses TCP), run, passed, failed, excluded; and over what the passed ones went. */
export function table(tests, results, stock, excluded) {
  const groups = {};
  for (const name of Object.keys(BARS)) {
    const mine = tests.filter((test) => group(test) === name && stock.applies(test) && stock.usesTcp(test));
    const done = results.filter((r) => group(r.name) === name && stock.usesTcp(r.name));
    const passed = done.filter((r) => r.status === 'pass');
    const over = (r) => r.used.ours + r.used.listened > 0;
    groups[name] = {
      applies: mine.length,
      excluded: mine.filter((test) => excluded.has(test)).length,
      passed: passed.length,
      failed: done.length - passed.length,
      ours: passed.filter(over).length,
      kernel: passed.filter((r) => !over(r)).length,
      both: passed.filter((r) => r.way === 'both').length,
      again: passed.filter((r) => r.way === 'own' && r.tries > 1).length,
    };
  }
  const sum = (word) => Object.values(groups).reduce((total, one) => total + one[word], 0);
  const share = sum('applies') === 0 ? 0 : sum('excluded') / sum('applies');
  const head = [
    '',
    'applies',
    'excluded',
    'passed',
    'failed',
    'share',
    'over ours',
    'kernel only',
    'loopback both',
    '2nd try',
  ];
  const row = (name, g) => [
    name,
    g.applies,
    g.excluded,
    g.passed,
    g.failed,
    percent(g.passed, g.passed + g.failed),
    g.ours,
    g.kernel,
    g.both,
    g.again,
  ];
  const all = Object.fromEntries(Object.keys(groups.net).map((word) => [word, sum(word)]));
  const rows = [head, ...Object.entries(groups).map(([name, g]) => row(name, g)), row('all', all)];
  const lines = rows.map((cells) =>
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(6) : String(cell).padStart(14))).join(''),
  );
  const rest = results.filter((r) => !stock.usesTcp(r.name));
  const fine = rest.filter((r) => r.status === 'pass').length;
  if (rest.length > 0) lines.push(`tests without a TCP socket: ${fine} of ${rest.length} pass`);
  lines.push(`excluded: ${percent(sum('excluded'), sum('applies'))} of what applies`);
  return { groups, share, text: lines.join('\n') };
}

/** What falls short of the bars, in words. */
export function bars(groups, share) {
  const short = Object.entries(BARS)
    .filter(([name, bar]) => groups[name].passed < bar * (groups[name].passed + groups[name].failed))
    .map(
      ([name, bar]) =>
        `${name}: ${percent(groups[name].passed, groups[name].passed + groups[name].failed)}, the bar is ${100 * bar} %`,
    );
  if (share > MOST_EXCLUDED) short.push(`excluded: ${percent(share, 1)}, at most ${100 * MOST_EXCLUDED} %`);
  return short;
}

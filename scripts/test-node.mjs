// Node's own tests as the judge: on the stock `net` first, to see which of them apply to this Node, then on our stack.
//   npm run test:node -- [--only PATTERN] [--group net,http,https,tls,http2] [--node FILE] [--tree VERSION] [--lanes N]
//                        [--timeout SECONDS] [--preload FILE] [--stock] [--all] [--verbose] [--json FILE]
// docs/node-tests.md has the figures, scripts/node-tests/README.md says how it works.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { excluded } from './node-tests/excluded.mjs';
import { Lanes } from './node-tests/lanes.mjs';
import { goInside } from './node-tests/namespace.mjs';
import { bars, table } from './node-tests/report.mjs';
import { choose, listTests, missing } from './node-tests/select.mjs';
import { StockResults } from './node-tests/stock.mjs';
import { tree } from './node-tests/tree.mjs';
import { path, say } from './prepare.mjs';

const { values: option } = parseArgs({
  options: {
    only: { type: 'string' },
    group: { type: 'string', default: 'net,http,https,tls,http2' },
    node: { type: 'string', default: process.execPath },
    tree: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '20' },
    preload: { type: 'string', default: path('dist/register.js') },
    stock: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

function stop(why) {
  say(why);
  process.exit(2);
}

option.node = resolve(option.node); // tests run in a directory of their own
const node = spawnSync(option.node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout?.trim();
if (!node) stop(`${option.node} is not a Node that runs`);
if (!option.stock && !existsSync(option.preload)) stop(`${option.preload} is not there: npm run build`);
const from = tree(node, option.tree);
if (!from) stop('no tree of tests: is a mirror of Debian reachable?');
goInside();
const list = excluded();
const gone = missing(from.dir, list);
if (gone.length > 0) stop(`excluded, but not a test of any tree here: ${gone.join(' ')}`);

const tests = choose(listTests(from.dir), option.group.split(','), option.only);
say(`Node ${node}, tests of ${from.version}: ${tests.length} tests`);
const world = { node: option.node, dir: from.dir, timeout: Number(option.timeout) * 1000 };
const stock = new StockResults(node, from.version);
const unknown = tests.filter((name) => !stock.has(name));
if (unknown.length > 0) {
  const preload = pathToFileURL(path('scripts/node-tests/observe.mjs')).href;
  const lanes = new Lanes({ ...world, preload, env: {} }, [['stock', {}]]);
  say(`${unknown.length} of them on the stock net first`);
  await lanes.run(unknown, Number(option.lanes), (result) => stock.add(result));
  stock.save();
}
if (option.stock) {
  for (const name of tests) console.log(stock.line(name));
  process.exit(0);
}

// Those that use no socket are run too with --all: the drop-in must not be in their way.
const todo = tests.filter((name) => stock.applies(name) && !list.has(name) && (option.all || stock.usesTcp(name)));
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('USERTCP_')));
// First with nothing of the kernel's, so that what passes went over us. A test of two processes needs the kernel between them.
const ways = [
  ['own', { USERTCP_LOOPBACK: 'own' }],
  ['both', { USERTCP_LOOPBACK: 'both' }],
];
const ours = new Lanes({ ...world, preload: pathToFileURL(option.preload).href, env }, ways);
const results = [];
await ours.run(todo, Number(option.lanes), (result) => {
  results.push(result);
  if (result.status === 'pass') return;
  console.log(`${result.status.padEnd(7)} ${result.name} (${result.ms} ms)`);
  if (option.verbose) console.log(result.text.trim().replace(/^/gm, '        '));
});
const figures = table(tests, results, stock, list);
console.log(figures.text);
if (option.json) {
  const rows = results.map(({ text, ...row }) => (row.status === 'pass' ? row : { ...row, text }));
  writeFileSync(
    option.json,
    JSON.stringify({ node, tree: from.version, groups: figures.groups, results: rows }, null, 1),
  );
}
const short = bars(figures.groups, figures.share);
for (const line of short) console.log(line);
process.exitCode = short.length === 0 ? 0 : 1;

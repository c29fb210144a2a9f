// node bench/micro/run.mjs [--only checksum,parse,demux,crossing] [--rounds 5] [--quick] [--out FILE]
// Small costs, each beside its negative control. A table on stderr, JSON on stdout (or in FILE). Needs dist.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { path, say } from '../../scripts/prepare.mjs';
import { meta } from '../meta.mjs';
import { checksums, crossing, demultiplexing, parsing } from './groups.mjs';
import { measure, sink } from './harness.mjs';

const { values: ask } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const how = { rounds: Number(ask.rounds ?? (ask.quick ? 1 : 5)), quick: ask.quick };

function loadAddon() {
  const dir = path('build/Release');
  const file = existsSync(dir) && readdirSync(dir).find((f) => f.endsWith('.node'));
  if (!file) return undefined;
  return createRequire(import.meta.url)(`${dir}/${file}`);
}

const wireModule = (name) => import(path(`dist/wire/${name}.js`));
const names = {
  abi: 'abi',
  checksum: 'checksum',
  parse: 'parse',
  drop: 'drop',
  flowTable: 'flow-table',
  flowKey: 'flow-key',
  halfsiphash: 'halfsiphash',
};
const wire = {};
for (const [key, file] of Object.entries(names)) wire[key] = await wireModule(file);
const parts = { wire, addon: loadAddon() };
if (!parts.addon) say('no addon in build/Release: only TypeScript is measured');

const suites = {
  checksum: () => checksums(parts),
  parse: () => parsing(parts),
  demux: () => demultiplexing(parts, ask.quick ? [1_000] : [1_000, 1_000_000]),
  crossing: () => crossing(parts),
};
const results = [];
for (const name of ask.only?.split(',') ?? Object.keys(suites)) {
  for (const group of suites[name]()) {
    console.error(`\n${group.name}`);
    for (const row of measure(group, how)) {
      results.push(row);
      const speed = row.gbps ? `  ${row.gbps} Gbit/s` : '';
      const text = row.skipped ? `skipped: ${row.skipped}` : `${row.ns} ns [${row.min}..${row.max}]${speed}`;
      console.error(`  ${row.label.padEnd(36)}${text}`);
    }
  }
}
const report = `${JSON.stringify({ ...meta(), sink: sink[0], results }, null, 1)}\n`;
if (ask.out) writeFileSync(ask.out, report);
else process.stdout.write(report);

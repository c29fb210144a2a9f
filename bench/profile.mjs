// node bench/profile.mjs [--load sink|source|echo|cps] [--seconds 3] [--connections 1] [--top 25] [--server server.mjs]
// Our server under --cpu-prof while the kernel client loads it over a veth; prints the functions with most time of their
// own. The .cpuprofile stays, for Chrome's DevTools. Needs root or user namespaces, and what `npm run bench` built.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { path } from '../scripts/prepare.mjs';
import { binaries, enterNamespace, wire } from './lab.mjs';

const { values: ask } = parseArgs({
  options: {
    load: { type: 'string', default: 'sink' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '1' },
    top: { type: 'string', default: '25' },
    server: { type: 'string', default: 'server.mjs' },
    mode: { type: 'string', default: 'on' },
  },
});
const kcli = join(binaries, 'kcli');
const { load, seconds, connections } = ask;
const loads = {
  sink: ['sink', '10.77.0.2', '9001', seconds, connections],
  source: ['source', '10.77.0.2', '9002', seconds, connections],
  echo: ['rr', '10.77.0.2', '9003', '64', '1000000', seconds],
  cps: ['cps', '10.77.0.2', '9003', seconds, '64'],
};
if (!loads[load]) throw new Error(`--load is one of ${Object.keys(loads).join(', ')}`);

await enterNamespace();

const folder = mkdtempSync(join(tmpdir(), 'usertcp-prof-'));
const inside = (name, ...argv) => ['netns', 'exec', name, ...argv];
wire({ MODE: ask.mode });
const node = [process.execPath, '--cpu-prof', `--cpu-prof-dir=${folder}`, path('bench', ask.server)];
const server = spawn('ip', inside('hp-b', ...node, 'vb', '10.77.0.2', '9001'), {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await once(server.stdout, 'data');
const client = spawnSync('ip', inside('hp-a', kcli, ...loads[load]), { encoding: 'utf8', timeout: 60_000 });
console.log(client.stdout.trim() || client.stderr.trim() || client.error);
const gone = once(server, 'exit');
server.kill('SIGTERM');
await gone;

const file = join(folder, readdirSync(folder)[0]);
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));
const frames = new Map(nodes.map((n) => [n.id, n.callFrame]));
const self = new Map();
let busy = 0;
for (const [i, id] of samples.entries()) {
  const { functionName, url, lineNumber } = frames.get(id);
  const name = `${functionName || '(anonymous)'}${url ? `  ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}` : ''}`;
  if (name === '(idle)') continue;
  self.set(name, (self.get(name) ?? 0) + timeDeltas[i]);
  busy += timeDeltas[i];
}
console.log(`busy ${(busy / 1e6).toFixed(2)} s; self time in %, ms:`);
for (const [name, us] of [...self].sort((a, b) => b[1] - a[1]).slice(0, Number(ask.top))) {
  console.log(`${((100 * us) / busy).toFixed(1).padStart(5)} ${(us / 1000).toFixed(0).padStart(7)}  ${name}`);
}
console.log(file);

// node bench/http.mjs [--rounds 3] [--seconds 2] [--before 2] [--name http]: Node's http and tls on our sockets beside the same on
// node:net, both in every round. Each load runs for some seconds before it counts, so that both are compiled. HTTP/1.1 requests per second (64 connections, 100 bytes), https bulk (4 connections, 1 MiB
// answers), TLS handshakes per second (16 at a time, no resumption). Load by wrk. Rows go to bench/results/.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { path, say, which } from '../scripts/prepare.mjs';
import { enterNamespace } from './lab.mjs';
import { meta } from './meta.mjs';
import { beside, resultFile } from './result-file.mjs';
import { median } from './rows.mjs';

const { values: ask } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    before: { type: 'string', default: '2' },
    name: { type: 'string', default: 'http' },
  },
});
const sides = { net: '10.77.0.3', ours: '10.77.0.2' };
const loads = {
  'http requests/s': (ip) => ['-c64', `http://${ip}/`],
  'https Gbit/s': (ip) => ['-c4', `https://${ip}/bulk`],
  'https handshakes/s': (ip) => ['-c16', '-H', 'Connection: close', `https://${ip}/`],
};

if (!which('wrk')) {
  say('wrk is missing: apt-get install wrk');
  process.exit(1);
}
await enterNamespace();

const unit = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const number = (text, pattern) => {
  const [, digits, prefix = ''] = pattern.exec(text) ?? [];
  return Number(digits) * unit[prefix];
};

/** One load for some seconds, by wrk. */
function run(load, ip, seconds) {
  const argv = ['netns', 'exec', 'hp-a', 'wrk', '-t1', `-d${seconds}`, ...loads[load](ip)];
  return spawnSync('ip', argv, { encoding: 'utf8', timeout: 30_000 });
}

/** One load: what wrk counted once it had run for a while. */
function measure(load, ip) {
  if (Number(ask.before) > 0) run(load, ip, ask.before);
  const { stdout, stderr } = run(load, ip, ask.seconds);
  const value = load.endsWith('Gbit/s')
    ? (number(stdout, /Transfer\/sec:\s+([\d.]+)([KMG]?)B/) * 8) / 1e9
    : number(stdout, /Requests\/sec:\s+([\d.]+)/);
  return { value, errors: /Socket errors:.*|Non-2xx.*/.exec(stdout)?.[0] ?? stderr.trim() };
}

spawnSync(path('bench/peers/ns.sh'), ['up'], { stdio: 'inherit', env: { ...process.env, MODE: 'on' } });
const file = resultFile(ask.name);
writeFileSync(beside(file, '.meta.json'), `${JSON.stringify({ ...meta(), ...ask }, null, 1)}\n`);
const rows = [];
for (let round = 0; round < Number(ask.rounds); round++) {
  for (const [side, ip] of Object.entries(sides)) {
    const argv = ['netns', 'exec', 'hp-b', process.execPath, path('bench/server-http.mjs'), side, 'vb', ip];
    const server = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    for (const load of Object.keys(loads)) {
      const row = { side, round, load, ...measure(load, ip) };
      rows.push(row);
      appendFileSync(file, `${JSON.stringify(row)}\n`);
    }
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}
for (const load of Object.keys(loads)) {
  const of = (side) => rows.filter((row) => row.side === side && row.load === load).map((row) => row.value);
  const [net, ours] = [of('net'), of('ours')];
  const ratio = median(ours.map((value, round) => value / net[round]));
  const failed = rows
    .filter((row) => row.load === load && row.errors !== '')
    .map((row) => `${row.side}: ${row.errors}`);
  console.log(
    `${load.padEnd(20)} net ${median(net).toFixed(2)}  ours ${median(ours).toFixed(2)}  ${ratio.toFixed(2)}x  ${failed}`,
  );
}
say(file);

// What `usertcp open` runs: an HTTP server for the kernel's curl, by a process that has no rights.
//   unprivileged.mjs '{"addresses":[…],"mode":…}'      ends with SIGTERM
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { openStack } from './open.mjs';

const before = { ...process.env };
const stack = await openStack({ device: before.USERTCP_DEVICE, ...JSON.parse(process.argv[2]) });
const app = http.createServer((_request, response) => response.end('hello from nobody\n'));
stack.createServer((socket) => app.emit('connection', socket)).listen(80);

const status = readFileSync('/proc/self/status', 'utf8');
const field = (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)[1];
console.log(
  JSON.stringify({
    ready: true,
    warnings: stack.warnings,
    uid: [process.getuid(), process.geteuid(), process.getgid()],
    groups: field('Groups').trim(),
    capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].map(field),
    left: Object.keys(process.env).filter((name) => /^USERTCP_(FDS|BROKER)$/.test(name)),
    stdio: readdirSync('/proc/self/fd').length,
  }),
);
process.once('SIGTERM', async () => {
  await stack.close();
  process.exit(9);
});

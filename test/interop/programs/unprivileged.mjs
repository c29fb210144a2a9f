// What `usertcp open` runs: an HTTP server for the kernel's curl, by a process that has no rights.
//   unprivileged.mjs '{"addresses":[…],"mode":…}' [DEVICE]     ends with SIGTERM; DEVICE is tried first
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { openStack } from './open.mjs';

const before = { ...process.env };
const other = process.argv[3];
const elsewhere =
  other &&
  (await openStack({ device: other, addresses: ['10.98.0.2/24'] }).then(
    () => 'opened',
    ({ code, message }) => `${code} ${message}`,
  ));
const stack = await openStack({ device: before.USERTCP_DEVICE, ...JSON.parse(process.argv[2]) });
const app = http.createServer((_request, response) => response.end('hello from nobody\n'));
stack.createServer((socket) => app.emit('connection', socket)).listen(80);

const status = readFileSync('/proc/self/status', 'utf8');
const field = (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)[1];
console.log(
  JSON.stringify({
    ready: true,
    elsewhere,
    warnings: stack.warnings,
    uid: [process.getuid(), process.geteuid(), process.getgid()],
    groups: field('Groups').trim(),
    capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'].map(field),
    left: Object.keys(process.env).filter((name) => /^USERTCP_(OPENED|FDS|BROKER)$/.test(name)),
    stdio: readdirSync('/proc/self/fd').length,
  }),
);
process.once('SIGTERM', async () => {
  await stack.close();
  process.exit(9);
});

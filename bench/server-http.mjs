// One program on two stacks: node bench/server-http.mjs ours|net DEVICE IP. Node's own http and tls on our sockets or on
// node:net. Port 80: 100 bytes by HTTP. Port 443: `/` 100 bytes, `/bulk` 1 MiB, by TLS. Prints a line that starts with `ready`.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

const [kind = 'ours', device = 'vb', ip = '10.77.0.2'] = process.argv.slice(2);
const pem = (name) => readFileSync(new URL(`../test/unit/api/tls/${name}.pem`, import.meta.url));
const small = Buffer.alloc(100, 'x');
const bulk = Buffer.alloc(1 << 20, 'y');
const app = http.createServer((req, res) => res.end(req.url === '/bulk' ? bulk : small));
const context = tls.createSecureContext({ key: pem('key'), cert: pem('cert') });

let createServer = net.createServer;
let host = { host: ip };
if (kind === 'ours') {
  const { createStack } = await import('../dist/index.js');
  const { use } = await import('../dist/net.js');
  const stack = await createStack({
    device,
    addresses: [`${ip}/24`],
    tcp: { noDelay: true },
    warmUp: !process.env.USERTCP_COLD,
    ...(process.env.SPIN && { spin: Number(process.env.SPIN) }),
  });
  ({ createServer } = use(stack));
  host = {};
}
const quiet = (socket) => socket.on('error', () => socket.destroy());
createServer({ noDelay: true }, (socket) => app.emit('connection', quiet(socket))).listen({ port: 80, ...host });
createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
  const secure = new tls.TLSSocket(quiet(socket), { isServer: true, secureContext: context });
  app.emit('connection', quiet(secure));
}).listen({ port: 443, ...host });
console.log('ready');
process.once('SIGTERM', () => process.exit(0));

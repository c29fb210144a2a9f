/**
 * Node's own HTTP server and client over usertcp. Frameworks (Express, Fastify, ws) work the same way: they only ever
 * see the 'connection' event of an http.Server.
 * Usage: node examples/http-server.mjs [DEVICE ADDRESS/PREFIX]; without arguments it asks itself over loopback.
 */
import * as http from 'node:http';
import { createStack } from 'usertcp';

const [device, address] = process.argv.slice(2);
const wire = device !== undefined && address !== undefined;
const stack = await createStack(wire ? { device, addresses: [address] } : {});

const app = http.createServer((request, response) => {
  response.end(`hello ${request.socket.remoteAddress}, this TCP runs inside of Node\n`);
});
stack.createServer((socket) => app.emit('connection', socket)).listen(80);

if (wire) {
  console.log(`http://${stack.addresses[0]}/`);
  await new Promise((resolve) => process.once('SIGINT', resolve));
} else {
  const createConnection = () => stack.connect({ host: '127.0.0.1', port: 80 });
  const response = await new Promise((resolve, reject) => {
    http.get({ createConnection, path: '/' }, resolve).on('error', reject);
  });
  for await (const chunk of response) process.stdout.write(chunk);
}

await stack.close();

// Sends a server and a socket to a child and to the parent, and says what came of each.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import process from 'node:process';

const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
await once(server, 'listening');
const socket = net.connect(server.address().port, '127.0.0.1');
await once(socket, 'connect');

const said = async (other) => {
  const called = await new Promise((resolve) => other.send('with a callback', server, resolve));
  const told = once(other, 'error');
  other.send('without', socket);
  const [error] = await told;
  other.send('in silence', server, { swallowErrors: true });
  return [called, error].map((each) => `${each?.syscall} ${each?.code} ${each?.errno}: ${each?.message}`);
};

if (process.argv[2] === 'child') {
  process.send(await said(process));
  await once(process, 'disconnect');
} else {
  const child = fork(process.argv[1], ['child']);
  const [answer] = await once(child, 'message');
  console.log(JSON.stringify({ parent: await said(child), child: answer }));
  child.disconnect();
}
socket.destroy();
server.close();

// Every address that sockets and servers show, for each kind of listen and connect; prints it. `inside`: the clients are in this process;
// `outside`: in one of the kernel's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

const SERVERS = [
  [],
  ['::'],
  ['0.0.0.0'],
  ['127.0.0.1'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['::ffff:0.0.0.0'],
  ['::FFFF:7f00:1'],
  ['0:0::0'],
  ['::', true],
];
const CLIENTS = [
  '127.0.0.1',
  '127.0.0.5',
  '::1',
  '0:0::1',
  '0.0.0.0',
  '::',
  '::ffff:127.0.0.1',
  '::ffff:0.0.0.0',
  '::FFFF:7f00:1',
];
const shown = (socket) => {
  const { localAddress, localFamily, remoteAddress, remoteFamily } = socket;
  const { address, family } = socket.address();
  return [localAddress, localFamily, remoteAddress, remoteFamily, address, family].join(' ');
};

async function client(port, host) {
  const socket = net.connect({ port, host });
  const seen = once(socket, 'connect').then(() => shown(socket));
  try {
    const [said] = await once(socket, 'data');
    console.log(`  to ${host} | ${await seen} | ${said}`);
  } catch (error) {
    seen.catch(() => {});
    console.log(`  to ${host} | ${error.code}`);
  }
  socket.destroy();
}

const [mode, only] = process.argv.slice(2);
if (mode === 'client') {
  // Of the kernel's loopback a server of ours has 127.0.0.1 alone.
  for (const host of CLIENTS) if (host !== '127.0.0.5') await client(Number(only), host);
} else {
  for (const [host, ipv6Only] of SERVERS) {
    const server = net.createServer((socket) => socket.end(shown(socket)));
    await once(server.listen({ port: 0, ...(host && { host }), ...(ipv6Only && { ipv6Only }) }), 'listening');
    const { address, family, port } = server.address();
    console.log(`on ${host}${ipv6Only ? ' alone' : ''} | ${address} ${family}`);
    if (mode === 'inside') {
      for (const to of CLIENTS) await client(port, to);
    } else {
      const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'client', port], { env: {} });
      child.stdout.pipe(process.stdout, { end: false });
      await once(child, 'close');
    }
    server.close();
  }
}

// `net.BoundSocket`, used: with `stock` by node:net, else by usertcp/net over a stack of its own, with the loopback that is named. Prints what
// came of it, without the ports that were chosen.
import { once } from 'node:events';

const way = process.argv[2];
const stock = way === 'stock';
const { createStack } = stock ? {} : await import('../../../../dist/index.js');
const { use, ...module } = stock ? await import('node:net') : await import('../../../../dist/net.js');
const stack = stock ? undefined : await createStack();
const over = stock ? undefined : use(stack, { loopback: way });
const net = stock ? module : { ...module, ...over };

const ports = [];
const text = (value) => {
  let said = JSON.stringify(value) ?? String(value);
  ports.forEach((port, n) => {
    said = said.replaceAll(String(port), `PORT${n}`);
  });
  return said;
};
const say = (name, value) => console.log(name, text(value));
const attempt = (act) => {
  try {
    return act() ?? null;
  } catch ({ name, code, syscall, address, message }) {
    return { name, code, syscall, address, message };
  }
};
const bind = (options) => {
  const bound = new net.BoundSocket(options);
  const { port } = bound.address();
  if (!ports.includes(port)) ports.push(port);
  return bound;
};
const heard = (emitter, name) =>
  once(emitter, name).then(
    () => name,
    ({ code, syscall, address }) => ({ code, syscall, address }),
  );

for (const options of [undefined, { host: '127.0.0.1' }, { host: '::1' }, { ipv6Only: true }]) {
  const bound = bind(options);
  say('bound', [options, bound.address(), bound.isPipe, bound instanceof net.BoundSocket]);
  bound.close();
  say('closed', [attempt(() => bound.address()), attempt(() => bound.close()), attempt(() => bound.fd())]);
}

for (const wrong of [
  null,
  { port: 70_000 },
  { host: 'localhost' },
  { host: 1 },
  { ipv6Only: 'yes' },
  { path: '/x', port: 1 },
])
  say('wrong', [wrong, attempt(() => new net.BoundSocket(wrong))]);

const reserved = bind({ host: '127.0.0.1' });
const { port } = reserved.address();
say(
  'taken',
  attempt(() => new net.BoundSocket({ host: '127.0.0.1', port })),
);
const other = net.createServer().listen(port, '127.0.0.1');
say('by a server', await heard(other, 'listening'));
other.close();
await once(other, 'close');

const server = net.createServer((socket) => socket.end(`${socket.remotePort}`));
say('adopted', [
  server.listen(reserved) === server,
  attempt(() => reserved.address()),
  attempt(() => reserved.close()),
]);
await heard(server, 'listening');
say('server', server.address());
say(
  'twice',
  attempt(() => net.createServer().listen(reserved)),
);
say(
  'taken by it',
  attempt(() => new net.BoundSocket({ host: '127.0.0.1', port })),
);

const source = bind({ host: '127.0.0.1' });
const socket = new net.Socket({ handle: source });
say('before', [socket.localPort, socket.connecting, attempt(() => source.address())]);
say(
  'both',
  attempt(() => socket.connect({ port, host: '127.0.0.1', localPort: 5 })),
);
const client = new net.Socket({ handle: bind({ host: '127.0.0.1' }) });
client.connect(port, '127.0.0.1');
let said = '';
client.setEncoding('utf8').on('data', (chunk) => {
  said += chunk;
});
await once(client, 'connect');
say('client', [client.localAddress, client.localPort, client.remotePort]);
await once(client, 'close');
say('seen', said);
socket.destroy();

const second = net.createServer((socket) => socket.end());
second.listen({ handle: bind() });
await once(second, 'listening');
say('any', second.address());
const peer = net.connect(second.address().port, '127.0.0.1').resume();
say('reached', await heard(peer, 'close'));
server.close();
second.close();
const pair = [bind({ host: '127.0.0.1', reusePort: true })];
pair.push(bind({ ...pair[0].address(), host: '127.0.0.1', reusePort: true }));
const sharing = pair.map((one) => net.createServer().listen(one));
say('shared', await Promise.all(sharing.map((one) => heard(one, 'listening'))));
for (const one of sharing) one.close();
const again = bind({ host: '127.0.0.1', port });
if (Symbol.dispose) again[Symbol.dispose]();
say(
  'disposed',
  attempt(() => again.address()),
);
if (!stock) {
  const { accepted, opened, kernelAccepted, kernelOpened } = over.counts();
  process.stderr.write(`ours ${accepted} ${opened}, kernel's ${kernelAccepted} ${kernelOpened}\n`);
}
await stack?.close();

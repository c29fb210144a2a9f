// What the newest `net` has, used: with `stock` by node:net, else by usertcp/net over a stack of its own. Prints what came of it.
import { once } from 'node:events';

const stock = process.argv[2] === 'stock';
const { createStack } = stock ? {} : await import('../../../../dist/index.js');
const { use, ...module } = stock ? await import('node:net') : await import('../../../../dist/net.js');
const stack = stock ? undefined : await createStack();
const net = stock ? module : { ...module, ...use(stack) };

const say = (name, value) => console.log(name, JSON.stringify(value));
const attempt = (act) => {
  try {
    return act() ?? 'undefined';
  } catch (error) {
    return error.name;
  }
};

const list = new net.BlockList();
list.addCIDRs(['10.0.0.0/8', 'fd00::/8']);
list.addAddresses(['1.2.3.4', '1.2.3.4']);
list.addRange('2.0.0.1', '2.0.0.9');
say('size', list.size);
say('rules', [...list.rules].sort());
const checks = () => ['10.1.1.1', '1.2.3.4', '2.0.0.5', '3.0.0.1'].map((address) => list.check(address));
say('check', [...checks(), list.check('fd12::1', 'ipv6')]);
const copy = new net.BlockList();
copy.fromJSON(list.toJSON());
say('copy', [...copy.rules].sort());
list.removeCIDR('10.0.0.0/8');
list.removeAddress('1.2.3.4');
list.removeRange('2.0.0.1', '2.0.0.9');
list.removeAddress('9.9.9.9');
say('removed', [list.size, checks()]);
list.clear();
say('cleared', [list.size, list.rules, net.BlockList.isBlockList(list), net.BlockList.PRIVATE_RANGES.length]);
say('no CIDR', attempt(() => list.addCIDR('10.0.0.0')) !== 'undefined');

const parsed = ['10.0.0.1:8080', '[::1]:443', '10.0.0.1', 'nonsense here'].map((text) => net.SocketAddress.parse(text));
say(
  'parse',
  parsed.map((found) => found && [found.address, found.port, found.family]),
);

const bare = net.Socket();
say('without new', [bare instanceof net.Socket, net.Server() instanceof net.Server]);
say('type of service', [bare.getTypeOfService(), bare.setTypeOfService(0x20).getTypeOfService()]);
say('out of range', attempt(() => bare.setTypeOfService(256)) !== 'undefined');

const server = net.createServer((socket) => {
  say('accepted', [socket instanceof net.Socket, socket.setTypeOfService(8).getTypeOfService()]);
  say('keep-alive', socket.setKeepAlive(true, 5000, 2000, 3) === socket);
  socket.end();
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const client = net.connect({ port: server.address().port, host: '127.0.0.1' });
say(
  'keep-alive as an object',
  client.setKeepAlive({ enable: true, initialDelay: 3000, interval: 1000, count: 2 }) === client,
);
client.resume();
await once(client, 'close');
await server[Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]();
say('disposed', server.listening);
await stack?.close();

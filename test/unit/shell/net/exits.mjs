// A process ends when nothing is referenced. The case is argv[2]; prints what it waited for, and the time in tenths of a second at most.
import net from 'node:net';

const listen = () =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => socket.on('error', () => {}));
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
const connect = (server) =>
  new Promise((resolve) => {
    const socket = net.connect(server.address().port, '127.0.0.1', () => resolve(socket));
  });
process.on('exit', () => console.log('over'));

const cases = {
  'an unreferenced server': async () => (await listen()).unref(),
  'an unreferenced server, paused sockets': async () => {
    const server = (await listen()).unref();
    (await connect(server)).unref();
    server.on('connection', (socket) => socket.unref());
  },
  'both ends unreferenced': async () => {
    const server = await listen();
    server.on('connection', (socket) => socket.unref());
    (await connect(server)).unref();
    server.unref();
  },
  'a socket that never connected': async () => void new net.Socket(),
  'an unreferenced socket whose write is under way': async () => {
    const server = net.createServer({ pauseOnConnect: true }, (socket) => {
      socket.unref();
      setTimeout(() => socket.resume(), 200).unref();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = (await connect(server)).unref();
    server.unref();
    socket.write(Buffer.alloc(20_000_000), () => console.log('written'));
  },
  'a referenced server': async () => void (await listen()),
  'a socket that reads': async () => {
    const server = await listen();
    server.on('connection', (socket) => socket.unref());
    (await connect(server)).resume();
    server.unref();
  },
};
await cases[process.argv[2]]();
console.log('asked for');

// An error that nobody handles, thrown where the first word says: the process ends with it.
import net from 'node:net';

const throwIt = () => {
  throw new Error('nobody handles this');
};
const places = {
  data: () => throwIt(),
  tick: () => process.nextTick(throwIt),
  promise: async () => {
    await null;
    throwIt();
  },
  handler: () => process.nextTick(throwIt),
  'error event': (socket) => socket.destroy(new Error('nobody handles this')),
  close: (socket) => socket.on('close', throwIt).destroy(),
};
const place = process.argv[2];
const handler = () => {
  console.log('handled');
  throw new Error('nobody handles this');
};
if (place === 'handler') process.on('uncaughtException', handler);
process.on('exit', (code) => console.log('exit', code));
process.on('uncaughtExceptionMonitor', (error, origin) => console.log('monitor', error.message, origin));
const server = net.createServer((socket) => socket.on('data', () => places[place](socket)));
server.listen(0, '127.0.0.1', () =>
  net
    .connect(server.address().port, '127.0.0.1')
    .on('error', () => {})
    .write('x'),
);

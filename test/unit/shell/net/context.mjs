// Which store of AsyncLocalStorage each callback sees. Prints a line for each kind, in the order of names: the same with and without usertcp.
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import http from 'node:http';
import net from 'node:net';

const store = new AsyncLocalStorage();
const seen = new Map();
const note = (name) => () => {
  const all = seen.get(name) ?? seen.set(name, new Set()).get(name);
  all.add(String(store.getStore()));
};
const within = (name, fn) => store.run(name, fn);

const types = new Set();
const hook = createHook({ init: (_id, type) => void types.add(type) }).enable();

const server = within('server made', () =>
  net.createServer((socket) => {
    note('server connection')();
    within('accepted', () => {
      socket.on('data', note('accepted data'));
      socket.on('end', note('accepted end'));
      socket.on('close', note('accepted close'));
      socket.write('x'.repeat(200_000), note('accepted write'));
      socket.on('end', () => socket.end(note('accepted finish')));
    });
  }),
);
await new Promise((resolve) =>
  within('listen', () =>
    server.listen(0, '127.0.0.1', () => {
      note('server listening')();
      resolve();
    }),
  ),
);
const { port } = server.address();

const socket = within('socket made', () => new net.Socket());
within('on', () => {
  for (const name of ['connect', 'ready', 'data', 'end', 'close', 'lookup', 'timeout'])
    socket.on(name, note(`socket ${name}`));
});
within('connect', () => socket.connect({ port, host: 'localhost', family: 4 }, note('connect callback')));
within('early write', () => socket.write('early', note('early write callback')));
await new Promise((resolve) => socket.once('connect', resolve));
await new Promise((resolve) =>
  within('late write', () => socket.write('y'.repeat(3_000_000), () => resolve(note('late write callback')()))),
);
within('timeout', () => socket.setTimeout(30, note('timeout callback')));
await new Promise((resolve) => socket.once('timeout', resolve));
socket.setTimeout(0); // once: on a busy machine it would come again, from another context
within('end', () => socket.end(note('end callback')));
await new Promise((resolve) => socket.once('close', resolve));
await new Promise((resolve) =>
  within('server close', () => server.close(() => resolve(note('server close callback')()))),
);

const refused = within('refused', () => net.connect(port, '127.0.0.1'));
await new Promise((resolve) => refused.on('error', () => resolve(note('refused error')())));

const requested = new Set();
const web = within('web made', () =>
  http.createServer((req, res) => {
    note('http request')();
    requested.add(req.url);
    within(`request ${req.url}`, () => {
      req.on('data', note('http request data'));
      req.on('end', () => {
        note('http request end')();
        res.end('done', note('http response written'));
      });
    });
  }),
);
await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
for (const path of ['/a', '/b']) {
  await new Promise((resolve) =>
    within(`client ${path}`, () => {
      const asked = http.request(
        { port: web.address().port, host: '127.0.0.1', path, method: 'POST', agent: false },
        (res) => {
          note('http answer')();
          res.on('data', note('http answer data'));
          res.on('end', note('http answer end'));
          res.on('close', resolve);
        },
      );
      asked.on('finish', note('http asked'));
      asked.flushHeaders();
      // After the head was read: with it in one piece the body would be seen in another context.
      const waiting = setInterval(() => {
        if (!requested.has(path)) return;
        clearInterval(waiting);
        asked.end('body');
      }, 5);
    }),
  );
}
await new Promise((resolve) => web.close(resolve));
hook.disable();
for (const [name, all] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${name}: ${[...all].sort().join(', ')}`);
const ours = ['TCPWRAP', 'TCPSERVERWRAP', 'TCPCONNECTWRAP', 'SHUTDOWNWRAP', 'HTTPINCOMINGMESSAGE', 'HTTPCLIENTREQUEST'];
console.log(`types: ${ours.filter((type) => types.has(type)).join(', ')}`);

// What a server and a client inside one process hear of their connection, and in which order. Prints it; stock net says the same.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';

/** Runs a program and prints what it noted, when all its connections are over. */
async function scene(name, options, program) {
  const notes = [];
  const note = (text) => notes.push(text);
  const server = net.createServer(options);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const connect = (more) => {
    const client = net.connect({ port: server.address().port, host: '127.0.0.1', ...more });
    return client.on('error', (error) => note(error.code));
  };
  await program({ server, connect, note });
  await once(server.close(), 'close');
  await wait(5);
  console.log(`${name}: ${notes.join(', ')}`);
}

const phases = {
  tick: () => new Promise((resolve) => process.nextTick(resolve)),
  check: () => turn(),
  timers: () => wait(1),
  poll: async ({ server, connect }) => {
    server.once('connection', (socket) => socket.resume());
    const other = connect();
    await once(other, 'connect');
    other.end();
  },
};
for (const [phase, begin] of Object.entries(phases)) {
  await scene(`asked for in ${phase}`, {}, async ({ server, connect, note }) => {
    await begin({ server, connect });
    server.on('connection', (socket) => {
      note('connection');
      process.nextTick(note, 'tick of connection');
      setImmediate(note, 'immediate of connection');
      socket.resume().on('end', () => note('end'));
    });
    const client = connect();
    client.on('connect', () => {
      note(`connect, ${server.listenerCount('connection')}`);
      process.nextTick(note, 'tick of connect');
      setImmediate(note, 'immediate of connect');
    });
    client.on('ready', () => note('ready')).on('close', () => note('closed'));
    await once(client, 'connect');
    await once(client.end(), 'close');
  });
}

// libuv accepts one in a turn, we all that came: only the first is told before the clients on both.
await scene('several', {}, async ({ server, connect, note }) => {
  const order = [];
  server.on('connection', (socket) => socket.resume() && order.push('connection'));
  const clients = [0, 1, 2].map((i) => connect().on('connect', () => order.push(`connect ${i}`)));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  note([order[0], ...order.filter((text) => text !== 'connection')].join(' '));
  for (const client of clients) client.destroy();
});

await scene('the client writes first', {}, async ({ server, connect, note }) => {
  server.on('connection', (socket) => {
    note('connection');
    socket.on('data', (text) => note(`server got ${text}`)).on('end', () => note('server end'));
  });
  const client = connect().on('connect', () => note(`connect, ${client.bytesWritten}`));
  client.write('early', () => note('written'));
  await once(client, 'connect');
  client.end('late').on('finish', () => note('finish'));
});

await scene('the server writes first', {}, async ({ server, connect, note }) => {
  server.on('connection', (socket) => {
    note('connection');
    socket.write('hello', () => note('written'));
    socket.end().on('finish', () => note('finish'));
  });
  const client = connect();
  for (const event of ['lookup', 'connect', 'ready', 'data', 'end', 'close']) client.on(event, () => note(event));
  await once(client, 'close');
});

await scene('the server answers when the client is there', {}, async ({ server, connect, note }) => {
  let peer;
  server.on('connection', (socket) => {
    peer = socket;
  });
  const client = connect().on('data', (text) => note(`client got ${text}`));
  client.on('connect', () => peer.end('welcome'));
  await once(client, 'close');
});

await scene('the server destroys it', {}, async ({ server, connect, note }) => {
  server.on('connection', (socket) => socket.on('close', () => note('server close')).destroy() && note('connection'));
  const client = connect();
  for (const event of ['connect', 'end', 'close']) client.on(event, () => note(event));
  await once(client.resume(), 'close');
});

await scene('the client is destroyed in connection', {}, async ({ server, connect, note }) => {
  const client = connect();
  for (const event of ['connect', 'ready', 'close']) client.on(event, () => note(event));
  server.on('connection', (socket) => {
    note(`connection, connecting ${client.connecting}`);
    for (const event of ['end', 'close']) socket.on(event, () => note(`server ${event}`));
    socket.resume();
    client.destroy();
  });
  await once(client, 'close');
});

await scene('paused', { pauseOnConnect: true }, async ({ server, connect, note }) => {
  server.on('connection', (socket) => {
    note('connection');
    setImmediate(() => socket.on('data', (text) => note(`server got ${text}`)).resume());
  });
  const client = connect().on('connect', () => note('connect') && client.end('x'));
  await once(client, 'connect');
});

await scene('one too many', {}, async ({ server, connect, note }) => {
  server.maxConnections = 1;
  server.on('connection', (socket) => socket.resume() && note('connection')).on('drop', () => note('drop'));
  const first = connect();
  await once(first, 'connect');
  const client = connect();
  for (const event of ['connect', 'end', 'close']) client.on(event, () => note(event));
  await once(client.resume(), 'close');
  first.end();
});

await scene('a handler throws', {}, async ({ server, connect, note }) => {
  let caught = () => {};
  process.on('uncaughtException', (error) => {
    note(`(${error.message})`);
    caught();
  });
  server.on('connection', (socket) => {
    socket.resume();
    note('connection');
    throw new Error('server');
  });
  const clients = [];
  for (const name of ['one', 'two']) {
    // Both ends throw.
    const thrown = new Promise((resolve) => {
      let left = 2;
      caught = () => --left === 0 && resolve();
    });
    clients.push(
      connect().on('connect', () => {
        note(name);
        throw new Error(name);
      }),
    );
    await thrown;
  }
  for (const client of clients) client.destroy();
  process.removeAllListeners('uncaughtException');
});

{
  const notes = [];
  const server = http.createServer((_req, res) => notes.push('request') && res.end('ok'));
  server.on('connection', () => notes.push('connection'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const request = http.get({ port: server.address().port, host: '127.0.0.1', agent: false });
  request.on('socket', (socket) => socket.on('connect', () => notes.push('connect')));
  const [response] = await once(request, 'response');
  await once(response.resume(), 'end');
  console.log('http:', notes.join(', '));
  server.close();
}

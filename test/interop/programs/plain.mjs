// A program that knows nothing of usertcp. Commands come as JSON lines: {id, call, ...}; answers go out the same way.
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';

const servers = new Map();

const calls = {
  /** An http server that answers with its name and who asked. */
  listen: ({ name, port, host }) =>
    new Promise((resolve, reject) => {
      const server = http.createServer((req, res) => res.end(`${name} ${req.socket.remoteAddress}`));
      server.on('error', reject);
      server.listen(...(host === undefined ? [port] : [port, host]), () => {
        servers.set(name, server);
        resolve(server.address());
      });
    }),
  close: ({ name }) =>
    new Promise((resolve) => {
      servers.get(name).close(() => resolve(null));
      servers.get(name).closeAllConnections();
    }),
  get: ({ url }) =>
    new Promise((resolve, reject) => {
      const asked = http.get(url, { agent: false }, async (res) => {
        let text = '';
        for await (const chunk of res) text += chunk;
        resolve(text);
      });
      asked.on('error', reject);
    }),
  /** What a connect tells: the events in order, and what the socket says of itself. */
  connect: ({ to }) =>
    new Promise((resolve) => {
      const events = [];
      const begun = Date.now();
      const socket = net.connect(to);
      const names = ['connectionAttempt', 'connectionAttemptTimeout', 'connectionAttemptFailed', 'connect', 'ready'];
      for (const name of names) {
        socket.on(name, (address) => events.push(typeof address === 'string' ? `${name} ${address}` : name));
      }
      const done = (error) => {
        const { localAddress, remoteAddress, remotePort, remoteFamily } = socket;
        const ends = { localAddress, remoteAddress, remotePort, remoteFamily };
        resolve({ events, ms: Date.now() - begun, ends, error });
        socket.destroy();
      };
      socket.on('connect', () => setImmediate(done, null));
      socket.on('error', (error) => done(plain(error)));
    }),
};

function plain(error) {
  const { name, message, code, errno, syscall, address, port, errors } = error;
  return { name, message, code, errno, syscall, address, port, ...(errors && { errors: errors.map(plain) }) };
}

const answer = (message) => console.log(JSON.stringify(message));
createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, call, ...args } = JSON.parse(line);
    try {
      const run = calls[call] ?? (await import(process.env.MORE_CALLS))[call];
      answer({ id, value: await run(args) });
    } catch (error) {
      answer({ id, failed: plain(error) });
    }
  })
  .on('close', () => process.exit());
answer({ ready: true });

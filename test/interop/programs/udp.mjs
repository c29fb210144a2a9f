// One end of datagram tests: node udp.mjs '{"device": …}' is our stack, node udp.mjs is node:dgram. Calls as JSON lines {id, call, …}.
import dgram from 'node:dgram';
import { createInterface } from 'node:readline';
import { openStack } from './open.mjs';

const config = JSON.parse(process.argv[2] ?? 'null');
const stack = config === null ? undefined : await openStack(config);

/** The same few calls over either: on('message'), send(bytes, port, host), close, port. */
async function bind(family, port = 0) {
  if (stack) return stack.udp.bind({ port });
  const socket = dgram.createSocket({ type: family === 'v6' ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 });
  await new Promise((resolve) => socket.bind(port, resolve));
  return Object.defineProperty(socket, 'port', { value: socket.address().port });
}
const listen = (socket, handler) => (stack ? socket.onMessage(handler) : socket.on('message', handler));

const calls = {
  /** Sends back what comes. */
  async echo({ family, port }) {
    const socket = await bind(family, port);
    listen(socket, (bytes, from) => socket.send(bytes, from.port, from.address));
    return socket.port;
  },
  /** `count` numbered datagrams, `window` of them under way; how many came back, each once and whole. */
  async rounds({ family, host, port, count, window, size }) {
    const socket = await bind(family);
    const seen = new Uint8Array(count);
    const began = performance.now();
    let next = 0;
    let bad = 0;
    const more = () => {
      if (next === count) return;
      const bytes = Buffer.alloc(size, next & 0xff);
      bytes.writeUInt32BE(next++);
      socket.send(bytes, port, host);
    };
    return new Promise((resolve) => {
      let back = 0;
      const end = () => {
        clearTimeout(late);
        socket.close();
        const lost = seen.reduce((sum, n) => sum + (n === 1 ? 0 : 1), 0);
        resolve({ back, lost, bad, ms: Math.round(performance.now() - began) });
      };
      const late = setTimeout(end, 20_000);
      listen(socket, (bytes) => {
        const n = bytes.readUInt32BE();
        if (bytes.length !== size || bytes[size - 1] !== (n & 0xff)) bad++;
        seen[n]++;
        more();
        if (++back === count) end();
      });
      for (let i = 0; i < window; i++) more();
    });
  },
  /** One datagram to where nobody listens: the code of the error, or 'nothing'. */
  async knock({ family, host, port, size = 5 }) {
    const socket = await bind(family);
    return new Promise((resolve) => {
      const end = (what) => {
        clearTimeout(late);
        socket.close();
        resolve(what);
      };
      const late = setTimeout(() => end('nothing'), 2000);
      socket.on('error', (error) => end(error.code));
      try {
        if (stack) socket.connect(port, host).send(Buffer.alloc(size));
        else socket.connect(port, host, () => socket.send(Buffer.alloc(size)));
      } catch (error) {
        end(error.code);
      }
    });
  },
  /** The lengths of the first `count` datagrams, and of how many of them every byte is the same. */
  async sizes({ family, port, count }) {
    const socket = await bind(family, port);
    const sizes = [];
    let whole = 0;
    return new Promise((resolve) =>
      listen(socket, (bytes) => {
        if (bytes.every((b) => b === bytes[0])) whole++;
        if (sizes.push(bytes.length) < count) return;
        socket.close();
        resolve({ sizes, whole });
      }),
    );
  },
  /** The length of the first datagram that comes, and whether every byte of it is the same. */
  async take({ family, port }) {
    const socket = await bind(family, port);
    return new Promise((resolve) =>
      listen(socket, (bytes) => resolve({ size: bytes.length, whole: bytes.every((b) => b === bytes[0]) })),
    );
  },
};

for await (const line of (console.log('{"ready":true}'), createInterface({ input: process.stdin }))) {
  const { id, call, ...args } = JSON.parse(line);
  Promise.resolve(calls[call](args)).then(
    (value) => console.log(JSON.stringify({ id, value: value ?? null })),
    (error) => console.log(JSON.stringify({ id, error: error.stack })),
  );
}
await stack?.close();
process.exit(0);

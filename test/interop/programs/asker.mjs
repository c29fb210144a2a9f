// Asks an HTTP server, from the kernel's side. Takes JSON lines {id, call, ...}.
import net from 'node:net';
import { createInterface } from 'node:readline';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
let held = [];
let lasting = null;

const body = (text) => text.split('\r\n\r\n')[1] ?? '';
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One answer on a connection: who gave it, or what went wrong. */
function ask(socket, ms) {
  return new Promise((resolve) => {
    const done = (what) => {
      clearTimeout(late);
      socket.removeAllListeners().on('error', () => {});
      resolve(what);
    };
    const late = setTimeout(done, ms, 'silence');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (body(text) !== '' && !text.endsWith('\r\n')) done(body(text));
    });
    socket.on('error', (error) => done(error.code)).on('close', () => done('closed'));
    socket.write(REQUEST);
  });
}

const tallyOf = (names) => {
  const tally = {};
  for (const name of names) tally[name] = (tally[name] ?? 0) + 1;
  return tally;
};

async function one(to) {
  const socket = net.connect(to);
  const said = await ask(socket, 8000);
  socket.destroy();
  return said;
}

const calls = {
  async ask({ to, many, parallel = 20 }) {
    const names = [];
    let left = many;
    const line = async () => {
      while (left-- > 0) names.push(await one(to));
    };
    await Promise.all(Array.from({ length: parallel }, line));
    return tallyOf(names);
  },
  /** Goes on asking until `rest`, which tells what came. */
  begin({ to }) {
    const names = [];
    lasting = { on: true, names };
    lasting.lines = Array.from({ length: 8 }, async () => {
      while (lasting.on) {
        names.push(await one(to));
        await wait(2);
      }
    });
    return true;
  },
  async rest() {
    lasting.on = false;
    await Promise.all(lasting.lines);
    return tallyOf(lasting.names);
  },
  /** Connections that stay. */
  async hold({ to, many }) {
    held = await Promise.all(
      Array.from({ length: many }, async () => {
        const socket = net.connect(to);
        return { socket, name: await ask(socket, 8000) };
      }),
    );
    return tallyOf(held.map(({ name }) => name));
  },
  /** What each of them says now; its first answer stands before. */
  async again() {
    return tallyOf(await Promise.all(held.map(async ({ socket, name }) => `${name}: ${await ask(socket, 3000)}`)));
  },
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, call, ...args } = JSON.parse(line);
  console.log(JSON.stringify({ id, value: (await calls[call](args)) ?? null }));
});
console.log(JSON.stringify({ ready: true }));

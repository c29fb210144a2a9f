// A program that knows nothing of usertcp, with a worker thread and a forked process, each of which has a server and connects. Usage:
// threads.mjs PEER PORT. Prints JSON lines; a line {command} has it do more.
import { fork } from 'node:child_process';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const self = new URL(import.meta.url);
const forked = process.env.FORKED === '1';
const say = (message) => console.log(JSON.stringify(message));

const read = (to) =>
  new Promise((resolve) => {
    let text = '';
    net
      .connect(to)
      .on('data', (chunk) => {
        text += chunk;
      })
      .on('end', () => resolve(text))
      .on('error', (error) => resolve(error.message));
  });
const serve = (name, port, host) =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => socket.on('error', () => {}).end(name));
    server.listen(port, host, () => resolve(server.address().port));
  });

/** What a thread finds: its own server, that of the main thread, and the wire. */
async function look(name, { peer, port, main }) {
  const own = await serve(name, 0, '127.0.0.1');
  return {
    own: await read({ port: own, host: '127.0.0.1' }),
    main: await read({ port: main, host: '127.0.0.1' }),
    wire: await read({ port, host: peer }),
  };
}

if (!isMainThread) {
  say({ worker: await look('worker', workerData) });
  // In full swing until it is terminated.
  setInterval(() => void read({ port: workerData.main, host: '127.0.0.1' }), 1);
} else if (forked) {
  process.once('message', async (data) => {
    say({ fork: await look('fork', data) });
    process.exit();
  });
} else {
  const [peer, port] = process.argv.slice(2);
  const main = await serve('main', 8000);
  const data = { peer, port: Number(port), main };
  const worker = new Worker(self, { workerData: data });
  const child = fork(self, { env: { ...process.env, FORKED: '1' } });
  child.send(data);
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const { command } = JSON.parse(line);
    if (command === 'load') setInterval(() => void read({ port: data.port, host: peer }), 1);
    if (command === 'terminate') say({ terminated: await worker.terminate() });
    if (command === 'exit') process.exit(5);
  });
  say({ ready: true });
}

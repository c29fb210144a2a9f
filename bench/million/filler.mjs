// Opens connections until there are as many as asked for, from many addresses, and keeps them.
import { createStack } from '../../dist/index.js';

const [device, server, most, talk, ...addresses] = process.argv.slice(2);
/** Handshakes under way at a time. */
const AT_ONCE = 512;
const FIRST_PORT = 1024;
const PORTS = 65536 - FIRST_PORT;
const stack = await createStack({ device, addresses, maxConnections: Number(most), tcp: { noDelay: true } });
const locals = addresses.map((text) => text.split('/')[0]);
let opened = 0;
let begun = 0;
let failed = 0;
let wanted = 0;
let started = 0;

/** Every local port of one address, then of the next. */
function next() {
  while (begun < wanted && begun - opened - failed < AT_ONCE) {
    const localAddress = locals[Math.floor(begun / PORTS)];
    const localPort = FIRST_PORT + (begun % PORTS);
    begun++;
    stack.dial({ host: server, port: 9000, localAddress, localPort }, handlers);
  }
  if (opened + failed === wanted) tell();
}
const handlers = {
  open(conn) {
    if (talk === '1') return void conn.write('x');
    opened++;
    next();
  },
  data() {
    opened++;
    next();
  },
  close() {
    failed++;
    next();
  },
};

function tell() {
  const { rss, heapUsed } = process.memoryUsage();
  const { connections, memory } = stack.metrics();
  const secs = (performance.now() - started) / 1000;
  process.send({ opened, failed, connections, secs, rss, heapUsed, tables: memory.touched });
}

process.on('message', (message) => {
  if (typeof message !== 'number') return tell();
  wanted = message;
  started = performance.now();
  next();
});
process.on('disconnect', () => process.exit(0));
process.send('ready');

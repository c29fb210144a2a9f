// A client of its own for each measurement, so that it is the same one with few connections beside it and with many.
import { createStack } from '../../dist/index.js';

const [device, server, secs, ...addresses] = process.argv.slice(2);
const AT_ONCE = 64;
const WARM = 0.5;
const stack = await createStack({
  device,
  addresses,
  tcp: { noDelay: true, msl: 500, ephemeralPorts: [1024, 65535] },
});
const locals = addresses.map((text) => text.split('/')[0]);
const one = Buffer.from('x');
const now = () => performance.now() / 1000;

/** connect, one byte echoed, FIN from us, FIN from them. */
function connectionsPerSecond(seconds) {
  return new Promise((resolve) => {
    const began = now();
    let measured = 0;
    let done = 0;
    let failed = 0;
    let n = 0;
    let over = false;
    const open = () => {
      stack.dial({ host: server, port: 9000, localAddress: locals[n++ % locals.length] }, handlers);
    };
    const handlers = {
      open: (conn) => void conn.write(one),
      data: (conn) => conn.end(),
      close(_conn, error) {
        if (error !== null) failed++;
        const t = now();
        if (t - began > WARM) {
          if (measured === 0) measured = t;
          done++;
        }
        if (!over && t - began > WARM + seconds) {
          over = true;
          resolve({ cps: done / (t - measured), failed });
        }
        if (!over) open();
      },
    };
    for (let i = 0; i < AT_ONCE; i++) open();
  });
}

function pingPong(seconds) {
  return new Promise((resolve) => {
    const times = [];
    const began = now();
    let sent = 0;
    const ping = (conn) => {
      sent = performance.now();
      conn.write(one);
    };
    stack.dial(
      { host: server, port: 9000, localAddress: locals[0] },
      {
        open: ping,
        data(conn) {
          const t = performance.now();
          if (t / 1000 - began > WARM) times.push((t - sent) * 1000);
          if (t / 1000 - began < WARM + seconds) return ping(conn);
          conn.end();
          times.sort((a, b) => a - b);
          const at = (q) => Math.round(times[Math.floor(times.length * q)] * 10) / 10;
          resolve({ pings: times.length, p50us: at(0.5), p99us: at(0.99) });
        },
      },
    );
  });
}

process.once('message', async () => {
  const cps = await connectionsPerSecond(Number(secs));
  const rr = await pingPong(Number(secs));
  process.send({ ...cps, ...rr }, () => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
process.send('ready');

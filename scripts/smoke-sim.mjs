// A megabyte from one stack to another over a simulated wire that loses frames, in virtual time.
import assert from 'node:assert/strict';
import { createStack } from '../dist/index.js';
import { SimLink, SimWire, VirtualClock } from '../dist/sim.js';

const BYTES = 1 << 20;

export async function transfer() {
  const clock = new VirtualClock();
  const wire = new SimWire({ clock, seed: 7, impair: { loss: 0.01, delay: 5_000 } });
  const host = (n) =>
    createStack({
      link: new SimLink(wire, { name: `smoke${n}`, mac: Uint8Array.of(2, 0, 0, 0, 0, n) }),
      addresses: [`10.0.0.${n}/24`],
      clock: clock.alarm(),
      secret: `smoke test, host number ${n}`,
    });
  const [server, client] = [await host(1), await host(2)];
  let received = 0;
  let sum = 0;
  let closed = false;
  server.serve(80, {
    data(_conn, chunk) {
      received += chunk.length;
      for (const byte of chunk) sum = (sum + byte) >>> 0;
    },
    close() {
      closed = true;
    },
  });
  client.open({ host: '10.0.0.1', port: 80 }).then((conn) => {
    conn.write(Buffer.alloc(BYTES, 3));
    conn.end();
  });
  await clock.drive(120e6, () => new Promise(setImmediate));
  assert.equal(received, BYTES);
  assert.equal(sum, 3 * BYTES);
  assert.ok(closed, 'the connection did not close');
}

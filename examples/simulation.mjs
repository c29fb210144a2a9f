/**
 * A network in virtual time: 40 ms of round trip, 1 % loss, two minutes of protocol time in a moment. The same seed gives
 * the same run, packet for packet; the capture opens in Wireshark or with `npx usertcp ladder simulation.pcapng`.
 * Usage: node examples/simulation.mjs [SEED]
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { World } from 'usertcp/sim';

const seed = Number(process.argv[2] ?? 1);
const file = join(tmpdir(), 'simulation.pcapng');
const world = new World({ seed });
const server = world.host(['10.0.0.1/24', 'fd00::1/64']);
const client = world.host(['10.0.0.2/24', 'fd00::2/64'], { capture: file });
world.link(server, client, { delay: 20_000, loss: 0.01 });

let received = 0;
server.serve(80, {
  data: (_conn, chunk) => {
    received += chunk.length;
  },
});

const conn = await world.settle(client.open({ host: 'fd00::1', port: 80 }));
console.log(`connected after ${world.now} ms`);
const sent = conn.write(Buffer.alloc(1_000_000));
const closed = conn.end();
await world.settle(Promise.all([sent, closed]));
const { retransSegs } = client.metrics().core;
console.log(
  `${received} bytes in ${Math.round(world.now)} ms with ${retransSegs} retransmitted segments (seed ${seed})`,
);

await world.run(120_000);
console.log(`connections left after TIME_WAIT: ${client.metrics().rows}`);

await world.close();

// The controller of the example passes its gates; one that is deaf to loss does not; controllers change on a live connection.
import { expect, test } from 'vitest';
import { assessController } from '../../src/assess.ts';
import type { CongestionController } from '../../src/index.ts';
import { World } from '../../src/sim.ts';

const plain: Omit<CongestionController, 'name'> = {
  open: () => {},
  onAck: () => {},
  onLossEvent: () => {},
  onRto: () => {},
};

test('examples/own-controller.mjs', { timeout: 300_000 }, async () => {
  const example: string = '../../examples/own-controller.mjs';
  const before = process.exitCode;
  await import(example);
  const { exitCode } = process;
  process.exitCode = before;
  expect(exitCode).toBe(0);
});

test('BBR passes as well', { timeout: 300_000 }, async () => {
  const { gates } = await assessController('bbr');
  expect(gates.filter((gate) => !gate.passed)).toEqual([]);
});

test('a controller that grows whatever happens fails', { timeout: 300_000 }, async () => {
  const greedy: CongestionController = {
    ...plain,
    name: 'greedy',
    onAck(view, ack) {
      view.cwnd += ack.ackedBytes;
    },
  };
  const { passed, gates } = await assessController(greedy);
  expect(passed).toBe(false);
  expect(gates.filter((gate) => !gate.passed).length).toBeGreaterThan(1);
});

test('a live connection changes its controller, by name or to one of its own, and loses nothing', async () => {
  await using world = new World();
  const server = world.host('10.0.0.1/24');
  const client = world.host('10.0.0.2/24', { tcp: { congestion: 'bbr' } });
  world.link(server, client, { delay: 10_000, rate: 2e7 });
  let received = 0;
  server.serve(80, {
    data: (_conn, chunk) => {
      received += chunk.length;
    },
  });
  const conn = await world.settle(client.open({ host: '10.0.0.1', port: 80, congestion: 'cubic' }));
  let acks = 0;
  const mine: CongestionController = { ...plain, name: 'mine', onAck: () => void acks++ };
  const SIZE = 2_000_000;
  const sent = conn.write(Buffer.alloc(SIZE));
  for (const choice of ['bbr', mine, 'newreno', 'dctcp'] as const) {
    await world.run(60);
    const before = conn.info()!.cwnd;
    conn.setCongestionControl(choice);
    expect(conn.info()!.cwnd).toBe(before);
  }
  await world.settle(Promise.all([sent, conn.end()]));
  expect(received).toBe(SIZE);
  expect(acks).toBeGreaterThan(10);
  expect(() => conn.setCongestionControl('vegas')).toThrow(/"newreno", "cubic", "bbr", "dctcp"/);
  expect(() => conn.setCongestionControl({ ...plain, name: 'cubic' })).toThrow(/are taken/);
});

// One object serves all connections: who makes one for each is told, and loses nothing that the stack has.
import { expect, test } from 'vitest';
import type { CongestionController } from '../../../src/index.ts';
import { World } from '../../../src/sim.ts';

const MOST = 256;
let made = 0;
const controller = (): CongestionController => ({
  name: `own-${made++}`,
  open: () => {},
  onAck: () => {},
  onLossEvent: () => {},
  onRto: () => {},
});

test('one controller too many is refused, and neither row nor errand is left behind', async () => {
  const w = new World();
  const [a, b] = [w.host('10.0.0.1/24'), w.host('10.0.0.2/24')];
  b.serve(80, {});
  const to = { host: '10.0.0.2', port: 80 };
  const conn = a.dial(to, {});
  await w.run(10);
  for (let known = 4; known < MOST; known++) conn.set({ congestion: controller() });
  const before = a.metrics();
  const refused = /256 congestion controllers are in use/;
  expect(() => a.dial({ ...to, congestion: controller() }, {})).toThrow(refused);
  expect(() => a.serve(81, {}, { congestion: controller() })).toThrow(refused);
  await expect(w.settle(a.open({ ...to, congestion: controller() }))).rejects.toThrow(refused);
  await expect(
    w.settle(a.open({ ...to, host: 'a.name', congestion: controller(), lookup: found as never })),
  ).rejects.toThrow(refused);
  const socket = a.connect({ ...to, host: 'a.name', congestion: controller(), lookup: found as never });
  const error = new Promise((resolve) => socket.on('error', resolve));
  expect(String(await w.settle(error))).toMatch(refused);
  expect(a.metrics().rows).toBe(before.rows);
  expect((await w.settle(a.open(to))).state).toBe('ESTABLISHED');
  await w.close();
});

/** A lookup that answers later, when nobody is there to catch what is thrown. */
function found(_host: string, options: { all?: boolean }, told: (...answer: unknown[]) => void): void {
  const address = '10.0.0.2';
  setImmediate(() => (options.all === true ? told(null, [{ address, family: 4 }]) : told(null, address, 4)));
}

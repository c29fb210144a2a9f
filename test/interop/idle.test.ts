// A stack that nobody speaks to takes no time of the processor: its spins end with the traffic.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { addresses, capability, Host, Lab, notBuilt } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined;

test.skipIf(skip)('an idle stack does not spin', async () => {
  const lab = await Lab.create();
  const kernel = await Host.kernel(lab);
  const port = await kernel.listen({ behaviour: 'linger' });
  const own = [lab.device, addresses.stack.v4, addresses.kernel.v4, String(port)];
  const program = lab.stack.node(fileURLToPath(new URL('programs/idle.mjs', import.meta.url)), own);
  const { idle } = await program.next((m) => 'idle' in m);
  expect(idle).toMatchObject({ spins: 0 });
  // Two seconds are 2,000,000 us; what is left is Node's own and ticks of a timer.
  expect((idle as { micros: number }).micros).toBeLessThan(40_000);
  await lab.close();
});

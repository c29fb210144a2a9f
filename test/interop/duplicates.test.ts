// Our address is the kernel's already, or becomes so while we use it: RFC 5227, RFC 4862 §5.4.
import { afterEach, describe, expect, test } from 'vitest';
import { addresses, capability, Host, Lab, notBuilt } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined;

describe.skipIf(skip)('an address that the kernel has', () => {
  let lab: Lab | undefined;
  afterEach(async () => {
    await lab?.close();
    lab = undefined;
  });

  const config = (own: string, duplicates: string): Record<string, unknown> => ({
    device: lab!.device,
    addresses: [own],
    ip: { duplicates },
  });

  test.each([
    ['v4', `${addresses.kernel.v4}/24`],
    ['v6', `${addresses.kernel.v6}/64`],
  ])("'wait' (%s): createStack rejects and names the owner [RFC 5227 §2.1.1] [RFC 4862 §5.4]", async (_family, own) => {
    lab = await Lab.create();
    const mac = lab.mac(lab.kernel, lab.kernelDevice);
    const failed = await Host.stackOn(lab.stack, config(own, 'wait')).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failed).toContain('ERR_USERTCP_ADDRESS_IN_USE');
    expect(failed).toContain(`by ${mac}`);
  });

  test("'wait', and nobody has it: the stack is there, and works", async () => {
    lab = await Lab.create();
    const began = performance.now();
    const ours = await Host.stackOn(lab.stack, config(`${addresses.stack.v6}/64`, 'wait'));
    expect(performance.now() - began).toBeGreaterThan(1000);
    const port = await ours.listen({ behaviour: 'exchange' });
    const kernel = await Host.kernel(lab);
    const outcome = await kernel.connect(
      { host: addresses.stack.v6, port },
      { behaviour: 'exchange', send: 1000, seed: 3 },
    );
    expect(outcome.error ?? null).toBeNull();
  });
});

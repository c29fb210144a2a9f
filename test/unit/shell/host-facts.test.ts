// What is read of this host: kernel-facts.ts and device-facts.ts. Nothing here needs a privilege.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { checkDevice, deviceNames } from '../../../src/shell/coexist/device-facts.ts';
import { kernelFacts } from '../../../src/shell/coexist/kernel-facts.ts';

test.skipIf(process.platform !== 'linux')('sockets of programs here are found by address and port', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  expect(kernelFacts().sockets).toContainEqual({ address: '127.0.0.1', port });
  server.close();
  await once(server, 'close');
  expect(kernelFacts().sockets).not.toContainEqual({ address: '127.0.0.1', port });
});

test('addresses by interface, and a port range that makes sense', () => {
  const facts = kernelFacts();
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    for (const { address } of entries ?? []) expect(facts.addresses.has(address), `${address} of ${name}`).toBe(true);
  }
  const [first, last] = facts.localPorts;
  expect(first).toBeGreaterThan(0);
  expect(last).toBeGreaterThanOrEqual(first);
});

test.skipIf(process.platform !== 'linux')(
  'devices, loopback last; one that is not there is refused with the list of those that are',
  () => {
    const names = deviceNames();
    if (names.includes('lo')) expect(names.at(-1)).toBe('lo');
    expect(() => checkDevice('nosuch0')).toThrow(
      expect.objectContaining({
        code: 'ERR_USERTCP_NO_DEVICE',
        message: `there is no device 'nosuch0' here; there are: ${names.join(', ') || 'none'}`,
      }),
    );
  },
);

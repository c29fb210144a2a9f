// A hook before the handshake, with the kernel as the one who knocks.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, families, Lab, notBuilt, type Program } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined;
const OURS = fileURLToPath(new URL('programs/syn-hook.mjs', import.meta.url));
const CONNECT = `
import socket, sys, time
began = time.monotonic()
try:
    c = socket.create_connection((sys.argv[1], 7000), 10)
    print(c.recv(9).decode(), time.monotonic() - began > 0.9)
except ConnectionRefusedError:
    print("refused")
`;

describe.skipIf(skip)('a hook before the handshake', () => {
  let lab: Lab;
  let ours: Program;

  beforeAll(async () => {
    lab = await Lab.create();
    const own = [`${addresses.stack.v4}/${addresses.prefix.v4}`, `${addresses.stack.v6}/${addresses.prefix.v6}`];
    ours = lab.stack.node(OURS, [JSON.stringify({ device: lab.device, addresses: own })]);
    await ours.ready();
  });
  afterAll(() => lab?.close());

  test.each(families)('IP%s: reset is refused, a drop is tried again, accept lets in', async (family) => {
    ours.send({ id: family, next: ['reset', 'drop', 'accept', 'accept'] });
    await ours.next((m) => m.id === family);
    const came = [1, 2, 3].map(() => lab.kernel.try(['python3', '-c', CONNECT, addresses.stack[family]]).out.trim());
    expect(came).toEqual(['refused', 'in True', 'in False']);
    const first = family === 'v4' ? 1 : 5;
    const { verdict, ...seen } = await ours.next((m) => m.number === first);
    expect(verdict).toBe('reset');
    expect(seen).toMatchObject({
      remoteAddress: addresses.kernel[family],
      ttl: 64,
      sack: true,
      timestamps: true,
      length: 0,
    });
    expect(seen.mss).toBe(family === 'v4' ? 1460 : 1440);
    expect(seen.windowScale).toBeGreaterThan(0);
    await ours.next((m) => m.number === first + 3); // and no fifth: each SYN was asked about once
  });
});

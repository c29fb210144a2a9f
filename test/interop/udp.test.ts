// Datagrams between our stack and the kernel's, by the same program over stack.udp and node:dgram.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses, capability, casts, families, Lab, notBuilt, type Program, type Side } from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined;
const program = fileURLToPath(new URL('programs/udp.mjs', import.meta.url));

let calls = 0;
async function call(end: Program, what: string, args: object = {}): Promise<unknown> {
  const id = `u${++calls}`;
  end.send({ id, call: what, ...args });
  const answer = await end.next((m) => m.id === id, 30_000);
  if (answer.error !== undefined) throw new Error(String(answer.error));
  return answer.value;
}

async function start(side: Side, config?: object): Promise<Program> {
  const end = side.node(program, config === undefined ? [] : [JSON.stringify(config)]);
  await end.ready();
  return end;
}

describe.skipIf(skip).each([{ offloads: false }, { offloads: true }])('offloads $offloads', ({ offloads }) => {
  let lab: Lab;
  let ours: Program;
  let kernel: Program;
  beforeAll(async () => {
    lab = await Lab.create({ offloads });
    const own = [`${addresses.stack.v4}/${addresses.prefix.v4}`, `${addresses.stack.v6}/${addresses.prefix.v6}`];
    [ours, kernel] = await Promise.all([start(lab.stack, { device: lab.device, addresses: own }), start(lab.kernel)]);
  });
  afterAll(() => lab.close());

  test.each(casts)(
    '20000 datagrams and their echoes, none lost; IP$family, we are the $role',
    async ({ role, family }) => {
      const [server, client] = role === 'server' ? [ours, kernel] : [kernel, ours];
      const host = role === 'server' ? addresses.stack[family] : addresses.kernel[family];
      const port = await call(server, 'echo', { family });
      const got = await call(client, 'rounds', { family, host, port, count: 20_000, window: 32, size: 1000 });
      expect(got).toMatchObject({ back: 20_000, lost: 0, bad: 0 });
    },
  );

  test.each(families)('a closed port is told, both ways; what does not fit is EMSGSIZE; IP%s', async (family) => {
    const [mine, theirs] = [addresses.stack[family], addresses.kernel[family]];
    expect(await call(ours, 'knock', { family, host: theirs, port: 9 })).toBe('ECONNREFUSED');
    expect(await call(kernel, 'knock', { family, host: mine, port: 9 })).toBe('ECONNREFUSED');
    const most = 1500 - (family === 'v4' ? 28 : 48);
    expect(await call(ours, 'knock', { family, host: theirs, port: 9, size: most + 1 })).toBe('EMSGSIZE');
    expect(await call(ours, 'knock', { family, host: theirs, port: 9, size: most })).toBe('ECONNREFUSED');
  });

  test.each(families)(
    'datagrams that the peer hands over as one (UDP_SEGMENT) come one by one; IP%s',
    async (family) => {
      const taken = call(ours, 'sizes', { port: family === 'v4' ? 4001 : 4002, count: 4 });
      const to = `('${addresses.stack[family]}', ${family === 'v4' ? 4001 : 4002})`;
      const text = "b'a' * 1000 + b'b' * 1000 + b'c' * 500";
      const socket = `socket.socket(socket.AF_INET${family === 'v4' ? '' : '6'}, socket.SOCK_DGRAM)`;
      // SOL_UDP, UDP_SEGMENT
      const send = `s.setsockopt(17, 103, 1000); s.sendto(${text}, ${to}); s.setsockopt(17, 103, 0); s.sendto(b'd', ${to})`;
      lab.kernel.run('python3', '-c', `import socket; s = ${socket}; ${send}`);
      expect(await taken).toEqual({ sizes: [1000, 1000, 500, 1], whole: 4 });
    },
  );

  test('a device that gets a smaller MTU: what is too long for it is EMSGSIZE from the second one on', async () => {
    const knock = { family: 'v4', host: addresses.kernel.v4, port: 9, size: 1400 };
    lab.stack.run('ip', 'link', 'set', lab.device, 'mtu', '1300');
    await call(ours, 'knock', knock);
    expect(await call(ours, 'knock', knock)).toBe('EMSGSIZE');
    lab.stack.run('ip', 'link', 'set', lab.device, 'mtu', '1500');
    for (let n = 0; n < 5 && (await call(ours, 'knock', knock)) === 'EMSGSIZE'; n++) {
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    expect(await call(ours, 'knock', knock)).toBe('ECONNREFUSED');
  });

  test('a broadcast to the network arrives, and one to everybody [RFC 1122 §3.3.6]', async () => {
    for (const [to, port] of [
      ['10.99.0.255', 4100],
      ['255.255.255.255', 4101],
    ]) {
      const taken = call(ours, 'take', { port });
      const broadcast = `s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.bind(('${addresses.kernel.v4}', 0))`;
      const send = `${broadcast}; s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'${lab.kernelDevice}')`;
      const socket = 's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)';
      lab.kernel.run('python3', '-c', `import socket; ${socket}; ${send}; s.sendto(b'x' * 9, ('${to}', ${port}))`);
      expect(await taken).toEqual({ size: 9, whole: true });
    }
  });

  test('a datagram that the kernel cuts arrives whole', async () => {
    const taken = call(ours, 'take', { port: 4000 });
    const send = `d.send(Buffer.alloc(4000, 7), 4000, '${addresses.stack.v4}', () => d.close())`;
    lab.kernel.run(process.execPath, '-e', `const d = require('node:dgram').createSocket('udp4'); ${send}`);
    expect(await taken).toEqual({ size: 4000, whole: true });
  });
});

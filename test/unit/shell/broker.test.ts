// The broker of `usertcp open`: it carries out wishes for its own device only, made of values it has read itself.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Arrangement } from '../../../src/shell/coexist/arrangement.ts';
import { passOn, serveBroker } from '../../../src/shell/coexist/broker.ts';
import { Brokered } from '../../../src/shell/coexist/brokered.ts';
import type { Wish } from '../../../src/shell/coexist/plan.ts';
import { PortSet } from '../../../src/shell/coexist/port-set.ts';

const wish: Wish = {
  device: 'elsewhere0',
  vlan: 10,
  mode: 'shared',
  addresses: ['10.0.0.2', 'FD00::0:2'],
  leased: true,
  automatic: true,
  ports: new PortSet([[80, 80]]),
  ephemeralPorts: undefined,
};
/** As it comes down the stream. */
const line = { ...wish, ports: '80' };
const plan: Arrangement['plan'] = {
  mode: 'shared',
  rules: ['ip daddr 10.0.0.2 drop'],
  watch: [],
  required: undefined,
  ephemeralPorts: [61000, 65535],
  claimed: new PortSet([[80, 80]]),
};
const release = vi.fn(async () => {});
const offences = vi.fn(async () => [{ packets: 2, what: 'answered' }]);
const arrange = vi.fn(async (_wish: Wish, _selfTest: boolean): Promise<Arrangement> => {
  return { plan, warnings: ['careful'], offences, release };
});
const opened: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
  vi.clearAllMocks();
});

/** A broker and the raw stream of its client; `over` resolves when all is undone. */
async function start(): Promise<{ client: Socket; socket: Socket; over: Promise<void>; brokered: () => Brokered }> {
  const path = join(tmpdir(), `usertcp-broker-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const server = createServer().listen(path);
  await once(server, 'listening');
  const { connect } = await import('node:net');
  const client = connect(path);
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  opened.push(client, socket);
  const over = serveBroker(socket, 'eth0', arrange);
  return { client, socket, over, brokered: () => new Brokered(client) };
}

const ask = async (client: Socket, request: unknown): Promise<Record<string, unknown>> => {
  client.write(`${typeof request === 'string' ? request : JSON.stringify(request)}\n`);
  const [reply] = (await once(client, 'data')) as [Buffer];
  return JSON.parse(String(reply)) as Record<string, unknown>;
};

test('arranges for its own device, with addresses written anew, and undoes it when asked', async () => {
  const { client } = await start();
  const reply = await ask(client, { id: 1, ask: 'arrange', wish: line, selfTest: true });
  expect(reply).toMatchObject({
    id: 1,
    arranged: { plan: { rules: plan.rules, claimed: '80' }, warnings: ['careful'] },
  });
  expect(arrange).toHaveBeenCalledWith({ ...wish, device: 'eth0', addresses: ['10.0.0.2', 'fd00::2'] }, true);
  expect(await ask(client, { id: 2, ask: 'offences', of: 1 })).toEqual({
    id: 2,
    offences: [{ packets: 2, what: 'answered' }],
  });
  expect(await ask(client, { id: 3, ask: 'release', of: 1 })).toEqual({ id: 3 });
  expect(release).toHaveBeenCalledTimes(1);
});

test.each([
  ['rules smuggled into an address', { addresses: ['10.0.0.2 accept; flush ruleset'] }],
  ['an address that is no text', { addresses: [{}] }],
  ['too many addresses', { addresses: Array(65).fill('10.0.0.2') }],
  ['no addresses', { addresses: 'all' }],
  ['a VLAN that is none', { vlan: '10 }' }],
  ['a VLAN beyond all', { vlan: 4095 }],
  ['a mode nobody knows', { mode: 'own; flush' }],
  ['more than ports in their text', { ports: '80 } accept' }],
  ['a port beyond all', { ports: '65536' }],
  ['a range that ends before it begins', { ports: '90-80' }],
  ['ports that are no text', { ports: [80] }],
  ['a range of text', { ephemeralPorts: ['1', '2'] }],
])('refuses %s', async (_title, part) => {
  const { client } = await start();
  const reply = await ask(client, { id: 1, ask: 'arrange', wish: { ...line, ...part } });
  expect(reply).toMatchObject({ id: 1, error: { message: expect.any(String) as string } });
  expect(arrange).not.toHaveBeenCalled();
});

test('no wish at all, and more wishes than one process has', async () => {
  const { client, over } = await start();
  expect(await ask(client, { id: 1, ask: 'arrange' })).toHaveProperty('error');
  for (let id = 2; id < 66; id++) await ask(client, { id, ask: 'arrange', wish: line });
  expect(await ask(client, { id: 99, ask: 'arrange', wish: line })).toMatchObject({
    error: { message: 'too many arrangements' },
  });
  client.destroy();
  await over;
  expect(release).toHaveBeenCalledTimes(64);
});

test.each([['not JSON'], ['{"ask":"arrange"}'], ['x'.repeat(1_100_000)]])(
  'nonsense ends it, and undoes all: %.20s',
  async (text) => {
    const { client, over } = await start();
    await ask(client, { id: 1, ask: 'arrange', wish: line });
    client.write(text.length > 100 ? text : `${text}\n`);
    await over;
    expect(release).toHaveBeenCalledTimes(1);
  },
);

test('the end of its client undoes all', async () => {
  const { client, over } = await start();
  await ask(client, { id: 1, ask: 'arrange', wish: line });
  client.destroy();
  await over;
  expect(release).toHaveBeenCalledTimes(1);
});

test('thousands of ports reach the broker as ranges; thousands of ranges, too', async () => {
  const { brokered, client, over } = await start();
  const far = brokered();
  for (const ports of [
    new PortSet([[8000, 9999]]),
    new PortSet(Array.from({ length: 20_000 }, (_, n): [number, number] => [10_000 + 2 * n, 10_000 + 2 * n])),
  ]) {
    await far.arrange({ ...wish, ports }, false);
    expect(String(arrange.mock.lastCall![0].ports)).toBe(String(ports));
  }
  arrange.mockResolvedValueOnce({
    plan: { ...plan, claimed: new PortSet([[8000, 9999]]) },
    warnings: [],
    offences,
    release,
  });
  expect((await far.arrange(wish, false)).plan.claimed!.ranges).toEqual([[8000, 9999]]);
  client.destroy();
  await over;
});

test('as its client sees it: the same arrangement, and errors with their code', async () => {
  const { brokered } = await start();
  const far = brokered();
  const arrangement = await far.arrange(wish, false);
  expect(arrangement.plan).toEqual(plan);
  expect(arrangement.plan.claimed!.has(80)).toBe(true);
  expect([arrangement.warnings, await arrangement.offences()]).toEqual([
    ['careful'],
    [{ packets: 2, what: 'answered' }],
  ]);
  await arrangement.release();
  expect(release).toHaveBeenCalledTimes(1);
  arrange.mockRejectedValueOnce(Object.assign(new Error('taken'), { code: 'ERR_USERTCP_PORT_TAKEN' }));
  await expect(far.arrange(wish, false)).rejects.toMatchObject({ message: 'taken', code: 'ERR_USERTCP_PORT_TAKEN' });
});

test('signals that may not be sent to the process come down the stream, and no others do', async () => {
  const { socket, brokered } = await start();
  const served = brokered();
  const kill = vi.spyOn(process, 'kill').mockImplementation(() => true);
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP'] as const) passOn(socket, signal);
  // Answered behind them.
  await served.arrange(wish, false);
  expect(kill.mock.calls).toEqual([
    [process.pid, 'SIGTERM'],
    [process.pid, 'SIGHUP'],
  ]);
  kill.mockRestore();
  socket.destroy();
  passOn(socket, 'SIGTERM');
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LeaseHousehold } from '../../../../src/shell/dhcp/household.ts';
import { DECLINE, DISCOVER, RELEASE, REQUEST } from '../../../../src/shell/dhcp/message.ts';
import type { Stack } from '../../../../src/shell/stack.ts';
import { World } from '../../../../src/sim.ts';
import { createStack } from '../../../../src/stack.ts';
import { DhcpServer } from './server.ts';

let world: World;
let other: Stack;
let server: DhcpServer;
beforeEach(() => {
  world = new World();
  other = world.host('10.0.0.1/24');
  server = new DhcpServer(other, '10.0.0.1', {
    address: '10.0.0.7',
    lease: 3600,
    router: '10.0.0.1',
    dns: '10.0.0.1',
    mtu: 1400,
    mood: 'kind',
  });
});
afterEach(() => world.close());

test('a host without an address gets one, with its network, route, MTU and servers', async () => {
  const host = world.host([], { dhcp: { hostname: 'probe' } });
  expect(host.addresses).toEqual([]);
  const lease = await world.settle(host.dhcp!.ready());
  expect(lease).toEqual({
    address: '10.0.0.7/24',
    server: '10.0.0.1',
    routers: ['10.0.0.1'],
    dns: ['10.0.0.1'],
    domain: undefined,
    mtu: 1400,
    lease: 3600,
  });
  expect([host.dhcp!.state, host.addresses, world.card(host).mtu]).toEqual(['BOUND', ['10.0.0.7'], 1400]);
  expect(server.heard.map(({ type, from, to }) => [type, from, to])).toEqual([
    [DISCOVER, '0.0.0.0', '255.255.255.255'],
    [REQUEST, '0.0.0.0', '255.255.255.255'],
  ]);
  other.serve(80, { data: (c, chunk) => void c.write(chunk) });
  const conn = await world.settle(host.open({ host: '10.0.0.1', port: 80 }));
  expect(conn.localAddress).toBe('10.0.0.7');
  expect(host.udp.bind().send('by the router', 53, '192.0.2.1')).toBe(true);
});

test("with ip.duplicates 'wait' it is used from the start, too: the search goes on beside it", async () => {
  const host = world.host([], { dhcp: true, ip: { duplicates: 'wait' } });
  await world.settle(host.dhcp!.ready());
  other.serve(80, {});
  expect((await world.settle(host.open({ host: '10.0.0.1', port: 80 }))).localAddress).toBe('10.0.0.7');
});

test('the lease is renewed in silence, and connections live on', async () => {
  const host = world.host([], { dhcp: true });
  await world.settle(host.dhcp!.ready());
  other.serve(80, { data: (c, chunk) => void c.write(chunk) });
  const conn = await world.settle(host.open({ host: '10.0.0.1', port: 80 }));
  await world.run(2 * 3_600_000);
  expect(server.types().slice(2)).toEqual([REQUEST, REQUEST, REQUEST, REQUEST]);
  expect(server.heard[2]).toMatchObject({ from: '10.0.0.7', to: '10.0.0.1' });
  await world.settle(conn.write('still here'));
  expect(String(await world.settle(conn.read()))).toBe('still here');
});

test('a renewal that names another MTU: open connections have it, too', async () => {
  const host = world.host([], { dhcp: true });
  await world.settle(host.dhcp!.ready());
  other.serve(80, {});
  const conn = await world.settle(host.open({ host: '10.0.0.1', port: 80 }));
  const mss = [conn.info()!.mss];
  for (const mtu of [1300, 1350]) {
    server.policy.mtu = mtu;
    await world.run(3_600_000);
    mss.push(conn.info()!.mss);
  }
  expect([mss[0]! - mss[1]!, mss[2]! - mss[1]!]).toEqual([100, 50]);
});

test('when nobody renews it the address goes, connections end with an error, and the search begins again', async () => {
  const host = world.host([], { dhcp: true });
  await world.settle(host.dhcp!.ready());
  other.serve(80, {});
  const failed = new Promise<{ code?: string } | null>((resolve) => {
    host.connect({ host: '10.0.0.1', port: 80 }).on('error', resolve);
  });
  const lost: string[] = [];
  host.dhcp!.on('lost', (why) => lost.push(why));
  server.policy.mood = 'silent';
  await world.run(3_601_000);
  expect(await failed).toMatchObject({ code: 'EADDRNOTAVAIL' });
  expect([lost.length, host.addresses, host.dhcp!.lease]).toEqual([1, [], undefined]);
  expect(() => host.udp.bind().send('x', 53, '10.0.0.1')).toThrow('ENETUNREACH');
  server.policy.mood = 'kind';
  server.policy.address = '10.0.0.8';
  await world.settle(host.dhcp!.ready(120_000));
  expect(host.addresses).toEqual(['10.0.0.8']);
});

test('an address that is in use is declined; closing gives the lease back', async () => {
  const host = world.host([], { dhcp: true });
  await world.settle(host.dhcp!.ready());
  host.dhcp!.conflict();
  await world.run(1000);
  expect([server.types().at(-1), host.addresses]).toEqual([DECLINE, []]);
  server.policy.address = '10.0.0.9';
  await world.settle(host.dhcp!.ready());
  expect(host.addresses).toEqual(['10.0.0.9']);
  await world.settle(host.close());
  await world.run(1000);
  expect(server.heard.at(-1)).toMatchObject({ type: RELEASE, from: '10.0.0.9', to: '10.0.0.1' });
  expect(host.dhcp!.state).toBe('STOPPED');
});

test.each(['background', 'wait'] as const)(
  "an address that another host answers for is declined, and ten seconds later the search begins again: '%s' [RFC 2131 §4.4.1]",
  async (duplicates) => {
    const squatter = world.host('10.0.0.7/24');
    const host = world.host([], { dhcp: true, ip: { duplicates } });
    const lost: string[] = [];
    host.dhcp!.on('lost', (why) => lost.push(why));
    await world.settle(host.dhcp!.ready());
    server.policy.address = '10.0.0.8';
    await world.run(2000);
    expect(server.heard.at(-1)).toMatchObject({ type: DECLINE, from: '0.0.0.0', to: '255.255.255.255' });
    expect([host.addresses, host.dhcp!.state, lost]).toEqual([
      [],
      'INIT',
      ['another host uses the address that the server gave'],
    ]);
    await world.run(7000);
    expect(server.types().filter((type) => type === DISCOVER)).toHaveLength(1);
    await world.settle(host.dhcp!.ready());
    expect([host.addresses, squatter.addresses]).toEqual([['10.0.0.8'], ['10.0.0.7']]);
    other.serve(80, {});
    expect((await world.settle(host.open({ host: '10.0.0.1', port: 80 }))).localAddress).toBe('10.0.0.8');
  },
);

test('an address that this host cannot use is not declined: it is free, and is asked for again [RFC 2131 §3.1.5]', async () => {
  const moveIn = vi.spyOn(LeaseHousehold.prototype, 'moveIn').mockRejectedValueOnce(new Error('nft is not installed'));
  const host = world.host([], { dhcp: true });
  const error = await world.settle(host.dhcp!.ready().catch((e: Error) => e));
  expect(error).toMatchObject({ message: 'nft is not installed' });
  expect([host.addresses, host.dhcp!.state, host.dhcp!.lease]).toEqual([[], 'INIT', undefined]);
  expect((await world.settle(host.dhcp!.ready())).address).toBe('10.0.0.7/24');
  expect(server.types()).toEqual([DISCOVER, REQUEST, DISCOVER, REQUEST]);
  moveIn.mockRestore();
});

test.each([
  ['silent', 'no server answered'],
  ['refusing', 'the server said no'],
] as const)('a %s server: the error names cause and fix', async (mood, why) => {
  server.policy.mood = mood;
  const host = world.host([], { dhcp: { timeout: 5000 } });
  const error = await world.settle(host.dhcp!.ready().catch((e: Error & { code: string }) => e));
  expect(error).toMatchObject({ code: 'ERR_USERTCP_DHCP' });
  expect((error as Error).message).toContain(why);
  expect((error as Error).message).toContain('dhcp: { timeout }');
  expect(world.now).toBe(5000);
});

test('options that make no sense are refused', async () => {
  const refused = (options: object): Promise<string> =>
    createStack(options).then(
      () => 'fine',
      (e: { option: string }) => e.option,
    );
  expect(await refused({ dhcp: true })).toBe('dhcp');
  expect(await refused({ device: 'eth0', mode: 'shared', dhcp: true })).toBe('dhcp');
  expect(await refused({ device: 'eth0', dhcp: { host: 'x' } })).toBe('dhcp.host');
  expect(await refused({ device: 'eth0', dhcp: { hostname: 'no spaces' } })).toBe('dhcp.hostname');
  expect(await refused({ device: 'eth0', dhcp: { timeout: 1 } })).toBe('dhcp.timeout');
  expect(await refused({ device: 'eth0', dhcp: { clientId: '' } })).toBe('dhcp.clientId');
  expect(await refused({ device: 'eth0' })).toBe('addresses');
});

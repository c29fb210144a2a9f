import { expect, test } from 'vitest';
import { OptionError } from '../../src/shell/option-error.ts';
import { checkOptions, type StackOptions } from '../../src/shell/options/stack-options.ts';

const base: StackOptions = { device: 'eth0', addresses: ['10.0.0.2/24', 'fd00::2/64'] };
const link = { attach() {}, start() {}, flush() {}, close() {} };
const linked = { link, addresses: base.addresses };

/** [what is wrong, options, the option named, part of the message] */
const wrong: [string, unknown, string, RegExp][] = [
  ['not an object', null, 'options', /an object/],
  ['unknown name', { ...base, adresses: [] }, 'adresses', /Did you mean "addresses"\?/],
  ['unknown name, nothing near', { ...base, zzzzzz: 1 }, 'zzzzzz', /Known are: device, link/],
  ['two sources', { ...base, links: [] }, 'links', /absent when device is given/],
  ['device name', { ...base, device: 'much-too-long-a-name' }, 'device', /1 to 15 characters.*ip -brief link/],
  ['ports', { ...base, ports: [80, 0] }, 'ports[1]', /1 to 65535/],
  ['link', { link: 'eth0', addresses: base.addresses }, 'link', /For an interface write device: "eth0"/],
  ['links', { links: [{}], addresses: base.addresses }, 'links[0]', /attach, start, flush and close/],
  ['mode', { ...base, mode: 'share' }, 'mode', /"own", "own-mac", "shared", "auto".*Did you mean "shared"\?/],
  ['no address', { device: 'eth0' }, 'addresses', /10\.0\.0\.2\/24/],
  ['no prefix', { ...base, addresses: ['10.0.0.2'] }, 'addresses[0]', /Did you mean "10\.0\.0\.2\/24"\?/],
  ['no prefix, IPv6', { ...base, addresses: ['fd00::2'] }, 'addresses[0]', /Did you mean "fd00::2\/64"\?/],
  ['bad prefix', { ...base, addresses: ['10.0.0.2/33'] }, 'addresses[0]', /prefix length/],
  ['group address', { ...base, addresses: ['224.0.0.1/24'] }, 'addresses[0]', /unicast/],
  ['loopback address', { ...base, addresses: ['127.0.0.1/8'] }, 'addresses[0]', /loopback/],
  ['twice', { ...base, addresses: ['10.0.0.2/24', '10.0.0.2/16'] }, 'addresses[1]', /given once/],
  ['not a list', { ...base, addresses: '10.0.0.2/24' }, 'addresses', /an array/],
  ['gateway', { ...base, gateway: 'router' }, 'gateway', /IP address/],
  ['gateway elsewhere', { ...base, gateway: '10.9.0.1' }, 'gateway', /neighbour.*10\.0\.0\.2\/24, fd00::2\/64/],
  ['route destination', { ...base, routes: [{ to: 'everywhere' }] }, 'routes[0].to', /prefix length/],
  ['route name', { ...base, routes: [{ to: '::/0', gateway: 'fd00::1' }] }, 'routes[0].gateway', /no such option/],
  ['route family', { ...base, routes: [{ to: '::/0', via: '10.0.0.1' }] }, 'routes[0].via', /family/],
  ['mac', { ...base, mac: '02-00' }, 'mac', /six bytes/],
  ['group mac', { ...base, mac: '03:00:00:00:00:01' }, 'mac', /lowest bit/],
  ['secret', { ...base, secret: 'short' }, 'secret', /at least 16 bytes/],
  ['connections', { ...base, maxConnections: 0 }, 'maxConnections', /1 to 4194304/],
  ['arena', { ...base, arenaBytes: 1 }, 'arenaBytes', /integer/],
  ['budget', { ...base, budget: 1 << 20 }, 'budget', /an object of limits/],
  ['budget name', { ...base, budget: { perPeer: 1 } }, 'budget.perPeer', /total, perListener, perPrefix/],
  ['budget range', { ...base, budget: { perPrefix: 1 } }, 'budget.perPrefix', /131072 to 2147483647 bytes/],
  ['budget prefix', { ...base, budget: { ipv4Prefix: 33 } }, 'budget.ipv4Prefix', /1 to 32 bits/],
  ['shard', { ...base, shard: { index: 0, group: {} } }, 'shard.group', /createShardGroup/],
  ['shard number', { ...base, shard: { index: 64 } }, 'shard.index', /0 to 63/],
  ['rings', { ...base, rings: { tiny: 1 } }, 'rings.tiny', /small, large/],
  ['fds: not sockets', { ...base, fds: [0, 1] }, 'fds', /integers from 3 on/],
  ['fds: too few', { ...base, fds: [3] }, 'fds', /two or three/],
  ['vlan', { ...base, vlan: 4095 }, 'vlan', /1 to 4094/],
  ['spin', { ...base, spin: -1 }, 'spin', /0 to 1000 µs/],
  ['warm-up', { ...base, warmUp: 'yes' }, 'warmUp', /true, false or an integer from 0 to 60000 ms/],
  ['capture', { ...base, capture: 7 }, 'capture', /path of a file/],
  ['clock', { ...base, clock: { now: () => 0 } }, 'clock', /now and setAlarm/],
  ['rng', { ...base, rng: Math.random }, 'rng', /an object with u32/],
  ['memory', { ...base, memory: new ArrayBuffer(8) }, 'memory', /an object with region/],
  ['self-test', { ...base, selfTest: 1 }, 'selfTest', /true or false/],
  ['loopback', { ...base, loopback: 'yes' }, 'loopback', /true or false/],
  ['addresses of nothing', { addresses: base.addresses }, 'addresses', /absent without a device.*Name one/],
  ['a mode of nothing', { mode: 'own' }, 'mode', /absent without a device/],
  ['a VLAN of a link', { ...linked, vlan: 7 }, 'vlan', /absent with link/],
  ['a MAC of a link', { ...linked, mac: '02:00:00:00:00:01' }, 'mac', /absent with link/],
  ['ports of a link', { ...linked, ports: [80] }, 'ports', /absent with link/],
  ['a mode of a link', { ...linked, mode: 'shared' }, 'mode', /absent with link/],
  ['rings of a link', { ...linked, rings: { small: 100 } }, 'rings', /absent with link/],
  ['rings of links', { ...linked, link: undefined, links: [link], rings: {} }, 'rings', /absent with links/],
  ['no links', { links: [] }, 'links', /one or more/],
  ['others call it', { ...base, tcp: { tos: 1 } }, 'tcp.tos', /no such option/],
  ['nothing at all', { loopback: false }, 'loopback', /Name a device/],
  ['tcp name', { ...base, tcp: { nodelay: true } }, 'tcp.nodelay', /Did you mean "noDelay"\?/],
  ['tcp range', { ...base, tcp: { delayedAck: 500 } }, 'tcp.delayedAck', /0 to 499 ms/],
  ['tcp flag', { ...base, tcp: { sack: 1 } }, 'tcp.sack', /true or false/],
  ['tcp ports', { ...base, tcp: { ephemeralPorts: [9, 1] } }, 'tcp.ephemeralPorts', /1024 to 65535/],
  ['ip name', { ...base, ip: { slack: true } }, 'ip.slack', /no such option/],
  ['ip.duplicates', { ...base, ip: { duplicates: true } }, 'ip.duplicates', /"background", "wait", "off"/],
  ['ip.slaac', { ...base, ip: { slaac: 'yes' } }, 'ip.slaac', /true or false/],
  ['ip.linkLocal', { ...base, ip: { linkLocal: 1 } }, 'ip.linkLocal', /true or false/],
  ['ip.reassemblyBytes', { ...base, ip: { reassemblyBytes: 1 } }, 'ip.reassemblyBytes', /262144 to 67108864 bytes/],
  ['ip.sourceRoutes', { ...base, ip: { sourceRoutes: true } }, 'ip.sourceRoutes', /"drop", "accept"/],
  ['fast open', { ...base, tcp: { fastOpen: 'yes' as 'on' } }, 'tcp.fastOpen', /one of "off", "client"/],
  ['pacing', { ...base, tcp: { pacing: 1 } }, 'tcp.pacing', /true or false/],
  [
    'controller',
    { ...base, tcp: { congestion: { name: 'x' } } },
    'tcp.congestion.open',
    /a function.*CongestionController/,
  ],
  ['controller, nameless', { ...base, tcp: { congestion: {} } }, 'tcp.congestion.name', /a name/],
  ['congestion', { ...base, tcp: { congestion: 'newrenno' } }, 'tcp.congestion', /Did you mean "newreno"\?/],
];

test.each(wrong)('%s', (_what, options, option, message) => {
  let error: unknown;
  try {
    checkOptions(options as StackOptions);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(OptionError);
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ code: 'ERR_USERTCP_OPTION', option });
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toContain(`option ${option}: `);
});

test('the secret is not shown', () => {
  expect(() => checkOptions({ ...base, secret: 'hunter2' })).toThrow(/'\(hidden\)'/);
});

test('defaults and routes', () => {
  const settings = checkOptions({
    ...base,
    gateway: ['10.0.0.1', 'fd00::1'],
    routes: [{ to: '192.168.0.0/16', via: '10.0.0.9' }],
  });
  expect(settings.mode).toBe('auto');
  expect(settings.maxConnections).toBe(65536);
  expect(settings.addresses.map((a) => [a.text, a.bits])).toEqual([
    ['10.0.0.2', 120],
    ['fd00::2', 64],
  ]);
  expect(settings.routes.map((r) => r.bits)).toEqual([96, 0, 112]);
  expect(settings.tcp.msl).toBe(30_000);
  expect(checkOptions({ ...base, tcp: { msl: 1000 } }).tcp.msl).toBe(1000);
  expect(checkOptions().loopback).toBe(true);
});

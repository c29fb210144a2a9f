import { expect, test } from 'vitest';
import { addressesIn, type KernelFacts } from '../../../src/shell/coexist/kernel-facts.ts';
import { plan, type Wish } from '../../../src/shell/coexist/plan.ts';
import { PortSet } from '../../../src/shell/coexist/port-set.ts';

const facts: KernelFacts = {
  addresses: new Map([
    ['10.0.0.1', 'eth0'],
    ['fd00::1', 'eth0'],
  ]),
  forwards4: false,
  forwards6: false,
  localPorts: [32768, 60999],
  sockets: [
    { address: '0.0.0.0', port: 22 },
    { address: '10.0.0.1', port: 8080 },
    { address: '127.0.0.1', port: 443 },
  ],
};
const wish: Wish = {
  device: 'eth0',
  mode: 'auto',
  addresses: ['10.0.0.2', 'fd00::2'],
  ports: new PortSet([]),
  ephemeralPorts: undefined,
};

test('addresses of the kernel, as iproute2 and BusyBox list them', () => {
  const text = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0:0\\       valid_lft forever preferred_lft forever
3: tun0    inet 10.8.0.6 peer 10.8.0.5/32 scope global tun0\\       valid_lft forever preferred_lft forever
4: eth1@if9    inet6 fd00::1/64 scope global nodad \\       valid_lft forever preferred_lft forever
`;
  expect([...addressesIn(text)]).toEqual([
    ['127.0.0.1', 'lo'],
    ['10.0.0.1', 'eth0'],
    ['10.8.0.6', 'tun0'],
    ['fd00::1', 'eth1'],
  ]);
});

test('auto: addresses the kernel does not have are our own; the drop only saves work', () => {
  const decided = plan(wish, facts);
  expect(decided.mode).toBe('own');
  expect(decided.rules).toEqual(['ip daddr 10.0.0.2 drop', 'arp daddr ip 10.0.0.2 drop', 'ip6 daddr fd00::2 drop']);
  expect(decided.required).toBeUndefined();
  expect(decided.claimed).toBeUndefined();
});

test('own: with forwarding on the drop is required; with a MAC of our own it is not', () => {
  expect(plan({ ...wish, mode: 'own' }, { ...facts, forwards4: true }).required).toMatch(/forwarding is on/);
  expect(
    plan({ ...wish, mode: 'own', addresses: ['fd00::2'] }, { ...facts, forwards4: true }).required,
  ).toBeUndefined();
  expect(plan({ ...wish, mode: 'own-mac' }, { ...facts, forwards4: true }).required).toBeUndefined();
  // An address that DHCP is to get will need it.
  const leased: Wish = { ...wish, mode: 'own', addresses: [], leased: true };
  expect([true, false].map((forwards4) => plan(leased, { ...facts, forwards4 }).required !== undefined)).toEqual([
    true,
    false,
  ]);
  const automatic: Wish = { ...wish, mode: 'own', addresses: [], automatic: true };
  expect([true, false].map((forwards6) => plan(automatic, { ...facts, forwards6 }).required !== undefined)).toEqual([
    true,
    false,
  ]);
});

test('own: an address of the kernel is refused, with the command that frees it', () => {
  expect(() => plan({ ...wish, mode: 'own', addresses: ['10.0.0.1'] }, facts)).toThrow(
    /10\.0\.0\.1 is on the kernel's eth0.*ip address del 10\.0\.0\.1 dev eth0.*mode: 'shared'/,
  );
});

test('auto: the kernel has the address, so only our ports are ours', () => {
  const decided = plan(
    { ...wish, addresses: ['10.0.0.1', 'fd00::1'], ports: PortSet.parse('80,443,8000-9999') },
    { ...facts, sockets: [] },
  );
  expect(decided.mode).toBe('shared');
  expect(decided.rules).toEqual([
    'ip daddr 10.0.0.1 tcp dport { 80, 443, 8000-9999, 61000-65535 } drop',
    'ip6 daddr fd00::1 tcp dport { 80, 443, 8000-9999, 61000-65535 } drop',
  ]);
  expect(decided.required).toMatch(/RST/);
  expect(decided.ephemeralPorts).toEqual([61000, 65535]);
  expect(String(decided.claimed)).toBe('80,443,8000-9999,61000-65535');
  expect(decided.watch.map(({ proves }) => proves)).toEqual([
    'answered for our ports of 10.0.0.1',
    'sent ICMP errors about our ports of 10.0.0.1',
    'answered for our ports of fd00::1',
    'sent ICMP errors about our ports of fd00::1',
  ]);
});

test('own: what the kernel could do in our place is watched, at the offsets of what ICMP quotes', () => {
  expect(plan({ ...wish, addresses: ['10.0.0.2'] }, facts).watch.map(({ match }) => match)).toEqual([
    'oifname != "lo" ip saddr 10.0.0.2',
    'icmp type { destination-unreachable, time-exceeded } @th,192,32 0x0a000002',
    'icmp type redirect @th,192,32 0x0a000002',
    'iifname "eth0" ip daddr 10.0.0.2',
  ]);
  expect(plan({ ...wish, addresses: ['fd00::2'] }, facts).watch[2]!.match).toBe(
    'icmpv6 type nd-redirect @th,192,128 0xfd000000000000000000000000000002',
  );
});

test('shared: ports of programs on the host are not taken', () => {
  const shared: Wish = { ...wish, mode: 'shared', addresses: ['10.0.0.1'] };
  expect(() => plan({ ...shared, ports: PortSet.parse('22') }, facts)).toThrow(
    /uses port 22.*ss -tlnp.*take it out of ports/,
  );
  expect(() => plan({ ...shared, ports: PortSet.parse('8000-8099') }, facts)).toThrow(/uses port 8080/);
  expect(plan({ ...shared, ports: PortSet.parse('443') }, facts).claimed!.has(443)).toBe(true);
});

test('port sets are read, merged, subtracted and written like the sysctl', () => {
  const set = PortSet.parse('9000-9100,80,81\n');
  expect(String(set)).toBe('80-81,9000-9100');
  expect(String(set.with(PortSet.parse('9050-9200,82')))).toBe('80-82,9000-9200');
  expect(String(set.without(PortSet.parse('81,9050-9060,9100')))).toBe('80,9000-9049,9061-9099');
  expect(String(set.without(set))).toBe('');
  expect([79, 80, 81, 82, 9100].map((port) => set.has(port))).toEqual([false, true, true, false, true]);
});

test('shared: an address the kernel lacks is refused, with the command that adds it', () => {
  expect(() => plan({ ...wish, mode: 'shared' }, facts)).toThrow(/ip address add 10\.0\.0\.2 dev eth0/);
});

test('shared: a port of ours inside the ephemeral range is refused', () => {
  const shared: Wish = { ...wish, mode: 'shared', addresses: ['10.0.0.1'], ports: PortSet.parse('60990-61010') };
  expect(() => plan(shared, facts)).toThrow(/option ports: 61000/);
  const many = new PortSet(Array.from({ length: 1001 }, (_, n): [number, number] => [2 * n + 1, 2 * n + 1]));
  expect(() => plan({ ...shared, ports: many }, { ...facts, sockets: [] })).toThrow(
    /option ports: '1,3,5.*at most 1000 ranges/,
  );
});

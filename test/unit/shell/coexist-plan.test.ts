import { expect, test } from 'vitest';
import type { KernelFacts } from '../../../src/shell/coexist/kernel-facts.ts';
import { plan, type Wish } from '../../../src/shell/coexist/plan.ts';

const facts: KernelFacts = {
  addresses: new Map([
    ['10.0.0.1', 'eth0'],
    ['fd00::1', 'eth0'],
  ]),
  forwards4: false,
  forwards6: false,
  localPorts: [32768, 60999],
  reservedPorts: '8080',
};
const wish: Wish = {
  device: 'eth0',
  mode: 'auto',
  addresses: ['10.0.0.2', 'fd00::2'],
  ports: [],
  ephemeralPorts: undefined,
};

test('auto: addresses the kernel does not have are our own; the drop only saves work', () => {
  const decided = plan(wish, facts);
  expect(decided.mode).toBe('own');
  expect(decided.rules).toEqual(['ip daddr 10.0.0.2 drop', 'arp daddr ip 10.0.0.2 drop', 'ip6 daddr fd00::2 drop']);
  expect(decided.required).toBeUndefined();
  expect(decided.reserve).toBeUndefined();
});

test('own: with forwarding on the drop is required; with a MAC of our own it is not', () => {
  expect(plan({ ...wish, mode: 'own' }, { ...facts, forwards4: true }).required).toMatch(/forwarding is on/);
  expect(
    plan({ ...wish, mode: 'own', addresses: ['fd00::2'] }, { ...facts, forwards4: true }).required,
  ).toBeUndefined();
  expect(plan({ ...wish, mode: 'own-mac' }, { ...facts, forwards4: true }).required).toBeUndefined();
});

test('own: an address of the kernel is refused, with the command that frees it', () => {
  expect(() => plan({ ...wish, mode: 'own', addresses: ['10.0.0.1'] }, facts)).toThrow(
    /10\.0\.0\.1 is on the kernel's eth0.*ip address del 10\.0\.0\.1 dev eth0.*mode: 'shared'/,
  );
});

test('auto: the kernel has the address, so only our ports are ours', () => {
  const decided = plan({ ...wish, addresses: ['10.0.0.1', 'fd00::1'], ports: [80, 443] }, facts);
  expect(decided.mode).toBe('shared');
  expect(decided.rules).toEqual([
    'ip daddr 10.0.0.1 tcp dport { 61000-65535, 80, 443 } drop',
    'ip6 daddr fd00::1 tcp dport { 61000-65535, 80, 443 } drop',
  ]);
  expect(decided.required).toMatch(/RST/);
  expect(decided.ephemeralPorts).toEqual([61000, 65535]);
  expect(decided.reserve).toBe('8080,61000-65535,80,443');
});

test('shared: an address the kernel lacks is refused, with the command that adds it', () => {
  expect(() => plan({ ...wish, mode: 'shared' }, facts)).toThrow(/ip address add 10\.0\.0\.2 dev eth0/);
});

test('shared: a port of ours inside the ephemeral range is refused', () => {
  const shared: Wish = { ...wish, mode: 'shared', addresses: ['10.0.0.1'], ports: [61001] };
  expect(() => plan(shared, facts)).toThrow(/option ports: 61001/);
});

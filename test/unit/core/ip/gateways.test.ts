// A gateway that does not answer: RFC 1122 §3.3.1.4, RFC 4861 §6.3.6.
import { expect, test } from 'vitest';
import { parseCidr } from '../../../../src/wire/address-text.ts';
import { address, ETHER, Host } from './harness.ts';

const FAR = address('8.8.8.8');

test('of two default routes the one whose gateway answers is taken [RFC 1122 §3.3.1.4] [RFC 4861 §6.3.6]', () => {
  const host = new Host({ addresses: ['10.0.0.1/24'] });
  const { address: dst, bits } = parseCidr('0.0.0.0/0');
  for (const gateway of ['10.0.0.254', '10.0.0.253']) host.ip.addRoute(dst, bits, address(gateway), ETHER);
  const first = host.ip.routeTo(FAR, 0);
  expect(host.ip.wayAround(first, FAR, 0)).toBe(-1);
  for (let i = 0; i < 4; i++) host.pass(1000);
  expect(host.failed).toEqual([first]);
  host.take();
  const second = host.ip.wayAround(first, FAR, 0);
  expect(second).toBeGreaterThanOrEqual(0);
  expect(second).not.toBe(first);
  expect(host.take()[0]!.hex.slice(76, 84)).toBe('0a0000fd');
  expect(host.ip.routeTo(FAR, 0)).toBe(second);
  // When both are dead the first is asked again.
  for (let i = 0; i < 4; i++) host.pass(1000);
  expect(host.failed).toEqual([first, second]);
  expect(host.ip.routeTo(FAR, 0)).toBe(first);
});

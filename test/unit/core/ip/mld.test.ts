// Reports of the groups that neighbour discovery listens to: RFC 3810, RFC 2710, RFC 4861 §7.2.1.
import { expect, test } from 'vitest';
import { pseudo6, verifies } from '../../../../src/wire/checksum.ts';
import { bytes, ETHER, Host, icmp6, type Sent } from './harness.ts';

const GROUP = 'ff0200000000000000000001ff000001';

function started(addresses = ['2001:db8::1/64']): Host {
  const host = new Host({ addresses, ip: { duplicates: 'background', multicastReports: true } });
  host.ip.announce(ETHER);
  host.pass(0);
  return host;
}

/** Behind the hop-by-hop header, after checking that it and the rest are right. */
function message({ bytes: b, hex }: Sent): string {
  expect(b[21]).toBe(1);
  expect(hex.slice(108, 124)).toBe('3a00050200000100');
  expect(verifies(b, 62, b.length - 62, pseudo6(b, 14, 58, b.length - 62))).toBe(true);
  return hex.slice(124, 128) + hex.slice(132);
}

const reports = (host: Host): Sent[] => host.take().filter(({ bytes: b }) => b[12] === 0x86 && b[20] === 0);

const query = (code: number, group = '0'.repeat(32), v2 = true, ip: object = {}): Uint8Array =>
  icmp6(130, 0, code << 16, bytes(group + (v2 ? '027d0000' : '')), {
    src: 'fe80::ff',
    dst: 'ff02::1',
    dstMac: '333300000001',
    ttl: 1,
    ...ip,
  });

test('joining: to all MLDv2 routers, before the address is asked for, and again within a second [RFC 3810 §6.1] [RFC 4862 §5.4.2]', () => {
  const host = started();
  const [first, probe] = host.take();
  expect(first!.hex.slice(0, 12)).toBe('333300000016');
  expect(first!.hex.slice(44, 108)).toBe(`${'0'.repeat(32)}ff020000000000000000000000000016`);
  expect(message(first!)).toBe(`8f0000000001${'04000000'}${GROUP}`);
  expect(probe!.bytes[54]).toBe(135);
  host.pass(1000);
  expect(reports(host).map(message)).toEqual([`8f0000000001${'04000000'}${GROUP}`]);
  host.pass(60_000);
  expect(reports(host)).toEqual([]);
  expect(host.ip.nextDeadline()).toBe(Infinity);
});

test.each([
  ['for all groups', '0'.repeat(32)],
  ['for ours', GROUP],
])('a query %s is answered once within its time [RFC 3810 §6.2]', (_what, group) => {
  const host = started();
  host.pass(2000);
  host.take();
  host.receive(query(500, group));
  host.receive(query(500, group));
  host.pass(500);
  expect(reports(host).map(message)).toEqual([`8f0000000001${'02000000'}${GROUP}`]);
  host.pass(60_000);
  expect(reports(host)).toEqual([]);
});

test('a query of version 1 is answered in version 1, to the group [RFC 2710 §4]', () => {
  const host = started();
  host.pass(2000);
  host.take();
  host.receive(query(100, undefined, false));
  host.pass(100);
  const [report] = reports(host);
  expect(report!.hex.slice(0, 12)).toBe('3333ff000001');
  expect(message(report!)).toBe(`830000000000${GROUP}`);
});

test.each([
  ['for another group', query(10, 'ff0200000000000000000001ff000099')],
  ['from afar', query(10, undefined, true, { ttl: 2 })],
  ['not from a router on the link', query(10, undefined, true, { src: '2001:db8::99' })],
])('a query %s is not answered [RFC 3810 §6.2]', (_what, frame) => {
  const host = started();
  host.pass(2000);
  host.take();
  host.receive(frame);
  host.pass(60_000);
  expect(reports(host)).toEqual([]);
});

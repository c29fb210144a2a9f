import { expect, test } from 'vitest';
import { leaseOf } from '../../../../src/shell/dhcp/lease.ts';
import {
  ACK,
  addressesOf,
  type DhcpMessage,
  decodeDhcp,
  encodeDhcp,
  OPTION_DNS,
  OPTION_LEASE,
  OPTION_MASK,
  OPTION_SERVER,
  OPTION_TYPE,
  u32,
} from '../../../../src/shell/dhcp/message.ts';
import { ip } from './server.ts';

const message = (options: [number, Uint8Array][] = []): DhcpMessage => ({
  op: 2,
  xid: 0x12345678,
  secs: 7,
  flags: 0x8000,
  ciaddr: ip('10.0.0.3'),
  yiaddr: ip('10.0.0.4'),
  chaddr: Uint8Array.of(2, 1, 2, 3, 4, 5),
  options: new Map([[OPTION_TYPE, Uint8Array.of(ACK)], ...options]),
});

test('there and back; 300 bytes at least', () => {
  const bytes = encodeDhcp(message([[OPTION_DNS, Uint8Array.of(1, 1, 1, 1, 8, 8, 8, 8)]]));
  expect(bytes.length).toBe(300);
  const back = decodeDhcp(bytes)!;
  expect(back).toEqual(message([[OPTION_DNS, Uint8Array.of(1, 1, 1, 1, 8, 8, 8, 8)]]));
  expect(addressesOf(back, OPTION_DNS)).toEqual([ip('1.1.1.1'), ip('8.8.8.8')]);
});

test('RFC 3396: an option of more than 255 bytes is split and put together again', () => {
  const long = Uint8Array.from({ length: 700 }, (_, n) => n);
  const bytes = encodeDhcp(message([[224, long]]));
  expect(decodeDhcp(bytes)!.options.get(224)).toEqual(long);
});

test('option 52: options go on in file and sname', () => {
  const bytes = encodeDhcp(message([[52, Uint8Array.of(3)]]));
  bytes.set([OPTION_SERVER, 4, 10, 0, 0, 1, 255], 108);
  bytes.set([OPTION_LEASE, 4, 0, 0, 0, 60, 255], 44);
  const { options } = decodeDhcp(bytes)!;
  expect([options.get(OPTION_SERVER), options.get(OPTION_LEASE)]).toEqual([u32(ip('10.0.0.1')), u32(60)]);
});

test('no message: too short, another cookie, other hardware; an option that runs out of the message ends the reading', () => {
  const good = encodeDhcp(message());
  expect(decodeDhcp(good.subarray(0, 239))).toBeUndefined();
  for (const at of [236, 1, 2]) {
    const bad = good.slice();
    bad[at]! ^= 1;
    expect(decodeDhcp(bad)).toBeUndefined();
  }
  const cut = good.slice(0, 250);
  cut.set([OPTION_MASK, 200], 243);
  expect([...decodeDhcp(cut)!.options.keys()]).toEqual([OPTION_TYPE]);
});

test('random bytes are no message or one, never an exception', () => {
  let s = 1;
  for (let round = 0; round < 2000; round++) {
    const bytes = encodeDhcp(message());
    for (let at = 240; at < bytes.length; at++) bytes[at] = (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) >>> 24;
    const read = decodeDhcp(bytes);
    if (read !== undefined) leaseOf(read);
  }
});

test('masks: by class without one, refused with a hole', () => {
  const lease = (address: string, mask?: string): number | undefined => {
    const m = message([
      [OPTION_SERVER, u32(ip('10.0.0.1'))],
      [OPTION_LEASE, u32(60)],
    ]);
    m.yiaddr = ip(address);
    if (mask !== undefined) m.options.set(OPTION_MASK, u32(ip(mask)));
    return leaseOf(m)?.bits;
  };
  expect([lease('10.0.0.4'), lease('172.16.0.4'), lease('192.168.0.4')]).toEqual([8, 16, 24]);
  expect([lease('10.0.0.4', '255.255.240.0'), lease('10.0.0.4', '255.255.255.255')]).toEqual([20, 32]);
  expect([lease('10.0.0.4', '255.0.255.0'), lease('10.0.0.4', '0.0.0.0'), lease('127.0.0.1')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

import { describe, expect, test } from 'vitest';
import { formatAddress, parseCidr } from '../../../../src/wire/address-text.ts';
import { address, ETHER, Host, LOOP, packet } from './harness.ts';

const defaultRoute = (host: Host, cidr: string, gateway: string): void => {
  const { address: dst, bits } = parseCidr(cidr);
  host.ip.addRoute(dst, bits, address(gateway), ETHER);
};

describe('routeTo', () => {
  test('hosts behind a gateway share its hop', () => {
    const host = new Host();
    defaultRoute(host, '0.0.0.0/0', '10.0.0.254');
    const hop = host.ip.routeTo(address('192.0.2.1'), 0);
    expect(host.ip.routeTo(address('198.51.100.1'), 0)).toBe(hop);
    expect(host.ip.routeTo(address('10.0.0.254'), 0)).toBe(hop);
    expect(host.take()[0]!.hex.slice(-8)).toBe('0a0000fe');
  });

  test('reads the destination where it is', () => {
    const host = new Host();
    const words = new Int32Array(9);
    words.set(address('10.0.0.2'), 5);
    host.ip.routeTo(words, 5);
    expect(host.take()[0]!.hex.slice(-8)).toBe('0a000002');
  });

  test.each([
    ['192.0.2.1'],
    ['2600::1'],
    ['224.0.0.1'],
    ['255.255.255.255'],
    ['10.0.0.255'],
    ['0.0.0.0'],
    ['::'],
    ['ff02::1'],
  ])('%s: no route', (dst) => {
    const host = new Host();
    expect(host.ip.routeTo(address(dst), 0)).toBe(-1);
    expect(host.take()).toEqual([]);
  });

  test('ourselves: by the loop link, at once and for good', () => {
    const host = new Host({ hops: 2 });
    const hop = host.ip.routeTo(address('127.0.0.1'), 0);
    for (const dst of ['127.1.2.3', '10.0.0.1', '::1', '2001:db8::1'])
      expect(host.ip.routeTo(address(dst), 0)).toBe(hop);
    expect(host.ip.ready(hop)).toBe(true);
    expect(host.ip.linkOf(hop)).toBe(LOOP);
    expect(host.ip.mtuOf(hop)).toBe(65535);
    expect([...host.hops.subarray(hop * 16, hop * 16 + 2)]).toEqual([0, 0]);
    for (let i = 0; i < 5; i++) host.ip.release(hop);
    host.ip.routeTo(address('10.0.0.2'), 0);
    expect(host.ip.routeTo(address('::1'), 0)).toBe(hop);
  });

  test('without a loop link there is no way to ourselves', () => {
    const host = new Host({ loop: false });
    for (const dst of ['127.0.0.1', '10.0.0.1', '::1']) expect(host.ip.routeTo(address(dst), 0)).toBe(-1);
  });

  test('a hop that is none is not ready', () => {
    expect(new Host().ip.ready(-1)).toBe(false);
  });
});

describe('sourceFor [MUST-44]', () => {
  test.each([
    ['10.0.0.9', '10.0.0.1'],
    ['8.8.8.8', '10.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['2001:db8::5', '2001:db8::1'],
  ])('%s: %s', (dst, src) => {
    const host = new Host();
    defaultRoute(host, '0.0.0.0/0', '10.0.0.254');
    const out = new Int32Array(4);
    expect(host.ip.sourceFor(address(dst), out)).toBe(true);
    expect(formatAddress(out)).toBe(src);
  });

  test('no route, no source', () => {
    expect(new Host().ip.sourceFor(address('8.8.8.8'), new Int32Array(4))).toBe(false);
  });
});

test('random frames neither throw nor draw answers to groups', () => {
  let seed = 99;
  const random = (n: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % n;
  const host = new Host();
  for (let i = 0; i < 5000; i++) {
    const six = i % 2 === 0;
    const protocol = [1, 58, 17, 44, 0, 60, 43, 51, 2, 255][random(10)]!;
    const payload = Uint8Array.from({ length: random(120) }, () => random(256));
    if (protocol === 58 && payload.length > 1) {
      payload[0] = 133 + random(5);
      payload[1] = 0;
    }
    const ip = six ? { src: '2001:db8::2', dst: '2001:db8::1' } : { src: '10.0.0.2', dst: '10.0.0.1' };
    const field = protocol === 17 ? 6 : 2;
    host.receive(
      packet({ ...ip, protocol, payload, ttl: 255, ...(payload.length > field + 2 ? { checksum: field } : {}) }),
    );
    host.pass(10);
  }
  for (const sent of host.take()) expect(sent.bytes[0]! & 1).toBe(0);
});

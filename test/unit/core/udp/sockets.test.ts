import { describe, expect, test } from 'vitest';
import { scoreOf, UdpSockets } from '../../../../src/core/udp/sockets.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';

const rng = (seed: number): { u32(): number } => {
  let s = seed;
  return { u32: () => (s = Math.imul(s, 1664525) + 1013904223) | 0 };
};
const ANY = new Int32Array(4);
const ANY4 = parseAddress('0.0.0.0');
const A = parseAddress('10.0.0.1');
const B = parseAddress('10.0.0.2');
const SIX = parseAddress('fd00::1');

describe('who may bind', () => {
  test.each([
    ['the same address', A, A, false],
    ['two addresses', A, B, true],
    ['an address beside any', ANY, A, false],
    ['any beside an address', SIX, ANY, false],
    ['any IPv4 beside IPv6', ANY4, SIX, true],
    ['any IPv4 beside any', ANY4, ANY, false],
    ['any beside any IPv4', ANY, ANY4, false],
  ])('%s', (_title, first, second, possible) => {
    const sockets = new UdpSockets();
    expect(sockets.bind(first, 53, false)).toBeDefined();
    expect(sockets.bind(second, 53, false) !== undefined).toBe(possible);
    expect(sockets.bind(second, 54, false)).toBeDefined();
  });

  test('sharing needs both to say so; a closed socket is in nobody’s way', () => {
    const sockets = new UdpSockets();
    const first = sockets.bind(A, 53, true)!;
    expect(sockets.bind(A, 53, false)).toBeUndefined();
    const second = sockets.bind(A, 53, true)!;
    expect(sockets.find(A, 53, B, 9)).toBe(second);
    sockets.close(second);
    expect(sockets.find(A, 53, B, 9)).toBe(first);
    expect(sockets.get(second.id, second.gen)).toBeUndefined();
    sockets.close(first);
    expect(sockets.find(A, 53, B, 9)).toBeUndefined();
    const third = sockets.bind(A, 53, false)!;
    expect([third.id === first.id || third.id === second.id, sockets.get(first.id, first.gen)]).toEqual([
      true,
      undefined,
    ]);
  });
});

describe('who gets a datagram', () => {
  test('a connected socket before a bound one before any', () => {
    const sockets = new UdpSockets();
    const any = sockets.bind(ANY, 53, true)!;
    const bound = sockets.bind(A, 53, true)!;
    const connected = sockets.bind(A, 53, true)!;
    connected.raddr.set(B);
    connected.rport = 9;
    expect(sockets.find(A, 53, B, 9)).toBe(connected);
    expect(sockets.find(A, 53, B, 8)).toBe(bound);
    expect(sockets.find(A, 53, SIX, 9)).toBe(bound);
    expect(sockets.find(B, 53, A, 9)).toBe(any);
    expect(sockets.find(SIX, 53, SIX, 9)).toBe(any);
    expect(sockets.find(A, 54, B, 9)).toBeUndefined();
  });

  test('any of IPv4 gets no IPv6', () => {
    const sockets = new UdpSockets();
    const socket = sockets.bind(ANY4, 53, false)!;
    expect([scoreOf(socket, A, B, 9) > 0, scoreOf(socket, SIX, SIX, 9)]).toEqual([true, 0]);
  });
});

describe('[RFC 6056 §3] ephemeral ports', () => {
  test('nobody can tell the next one from those before', () => {
    const sockets = new UdpSockets();
    const random = rng(1);
    const ports = Array.from({ length: 2000 }, () => sockets.pickPort(ANY, 49152, 65535, random));
    expect(new Set(ports).size).toBeGreaterThan(1850);
    expect(ports.every((port) => port >= 49152 && port <= 65535)).toBe(true);
    const steps = ports.slice(1).map((port, i) => Math.sign(port - ports[i]!));
    expect(Math.abs(steps.reduce((a, b) => a + b))).toBeLessThan(200);
  });

  test('what is taken is passed by; 0 when everything is', () => {
    const sockets = new UdpSockets();
    const random = rng(2);
    const got = new Set<number>();
    for (let n = 0; n < 20; n++) {
      const port = sockets.pickPort(A, 100, 119, random);
      got.add(port);
      expect(sockets.bind(A, port, false)).toBeDefined();
    }
    expect(got.size).toBe(20);
    expect(sockets.pickPort(A, 100, 119, random)).toBe(0);
    expect(sockets.pickPort(B, 100, 119, random)).toBeGreaterThan(0);
  });
});

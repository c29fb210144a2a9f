import { describe, expect, test } from 'vitest';
import { EphemeralPorts } from '../../../src/core/ephemeral.ts';

const rng = (seed: number): { u32(): number } => {
  let s = seed;
  return { u32: () => (s = Math.imul(s, 1664525) + 1013904223) | 0 };
};
const host = (n: number): Int32Array => new Int32Array([0, 0, 0xffff, 0x0a000000 | n]);
const free = { inUse: (): boolean => false };

describe('EphemeralPorts, RFC 6056 algorithm 4 [RFC 5961 §10]', () => {
  test('toward one destination ports rise one by one and stay in the range', () => {
    const ports = new EphemeralPorts(rng(1), 49152, 65535);
    let last = ports.pick(host(1), host(2), 80, free);
    for (let i = 0; i < 20_000; i++) {
      const port = ports.pick(host(1), host(2), 80, free);
      expect(port).toBe(last === 65535 ? 49152 : last + 1);
      last = port;
    }
  });

  test('another destination, local address or secret starts elsewhere', () => {
    const starts = new Set<number>();
    for (let n = 2; n < 12; n++) starts.add(new EphemeralPorts(rng(1), 1024, 65535).pick(host(1), host(n), 80, free));
    for (let n = 2; n < 12; n++) starts.add(new EphemeralPorts(rng(1), 1024, 65535).pick(host(n), host(1), 80, free));
    for (let n = 2; n < 12; n++) starts.add(new EphemeralPorts(rng(n), 1024, 65535).pick(host(1), host(2), 80, free));
    for (let n = 1; n < 11; n++)
      starts.add(new EphemeralPorts(rng(1), 1024, 65535).pick(host(1), host(2), 100 + n, free));
    expect(starts.size).toBeGreaterThan(37);
  });

  test('what is opened toward others in between leaves no gaps', () => {
    const ports = new EphemeralPorts(rng(1), 1024, 65535);
    const first = ports.pick(host(1), host(2), 80, free);
    for (let n = 3; n < 6; n++) ports.pick(host(n), host(2), 80, free);
    expect(ports.pick(host(1), host(2), 80, free)).toBe(first === 65535 ? 1024 : first + 1);
  });

  test('skips what is in use, finds the last free one, ends with -1', () => {
    const ports = new EphemeralPorts(rng(3), 100, 139);
    let asked = 0;
    const but = (one: number): { inUse(port: number): boolean } => ({
      inUse: (port) => {
        asked++;
        return port !== one;
      },
    });
    expect(ports.pick(host(1), host(2), 80, but(117))).toBe(117);
    asked = 0;
    expect(ports.pick(host(1), host(2), 80, but(0))).toBe(-1);
    expect(asked).toBe(40);
  });

  test('a range of one port', () => {
    expect(new EphemeralPorts(rng(3), 5, 5).pick(host(1), host(2), 80, free)).toBe(5);
  });

  test.each([
    [0, 10],
    [10, 9],
    [1, 65536],
    [NaN, 5],
  ])('refuses the range %d to %d', (a, b) => {
    expect(() => new EphemeralPorts(rng(1), a, b)).toThrow(RangeError);
  });
});

// The kernel's loopback beside a server of ours, on a host that has no IPv6.
import { constants } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { internals, type KernelHandle } from '../../../../src/shell/net/internals.ts';
import { KernelTwin } from '../../../../src/shell/net/kernel-twin.ts';
import { IPV6_ONLY } from '../../../../src/shell/net/reuse-port.ts';

const { EAFNOSUPPORT, EADDRNOTAVAIL } = constants.errno;
const { TCP } = internals;
const bound: string[] = [];
afterEach(() => {
  Object.assign(internals, { TCP });
  bound.length = 0;
});

/** As socket(AF_INET6) answers with ipv6.disable=1. */
class OldHost extends TCP {
  override bind6(): number {
    return -EAFNOSUPPORT;
  }
  override bind(...args: Parameters<KernelHandle['bind']>): number {
    bound.push(args[0]);
    return super.bind(...args);
  }
}

test('a server on every address is on 127.0.0.1 there, as Node is on 0.0.0.0', () => {
  Object.assign(internals, { TCP: OldHost });
  const twin = KernelTwin.open('::', 0, 0, 10, () => {});
  expect(twin).toBeInstanceOf(KernelTwin);
  (twin as KernelTwin).close();
  expect(bound).toEqual(['127.0.0.1']);
  expect(KernelTwin.open('::', 0, IPV6_ONLY, 10, () => {})).toBe(-EADDRNOTAVAIL);
});

// How large a datagram to a group may be: it has no next hop that would know.
import { expect, test } from 'vitest';
import { EMSGSIZE, OK } from '../../../../src/core/events.ts';
import { Udp } from '../../../../src/core/udp/udp.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';
import { bench, hearMtu } from '../tcp/bench.ts';

test('a datagram to a group is as large as routers say that the link carries; over IPv4, as the link does [RFC 4861 §6.3.4]', () => {
  const { t } = bench();
  t.ip.addAddress(parseAddress('10.0.0.1'), 120, 0);
  t.ip.addAddress(parseAddress('2001:db8::1'), 64, 0);
  hearMtu(t, 1400);
  const udp = new Udp(t, { u32: () => 0 }, [49152, 65535]);
  const socket = udp.bind(new Int32Array(4), 4000);
  if (typeof socket === 'number') throw new Error(`bind: ${socket}`);
  for (const [group, most] of [
    ['ff02::5', 1400 - 48],
    ['224.0.0.5', 1500 - 28],
  ] as const) {
    const send = (length: number): number =>
      udp.send(socket, new Uint8Array(length), 0, length, parseAddress(group), 9, null);
    expect([group, send(most), send(most + 1)]).toEqual([group, OK, EMSGSIZE]);
  }
});

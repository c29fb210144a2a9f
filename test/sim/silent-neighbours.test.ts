// Addresses of our own link where nobody answers: SYNs that claim them, whose SYN,ACKs cannot leave, and datagrams to them.
import { expect, test } from 'vitest';
import { EHOSTUNREACH, EV_UDP_ERROR } from '../../src/core/events.ts';
import type { UdpBinding } from '../../src/core/udp/sockets.ts';
import { ScriptPort, type SimWire } from '../../src/link/sim.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { encodeFrame } from '../conformance/script/frame.ts';
import { ANY, CASE, Pair } from '../property/pair/run.ts';

const S = 1_000_000;
const SEGMENT = { ack: 0, flags: 2, reserved: 0, window: 1000, urgent: 0, text: new Uint8Array(0) };

/** A server that listens on port 80, and who sends it SYNs with any source. */
function world(backlog: number, options: object = {}) {
  const pair = new Pair(CASE, { record: false, maxConnections: 64, checkEvery: 0, ...options });
  const server = pair.hosts[1];
  pair.warm();
  server.listen(80, backlog);
  const port = new ScriptPort(pair.wire as SimWire, { onFrame: () => {} });
  const syn = (src: string, sport: number): void => {
    const options = [{ kind: 'mss', value: 1460 }] as const;
    const segment = { ...SEGMENT, seq: 1000, options: [...options] };
    const dst = pair.addresses[1];
    port.send(
      encodeFrame({ srcMac: port.mac, dstMac: server.link.mac, src, dst, sport, dport: 80, tos: 0, ttl: 64, segment }),
    );
  };
  return { pair, server, syn };
}

test('R2 ends each entry, however many neighbours are silent [MUST-22]', () => {
  const { pair, server, syn } = world(128);
  for (let n = 0; n < 5; n++) {
    for (let port = 0; port < 4; port++) syn(`10.0.0.${50 + n}`, 3000 + port);
    pair.clock.advance(0.6 * S);
  }
  expect(server.core.halfOpens).toBe(20);
  pair.clock.advance(250 * S);
  expect(server.core.halfOpens).toBe(0);
});

test('neighbours that are found put no deadline off', () => {
  const { pair, server, syn } = world(128);
  syn('10.0.0.50', 3000);
  for (let n = 0; n < 40; n++) {
    pair.clock.advance(0.5 * S);
    server.turn(() => void (server.t.halfOpens.hurry = true));
  }
  expect(server.core.halfOpens).toBe(0);
});

test('they count as unanswered: a queue full of them makes cookies, and honest clients get in [RFC 4987 §3.6]', () => {
  const { pair, server, syn } = world(4);
  const client = pair.hosts[0];
  for (let port = 0; port < 4; port++) syn('10.0.0.50', 3000 + port);
  pair.clock.advance(1.5 * S);
  expect(server.core.halfOpens).toBe(4);
  const row = client.connect(pair.addresses[1], 80, {}, 5000);
  pair.clock.advance(0.1 * S);
  expect([client.core.info(row)?.state, server.core.counters.synCookiesSent]).toEqual(['ESTABLISHED', 1]);
});

test('datagrams for neighbours that fail in the same moment are all told of, and hold nothing', () => {
  const { pair, server } = world(16);
  const socket = server.core.udp.bind(ANY, 53) as UdpBinding;
  const text = new Uint8Array(100);
  const before = server.t.arena.used;
  server.turn(() => {
    for (let n = 0; n < 60; n++) {
      server.core.udp.send(socket, text, 0, text.length, parseAddress(`10.0.0.${50 + (n >> 1)}`), 9, null);
    }
  });
  pair.clock.advance(2.5 * S);
  expect([socket.queued > 0, server.t.arena.used > before]).toEqual([true, true]);
  pair.clock.advance(1 * S);
  const told = server.events.filter(({ type, a }) => type === EV_UDP_ERROR && a === EHOSTUNREACH);
  expect([told.length, socket.queued, server.t.arena.used]).toEqual([60, 0, before]);
});

test('a flood that makes a socket answer neighbours that are not there leaves memory and hops to others', () => {
  const { pair, server } = world(16, { arenaBytes: 8 << 20 });
  const socket = server.core.udp.bind(ANY, 53) as UdpBinding;
  server.core.ip.addAddress(parseAddress('10.1.0.1'), 96 + 16, 0);
  for (let n = 0; n < 6000; n++) {
    const to = parseAddress(`10.1.${1 + (n >> 7)}.${1 + (n & 127)}`);
    server.turn(() => server.core.udp.send(socket, new Uint8Array(100), 0, 100, to, 9, null));
  }
  expect(server.t.arena.used).toBeLessThanOrEqual(1 << 20);
  const row = pair.hosts[0].connect(pair.addresses[1], 80, {}, 5000);
  pair.clock.advance(0.1 * S);
  expect(pair.hosts[0].core.info(row)?.state).toBe('ESTABLISHED');
  pair.clock.advance(10 * S);
  expect([socket.queued, server.t.arena.used]).toEqual([0, 0]);
});

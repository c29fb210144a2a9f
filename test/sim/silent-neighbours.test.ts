// SYNs that claim addresses of our own link where nobody answers: entries of the SYN queue that no SYN,ACK can leave for.
import { expect, test } from 'vitest';
import { ScriptPort, type SimWire } from '../../src/link/sim.ts';
import { encodeFrame } from '../conformance/script/frame.ts';
import { CASE, Pair } from '../property/pair/run.ts';

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

// An address that is taken from us is silent from then on: what has no row speaks of it no more either.
import { expect, test } from 'vitest';
import { ScriptPort } from '../../src/link/sim.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { encodeFrame } from '../conformance/script/frame.ts';
import { CASE, Pair } from '../property/pair/run.ts';

const S = 1_000_000;
const NONE = new Uint8Array(0);

test('entries of the SYN queue and of TIME_WAIT go with it, those of other addresses stay [RFC 4862 §5.4.5] [RFC 5227 §2.4]', () => {
  const pair = new Pair(CASE, { record: false, maxConnections: 64, checkEvery: 1 });
  const [client, server] = pair.hosts;
  pair.warm();
  const ours = pair.addresses[1];
  const other = '10.0.0.77';
  server.core.ip.addAddress(parseAddress(other), 120, 0);
  server.core.ip.addRoute(parseAddress('20.0.0.0'), 104, parseAddress(pair.addresses[0]), 0);
  server.listen(80, 16);
  server.accept = (row) => {
    server.core.callAccepted(row);
    server.core.callClose(row, server.now);
    return undefined;
  };
  // Our end closes first: it has the TIME_WAIT.
  const row = client.connect(ours, 80, {}, 5000);
  pair.clock.advance(0.5 * S);
  client.turn(() => client.core.callClose(row, client.now));
  pair.clock.advance(0.5 * S);
  const port = new ScriptPort(pair.wire, { onFrame: () => {} });
  for (const dst of [ours, other]) {
    const options = [{ kind: 'mss', value: 1460 }] as const;
    const segment = {
      seq: 1,
      ack: 0,
      flags: 2,
      reserved: 0,
      window: 1000,
      urgent: 0,
      text: NONE,
      options: [...options],
    };
    const head = {
      srcMac: port.mac,
      dstMac: server.link.mac,
      src: '20.0.0.1',
      dst,
      sport: 9,
      dport: 80,
      tos: 0,
      ttl: 64,
    };
    port.send(encodeFrame({ ...head, segment }));
  }
  pair.clock.advance(0.1 * S);
  expect([server.core.halfOpens, server.core.timeWaits]).toEqual([2, 1]);
  server.turn(() => server.core.handleAddressGone(parseAddress(ours), server.now));
  expect([server.core.halfOpens, server.core.timeWaits]).toEqual([1, 0]);
  const { outSegs } = server.core.counters;
  pair.clock.advance(10 * S);
  expect(server.core.counters.outSegs - outSegs).toBe(3); // the other one's SYN,ACK, after 1, 3 and 7 s
  server.invariants.check();
});

// A SYN flood from addresses that do not exist, while honest clients connect.
import { expect, test } from 'vitest';
import { ScriptPort, SeededRng } from '../../src/link/sim.ts';
import { parseAddress } from '../../src/wire/address-text.ts';
import { encodeFrame } from '../conformance/script/frame.ts';
import { CASE, Pair } from '../property/pair/run.ts';

const SYNS = 100_000;
const BACKLOG = 128;
const CLIENTS = 50;
/** µs between bursts of the flood, and how many SYNs are in one. */
const PAUSE = 10_000;
const BURST = 200;
const NONE = new Uint8Array(0);

test('100,000 SYNs against a backlog of 128: each honest client gets in, nothing grows, nobody is reset [RFC 4987 §3] [RFC 4987 §3.6]', () => {
  const pair = new Pair(CASE, { record: false, maxConnections: 256, checkEvery: 500 });
  const [a, b] = pair.hosts;
  // What the server sends to the addresses that do not exist ends here.
  let resets = 0;
  const flooder = new ScriptPort(pair.wire, {
    onFrame: (frame) => {
      if (frame[12] === 8 && frame[13] === 0 && frame[23] === 6 && frame[47]! & 4) resets++;
    },
  });
  pair.warm();
  b.core.ip.addRoute(parseAddress('0.0.0.0'), 96, parseAddress(pair.addresses[0]), 0);
  b.listen(80, BACKLOG);
  const accepted: number[] = [];
  b.accept = (row) => {
    accepted.push(row);
    b.core.callAccepted(row);
    return { event: () => {} };
  };
  const rng = new SeededRng(5);
  const segment = { ack: 0, flags: 2, reserved: 0, window: 1000, urgent: 0, text: NONE };
  const syn = (): Uint8Array =>
    encodeFrame({
      srcMac: flooder.mac,
      dstMac: b.link.mac,
      src: `${20 + rng.below(100)}.${rng.below(256)}.${rng.below(256)}.${1 + rng.below(254)}`,
      dst: pair.addresses[1],
      sport: 1024 + rng.below(60_000),
      dport: 80,
      tos: 0,
      ttl: 64,
      segment: { ...segment, seq: rng.u32() | 0, options: [{ kind: 'mss', value: 1460 }] },
    });
  const clients: number[] = [];
  let most = 0;
  for (let sent = 0; sent < SYNS; sent += BURST) {
    for (let n = 0; n < BURST; n++) flooder.send(syn());
    if (sent % (SYNS / CLIENTS) === 0) clients.push(a.connect(pair.addresses[1], 80, {}, 5000 + clients.length));
    pair.clock.advance(PAUSE);
    most = Math.max(most, b.core.halfOpens);
  }
  pair.clock.advance(3e6);
  const { counters } = b.core;
  expect([clients.length, accepted.length, b.core.connections]).toEqual([CLIENTS, CLIENTS, CLIENTS]);
  const whole = { state: 'ESTABLISHED', timestamps: true, sack: true, sndScale: 5, rcvScale: 5 };
  for (const row of clients) expect(a.core.info(row)).toMatchObject(whole);
  for (const row of accepted) expect(b.core.info(row)).toMatchObject(whole);
  expect([counters.outRsts, resets, most]).toEqual([0, 0, BACKLOG]);
  expect(counters.synCookiesReceived).toBeGreaterThan(CLIENTS / 2);
  expect(counters.synCookiesSent + counters.listenOverflows).toBeGreaterThan(SYNS - 10 * BACKLOG);
  // Cookies wait until the first SYN,ACK goes unanswered: the flood's first second is dropped, and who came then comes again.
  expect(counters.listenOverflows).toBeLessThan(SYNS / 4);
  expect(b.t.rows.used).toBe(CLIENTS + 1);
  b.invariants.check();
  pair.clock.advance(200e6);
  expect([b.core.halfOpens, b.core.connections]).toEqual([0, CLIENTS]);
});

// Peers that take text and never acknowledge it hold records of what was sent. They must not take those of everybody else.
import { expect, test } from 'vitest';
import { EV_DATA } from '../../src/core/events.ts';
import { CASE, Pair } from '../property/pair/run.ts';

const SILENT = 5;
/** With those of all silent clients more segments than the pool has records. */
const OCTETS = 14_480;
const MIB = 1 << 20;
const one = new Uint8Array(1);
const chunk = new Uint8Array(16_384);
type Row = number;

/** A server whose records are short, for five clients have been sent single octets and nothing of theirs arrives any more. */
function besieged() {
  const pair = new Pair(
    { ...CASE, tcp: [{ noDelay: true }, {}] },
    { checkEvery: 0, record: false, maxConnections: 4096, arenaBytes: 64 << 20 },
  );
  const [server, client] = pair.hosts;
  pair.warm();
  server.listen(80);
  const rows: Row[] = [];
  server.accept = (row) => {
    rows.push(row);
    server.core.callAccepted(row);
    return { event() {} };
  };
  pair.wire.impair({ delay: 1000 });
  for (let n = 0; n <= SILENT; n++) {
    const row = client.connect(pair.addresses[0], 80, {}, 5001 + n);
    const event = (type: number, _region: number, _offset: number, length: number): void => {
      if (type === EV_DATA) client.core.callConsumed(row, length, client.now);
    };
    client.listeners.set(row, { event });
    pair.clock.advance(50_000);
  }
  const [answering, ...silent] = rows;
  const port = (frame: Uint8Array): number => (frame[34]! << 8) | frame[35]!;
  pair.wire.hook = (frame, from) => (from === 1 && frame[23] === 6 && port(frame) > 5001 ? 'drop' : 'pass');
  for (let n = 0; n < OCTETS; n++)
    for (const row of silent) server.turn(() => server.core.callSend(row, one, 0, 1, server.now));
  expect(server.t.records.isShort).toBe(true);
  return { pair, server, answering: answering!, silent };
}

/** ms until all of it was acknowledged, or a minute. */
function timeOf(size: number, { pair, server, answering }: ReturnType<typeof besieged>): number {
  const end = server.tcb(answering).bytesOut + size;
  let left = size;
  for (let ms = 0; ms < 60_000; ms += 10) {
    server.turn(() => {
      while (left > 0) {
        const taken = server.core.callSend(answering, chunk, 0, Math.min(left, chunk.length), server.now);
        if (taken <= 0) return;
        left -= taken;
      }
    });
    pair.clock.advance(10_000);
    if (server.tcb(answering).bytesOut >= end) return ms;
  }
  return 60_000;
}

test('five clients that never acknowledge single octets do not keep a sixth from being sent to', () => {
  const { pair, server, answering, silent } = besieged();
  expect(timeOf(MIB, { pair, server, answering, silent })).toBeLessThan(1000);
  expect(server.core.counters.noMemory).toBe(0);

  // What was made one record is sent again as any other, once the others are heard.
  pair.wire.hook = undefined;
  pair.clock.advance(120_000_000);
  for (const row of silent) expect(server.tcb(row).bytesOut).toBe(OCTETS);
  expect(server.t.records.count).toBe(0);
});

test('nor from being sent again to what it lost', () => {
  const siege = besieged();
  siege.pair.wire.impair({ delay: 10_000, rate: 1e8, loss: 0.02 });
  expect(timeOf(4 * MIB, siege)).toBeLessThan(8500);
});

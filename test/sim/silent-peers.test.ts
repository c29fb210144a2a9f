// Peers that take text and never acknowledge it hold records of what was sent. They must not take those of everybody else.
import { expect, test } from 'vitest';
import { CASE, Pair } from '../property/pair/run.ts';

const SILENT = 5;
/** More segments than the pool has records. */
const OCTETS = 14_480;
const one = new Uint8Array(1);

test('five clients that never acknowledge single octets do not keep a sixth from being sent to', () => {
  const pair = new Pair(
    { ...CASE, tcp: [{ noDelay: true }, {}] },
    { checkEvery: 0, record: false, maxConnections: 4096, arenaBytes: 64 << 20 },
  );
  const [server, client] = pair.hosts;
  pair.warm();
  server.listen(80);
  const rows: number[] = [];
  server.accept = (row) => {
    rows.push(row);
    server.core.callAccepted(row);
    return { event() {} };
  };
  pair.wire.impair({ delay: 1000 });
  for (let n = 0; n <= SILENT; n++) {
    client.connect(pair.addresses[0], 80, {}, 5001 + n);
    pair.clock.advance(50_000);
  }
  const [answering, ...silent] = rows;
  const port = (frame: Uint8Array): number => (frame[34]! << 8) | frame[35]!;
  pair.wire.hook = (frame, from) => (from === 1 && frame[23] === 6 && port(frame) > 5001 ? 'drop' : 'pass');
  for (let n = 0; n < OCTETS; n++)
    for (const row of silent) server.turn(() => server.core.callSend(row, one, 0, 1, server.now));
  expect(server.t.records.isShort).toBe(true);

  const before = server.tcb(answering!).bytesOut;
  server.turn(() => server.core.callSend(answering!, new Uint8Array(50_000), 0, 50_000, server.now));
  pair.clock.advance(2_000_000);
  expect(server.tcb(answering!).bytesOut - before).toBe(50_000);
  expect(server.core.counters.noMemory).toBe(0);

  // What was made one record is sent again as any other, once the others are heard.
  pair.wire.hook = undefined;
  pair.clock.advance(120_000_000);
  for (const row of silent) expect(server.tcb(row).bytesOut).toBe(OCTETS);
  expect(server.t.records.count).toBe(0);
});

import { expect, test } from 'vitest';
import { readCapture } from '../../../src/capture/capture-reader.ts';
import type { Conn } from '../../../src/shell/conn.ts';
import { World } from '../../../src/sim.ts';

test('a capture says which packet took our end from which state to which', async () => {
  const blocks: Uint8Array[] = [];
  const w = new World();
  const a = w.host('10.0.0.1/24', { capture: { write: (block) => blocks.push(block) } });
  const b = w.host('10.0.0.2/24');
  b.serve(80, {});
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  await w.settle(conn.end('hello'));
  await w.run(100);
  await w.close();
  const comments = [...readCapture(Buffer.concat(blocks))]
    .flatMap((packet) => packet.comments)
    .flatMap((text) => text.split('\n'));
  expect(comments).toEqual([
    'CLOSED → SYN_SENT (activeOpen)',
    'SYN_SENT → ESTABLISHED (rcvSynAck)',
    'ESTABLISHED → FIN_WAIT_1 (close)',
    'FIN_WAIT_1 → FIN_WAIT_2 (rcvAckOfFin)',
    'FIN_WAIT_2 → TIME_WAIT (rcvFin)',
  ]);
});

test('a capture says why segments were sent: retransmissions, probes, delayed ACKs', async () => {
  const blocks: Uint8Array[] = [];
  const w = new World();
  const a = w.host('10.0.0.1/24', { capture: { write: (block) => blocks.push(block) } });
  const b = w.host('10.0.0.2/24');
  const peers: Conn[] = [];
  b.serve(80, { open: (conn) => void peers.push(conn) });
  const conn = await w.settle(a.open({ host: '10.0.0.2', port: 80 }));
  await w.run(10);
  peers[0]!.write('x'); // answered by nobody: the ACK waits for its timer
  await w.run(500);
  w.impair(a, { loss: 1 });
  await conn.write('lost');
  await w.run(1000);
  w.impair(a, { loss: 0 });
  await w.run(5000);
  peers[0]!.pause();
  void conn.write(new Uint8Array(1 << 20)).catch(() => {});
  await w.run(5000);
  conn.setKeepAlive(true, 1000, 1000, 3);
  peers[0]!.resume();
  await w.run(5000);
  await w.close();
  const reasons = new Set(
    [...readCapture(Buffer.concat(blocks))].flatMap(({ comments }) => comments.join('\n').split('\n')),
  );
  for (const why of ['delayed ACK timer', 'retransmission timeout', 'zero window probe', 'keep-alive probe']) {
    expect(reasons).toContain(why);
  }
});

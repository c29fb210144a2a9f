import { expect, test } from 'vitest';
import { readCapture } from '../../../src/capture/capture-reader.ts';
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

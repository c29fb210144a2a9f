// Copies that are joined of several pieces, where promises run between two events of a burst.
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Socket } from '../../../src/shell/socket.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';

let w: World;
let a: Stack;
let b: Stack;
beforeEach(() => {
  w = new World({ impair: { delay: 1000 } });
  a = w.host('10.0.0.1/24');
  b = w.host('10.0.0.2/24');
});
afterEach(() => w.close());

/** A socket of a's, and b's end of it. */
async function pair(port: number): Promise<[Socket, Conn]> {
  const accepted = new Promise<Conn>((resolve) => b.serve(port, { open: resolve, end: () => {} }));
  const socket = a.connect({ host: '10.0.0.2', port });
  await w.settle(once(socket, 'connect'));
  return [socket, await w.settle(accepted)];
}

/** Everything that it reads. */
function reader(socket: Socket): () => string {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  return () => text;
}

/** Runs `act` at the first opportunity that the next burst with several pieces of text gives. */
function between(act: () => void): void {
  let bursts = 0;
  a.between(() => {
    if (++bursts === 1) act();
  });
}

test('a socket that is destroyed then leaves nothing to another one', async () => {
  const [[one, peerOfOne], [other, peerOfOther]] = [await pair(80), await pair(81)];
  const text = reader(other);
  between(() => one.destroy());
  peerOfOne.write(Buffer.alloc(4000, '1'));
  await w.run(10);
  peerOfOther.write('for the other');
  await w.run(10);
  expect([one.destroyed, text()]).toEqual([true, 'for the other']);
});

test('what another connection could not send at once goes out as it was written', async () => {
  const [one, peerOfOne] = await pair(80);
  const other = a.dial({ host: '10.0.0.2', port: 81 }, {});
  let [bytes, wrong] = [0, 0];
  b.serve(81, {
    data: (_conn, chunk) => {
      bytes += chunk.length;
      wrong += chunk.filter((byte) => byte !== 111).length;
    },
  });
  await w.run(10);
  const text = reader(one);
  between(() => other.write(Buffer.alloc(8 << 20, 'o')));
  peerOfOne.write(Buffer.alloc(4000, '1'));
  await w.run(2000);
  expect([bytes, wrong, text()]).toEqual([8 << 20, 0, '1'.repeat(4000)]);
});

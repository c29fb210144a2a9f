// Memory for received bytes: it comes back when the collector drops it, and not before.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Native } from '../../../src/link/native.ts';

const path = fileURLToPath(new URL('../../../build/Release/usertcp.node', import.meta.url));
const addon = existsSync(path) ? (createRequire(import.meta.url)(path) as Native) : undefined;
if (addon === undefined) console.log(`skipped: ${path} is not built (npm run build)`);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const BLOCK = 1 << 20;

/** Until finalizers have run. */
async function collected(): Promise<void> {
  collect();
  for (let i = 0; i < 20; i++) await turn();
}

/** V8's count when nothing more comes back. */
async function settled(): Promise<number> {
  for (let last = -1, same = 0; ; ) {
    await collected();
    await sleep(5); // memory is freed on another thread
    const external = new addon!.BlockPool(0).trim();
    same = external === last ? same + 1 : 0;
    if (same === 5) return external;
    last = external;
  }
}

describe.skipIf(addon?.BlockPool === undefined)('a pool of blocks', () => {
  const { BlockPool, release } = (addon ?? {}) as Native;

  test('gives the memory of a block that was dropped to whoever asks next', async () => {
    const pool = new BlockPool(256);
    // Marked, and nothing kept of them.
    (() => {
      for (let i = 0; i < 8; i++) new Uint8Array(pool.take()!).fill(0xa0 + i);
    })();
    await settled();
    const marks = Array.from({ length: 8 }, () => new Uint8Array(pool.take()!)[BLOCK - 1]);
    expect(marks.toSorted()).toEqual([0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7]);
  });

  test('leaves a block alone as long as any view of it lives', async () => {
    const pool = new BlockPool(256);
    const kept = (() => new Uint8Array(pool.take()!).fill(7).subarray(100, 200).subarray(50))();
    await settled();
    for (let i = 0; i < 70; i++) new Uint8Array(pool.take()!).fill(9);
    expect(kept).toEqual(new Uint8Array(50).fill(7));
  });

  test.each([0, 256])("V8's count of bytes is right again at the end (%i blocks)", async (most) => {
    const before = await settled();
    let outlives = await (async () => {
      const pool = new BlockPool(most);
      for (let round = 0; round < 5; round++) {
        for (let i = 0; i < 100; i++) pool.take();
        await collected();
      }
      pool.trim();
      return pool.take();
    })();
    await settled();
    expect(outlives?.byteLength).toBe(BLOCK);
    outlives = undefined;
    expect(Math.abs((await settled()) - before)).toBeLessThan(BLOCK);
  });

  test('memory that nobody else has is free at once; a part of something larger stays', () => {
    const own = Buffer.from(new ArrayBuffer(1000));
    const part = Buffer.from(new ArrayBuffer(1000), 0, 999);
    release([own, part]);
    expect([own.length, own.buffer.byteLength, part.length]).toEqual([0, 0, 999]);
  });
});

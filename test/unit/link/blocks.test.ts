// Memory for received bytes: it comes back when the collector drops it, and not before.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import type { Native } from '../../../src/link/native.ts';

const path = fileURLToPath(new URL('../../../build/Release/usertcp.node', import.meta.url));
const addon = existsSync(path) ? (createRequire(import.meta.url)(path) as Native) : undefined;
if (addon === undefined) console.log(`skipped: ${path} is not built (npm run build)`);
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const BLOCK = 1 << 20;

/** A collection, and time for its finalizers: V8 frees memory on a thread of its own. */
async function collected(): Promise<void> {
  collect();
  for (let i = 0; i < 20; i++) await turn();
  await sleep(5);
}

describe.skipIf(addon?.BlockPool === undefined)('a pool of blocks', () => {
  const { BlockPool, release } = (addon ?? {}) as Native;

  test('gives the memory of a block that was dropped to whoever asks next', async () => {
    const pool = new BlockPool();
    const MARK = 0xa7;
    // Fresh blocks are zero, so a mark at the end of one says that it was here before.
    await vi.waitFor(async () => {
      (() => void new Uint8Array(pool.take()!).fill(MARK))();
      await collected();
      expect(new Uint8Array(pool.take()!)[BLOCK - 1]).toBe(MARK);
    }, 15_000);
  });

  test('leaves a block alone as long as any view of it lives', async () => {
    const pool = new BlockPool();
    const kept = (() => new Uint8Array(pool.take()!).fill(7).subarray(100, 200).subarray(50))();
    await collected();
    for (let i = 0; i < 70; i++) new Uint8Array(pool.take()!).fill(9);
    expect(kept).toEqual(new Uint8Array(50).fill(7));
  });

  test('what comes back after a trim goes to the system', async () => {
    const pool = new BlockPool();
    const before = process.memoryUsage.rss();
    let blocks: unknown[] | undefined = Array.from({ length: 40 }, () => new Uint8Array(pool.take()!).fill(1));
    expect(blocks).toHaveLength(40);
    pool.trim();
    blocks = undefined;
    await vi.waitFor(async () => {
      await collected();
      expect(process.memoryUsage.rss() - before).toBeLessThan(20 * BLOCK);
    }, 15_000);
    expect(pool.take()).toHaveProperty('byteLength', BLOCK);
  });

  test('memory that nobody else has is free at once; a part of something larger stays', () => {
    const own = Buffer.from(new ArrayBuffer(1000));
    const part = Buffer.from(new ArrayBuffer(1000), 0, 999);
    release([own, part]);
    expect([own.length, own.buffer.byteLength, part.length]).toEqual([0, 0, 999]);
  });
});

const built = new URL('../../../dist/link/blocks.js', import.meta.url);

// Node frees what an addon gave it when its worker ends, and the memory may have moved to another thread by then.
test.skipIf(addon === undefined || !existsSync(built))(
  'workers have memory of V8, which lives as long as its reader',
  async () => {
    const { nativeBlocks } = (await import(built.href)) as typeof import('../../../src/link/blocks.ts');
    expect(nativeBlocks()?.take()?.byteLength).toBe(BLOCK);
    const worker = new Worker(
      `import('${built.href}').then((m) => require('node:worker_threads').parentPort.postMessage(typeof m.nativeBlocks()?.take()))`,
      { eval: true },
    );
    const [said] = await once(worker, 'message');
    expect(said).toBe('undefined');
  },
);

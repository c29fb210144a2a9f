import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { captureTo, openCapture } from '../../../src/shell/capture-file.ts';
import { createStack } from '../../../src/stack.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usertcp-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('close resolves when everything is on disk', async () => {
  const file = join(folder, 'a.pcapng');
  const capture = openCapture({ file, snaplen: 96 });
  for (let n = 0; n < 100; n++) capture.write(new Uint8Array(1000).fill(n));
  await capture.close();
  const bytes = readFileSync(file);
  expect([capture.snaplen, bytes.length, bytes[0], bytes.at(-1)]).toEqual([96, 100_000, 0, 99]);
});

test('a path alone keeps whole packets', async () => {
  const capture = openCapture(join(folder, 'b.pcapng'));
  expect(capture.snaplen).toBe(0);
  await capture.close();
});

test('a sink gets the bytes, and its end', async () => {
  const seen: unknown[] = [];
  const capture = openCapture({ write: (bytes) => void seen.push([...bytes]), end: () => void seen.push('end') });
  capture.write(Uint8Array.of(1, 2));
  await capture.close();
  expect(seen).toEqual([[1, 2], 'end']);
  await expect(openCapture({ write: () => {} }).close()).resolves.toBeUndefined();
});

test('a file that cannot be made is refused at once, by name', async () => {
  const file = join(folder, 'no', 'such', 'folder');
  expect(() => openCapture({ file })).toThrow(/^option capture: .*folder' is not valid; .* can be written. ENOENT/);
  await expect(createStack({ capture: file })).rejects.toThrow('option capture');
});

test.skipIf(!existsSync('/dev/full'))('a disk that is full cuts the capture short, with a warning', async () => {
  const warned = once(process, 'warning');
  const capture = openCapture('/dev/full');
  capture.write(new Uint8Array(100));
  expect((await warned)[0]).toMatchObject({ code: 'USERTCP_CAPTURE', message: expect.stringContaining('ENOSPC') });
  capture.write(new Uint8Array(100));
  await expect(capture.close()).rejects.toMatchObject({ code: 'ENOSPC' });
});

test('a disk that does not keep up costs packets, not memory; what came before and afterwards is whole', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  let written = 0;
  let go: (() => void) | undefined;
  const disk = new Writable({
    write(block: Uint8Array, _encoding, done) {
      written += block.length;
      if (go === undefined) go = done;
      else done();
    },
  });
  const capture = captureTo(disk, 'slow.pcapng');
  const packet = new Uint8Array(1 << 20);
  for (let n = 0; n < 200; n++) capture.write(packet);
  expect(disk.writableLength).toBe(64 << 20);
  expect(warned.mock.calls).toEqual([
    [expect.stringMatching(/slow\.pcapng is written too slowly/), { code: 'USERTCP_CAPTURE' }],
  ]);
  go!();
  await vi.waitUntil(() => disk.writableLength === 0);
  capture.write(packet);
  await capture.close();
  expect([written, warned.mock.lastCall?.[0]]).toEqual([65 << 20, expect.stringMatching(/lacks 136 packets/)]);
  warned.mockRestore();
});

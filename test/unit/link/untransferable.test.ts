// Memory that handlers see views of stays the stack's: whoever transfers it would take every connection along.
import { expect, test } from 'vitest';
import { FrameReceiver } from '../../../src/link/sim/frame-receiver.ts';
import { HeapMemory } from '../../../src/shell/memory.ts';

test.each([
  ['a region of the core', () => new HeapMemory().region('arena', 64)],
  ['receive memory of a simulated link', () => new FrameReceiver(64, false).memory.buffer as ArrayBuffer],
])('%s cannot be transferred away', (_name, make) => {
  const buffer = make();
  try {
    structuredClone(buffer, { transfer: [buffer] });
  } catch (error) {
    // Node 20 copies instead.
    expect(error).toMatchObject({ name: 'DataCloneError' });
  }
  expect(buffer.byteLength).toBe(64);
});

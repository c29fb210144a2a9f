/** A server that is the kernel's alone: counted while it listens. */
import type { NetCounts } from './counts.ts';

interface Closable {
  close(done?: () => void): void;
}

export function countKernelServer(handle: Closable | null, counts: NetCounts): void {
  if (handle === null) return; // it could not listen
  counts.kernelListening++;
  const { close } = handle;
  handle.close = function (...args) {
    counts.kernelListening--;
    handle.close = close;
    return close.apply(this, args);
  };
}

/** Memory of the addon for what is received, where there is an addon (ADR 45). */
import { isMainThread } from 'node:worker_threads';
import { native } from './native.ts';

/** When none was asked for in this time, the blocks that wait, and those that come back, are given back to the system. */
const IDLE_MS = 10_000;

export class NativeBlocks {
  readonly #pool = new (native().BlockPool)();
  #taken = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Not in a worker: what ArrayBuffer.prototype.transfer() moved on and postMessage() took to another thread is freed with
   * the worker all the same, because Node calls the finalizers of an addon then. V8's own memory lives as long as its reader.
   */
  take(): ArrayBuffer | undefined {
    if (!isMainThread) return undefined;
    this.#taken = true;
    this.#timer ??= setTimeout(this.#trim, IDLE_MS).unref();
    return this.#pool.take();
  }

  release(chunks: readonly Uint8Array[]): void {
    native().release(chunks);
  }

  readonly #trim = (): void => {
    this.#timer = this.#taken ? setTimeout(this.#trim, IDLE_MS).unref() : undefined;
    if (!this.#taken) this.#pool.trim();
    this.#taken = false;
  };
}

/** undefined: V8's own memory will have to do. */
export function nativeBlocks(): NativeBlocks | undefined {
  try {
    return new NativeBlocks();
  } catch {
    return undefined;
  }
}

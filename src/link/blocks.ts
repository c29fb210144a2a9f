/** Memory of the addon for what is received, where there is an addon (ADR 45). */
import { native } from './native.ts';

const BLOCK = 1 << 20;
/** Blocks that V8's count may be too low by, at most. */
const MOST = 256;
/** Blocks that wait are given back when none was asked for in this time. */
const IDLE_MS = 10_000;

export class NativeBlocks {
  readonly #pool;
  #taken = false;
  #timer: NodeJS.Timeout | undefined;

  /** `slack`: bytes that V8 counts although they are not in use; its count is too low by no more than these. */
  constructor(slack: number) {
    this.#pool = new (native().BlockPool)(Math.min(MOST, Math.floor(slack / BLOCK)));
  }

  take(): ArrayBuffer | undefined {
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
export function nativeBlocks(slack: number): NativeBlocks | undefined {
  try {
    return new NativeBlocks(slack);
  } catch {
    return undefined;
  }
}

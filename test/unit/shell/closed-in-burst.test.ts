// A stack that is closed while it handles a burst, where promises run between two events: the addon takes its memory back when it is over.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NativeDevice } from '../../../src/link/afpacket.ts';
import { End } from '../../../src/link/crossover.ts';
import { use } from '../../../src/net.ts';
import type { StackOptions } from '../../../src/shell/options/stack-options.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { createLoopbackStack, createStack } from '../../../src/stack.ts';

/** As the addon, it detaches the memory of what it received at once; that of the cable cannot be. */
class DetachingEnd extends End {
  readonly #lent: ArrayBuffer;
  readonly #fill: () => void;

  constructor(number: number) {
    super(number);
    const received = new Uint8Array(this.rxMemory);
    this.#lent = new ArrayBuffer(received.length);
    Object.assign(this, { rxMemory: this.#lent });
    this.#fill = () => new Uint8Array(this.#lent).set(received);
  }

  override start(onBurst: (n: number) => void): void {
    super.start((n) => {
      this.#fill();
      onBurst(n);
    });
  }

  override close(): Promise<void> {
    structuredClone(this.#lent, { transfer: [this.#lent] });
    return super.close();
  }
}

let ends: DetachingEnd[];
let stacks: Stack[];
beforeEach(() => {
  ends = [new DetachingEnd(1), new DetachingEnd(2)];
  ends[0]!.peer = ends[1]!;
  ends[1]!.peer = ends[0]!;
  stacks = [];
});
afterEach(() => Promise.all(stacks.map((stack) => stack.close({ timeout: 0 }))));

async function host(number: 1 | 2, options: StackOptions = {}): Promise<Stack> {
  const links = [new NativeDevice(ends[number - 1]!, {})];
  const stack = await createStack({ links, addresses: [`10.0.0.${number}/24`], ...options });
  stacks.push(stack);
  return stack;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Carries what is sent until nobody sends, with a turn of the loop before each burst. */
async function carry(): Promise<void> {
  for (let quiet = 0; quiet < 4; ) {
    await turn();
    quiet = ends[0]!.deliver() || ends[1]!.deliver() ? 0 : quiet + 1;
  }
}

/** From the event loop, as the addon: only then can promises run within the burst. */
function deliver(to: End): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        to.deliver();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

test('by who awaits the first connection of the burst: the second one is reset, and nothing throws', async () => {
  const [a, b] = [await host(1), await host(2)];
  use(b);
  const seen: string[] = [];
  b.serve(80, {
    data: (_conn, chunk) => void seen.push(`text ${chunk}`),
    close: (_conn, error) => void seen.push(`close ${error}`),
  });
  const listener = b.listen(81);
  const opening = [81, 80].map((port) => a.open({ host: '10.0.0.2', port }));
  const accepting = listener.accept();
  await carry();
  const [first, second] = await Promise.all(opening);
  const read = (await accepting)!.read().then((text) => {
    seen.push(`read ${text}`);
    return b.close({ timeout: 0 });
  });
  await Promise.all([first!.write('one'), second!.write('two')]);
  await deliver(ends[1]!);
  await read;
  expect(seen).toEqual(['read one', 'close null']);
});

test('with a capture: the last packets of the burst are in it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usertcp-'));
  try {
    const file = join(folder, 'a.pcapng');
    const [a, b] = [await host(1), await host(2, { capture: file })];
    use(b);
    const listener = b.listen(81);
    const opening = a.open({ host: '10.0.0.2', port: 81 });
    const accepting = listener.accept();
    await carry();
    const conn = await opening;
    const read = (await accepting)!.read().then(() => b.close({ timeout: 0 }));
    await conn.write('the last words');
    await deliver(ends[1]!);
    await read;
    expect(readFileSync(file).includes('the last words')).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('with a capture and without a device: the file is whole, and close() resolves', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usertcp-'));
  try {
    const file = join(folder, 'a.pcapng');
    const stack = createLoopbackStack({ capture: file });
    use(stack);
    const listener = stack.listen(81);
    const accepting = listener.accept();
    const conn = await stack.open({ host: '127.0.0.1', port: 81 });
    const read = (await accepting)!.read().then(() => stack.close({ timeout: 0 }));
    await conn.write('the last words');
    await read;
    expect(readFileSync(file).includes('the last words')).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

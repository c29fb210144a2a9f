// `workers: 'shard'`: worker threads of an unchanged program join the main thread's stack, each when it first uses the network (ADR 49).
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addresses,
  capability,
  has,
  Lab,
  type Message,
  notBuilt,
  Plain,
  type Program,
  REGISTER,
} from './harness/index.ts';

const skip = !capability().ok || notBuilt() !== undefined || !has('nft');
const path = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const { kernel, stack } = addresses;
const at = (port: number) => ({ host: stack.v4, port });

type Tally = Readonly<Record<string, number>>;
const sum = (tally: Tally): number => Object.values(tally).reduce((a, b) => a + b, 0);

class Talk {
  readonly program: Program;
  #calls = 0;

  constructor(program: Program) {
    this.program = program;
  }

  async call<T = unknown>(call: string, args: Message = {}): Promise<T> {
    const id = ++this.#calls;
    this.program.send({ id, call, ...args });
    const answer = await this.program.next((m) => m.id === id, 20_000);
    if (answer.error !== undefined) throw new Error(`${call}: ${String(answer.error)}`);
    return answer.value as T;
  }
}

describe.skipIf(skip)('workers that join', () => {
  let lab: Lab;
  let crew: Talk;
  let asker: Talk;
  let before: ReturnType<typeof left>;

  beforeEach(async () => {
    lab = await Lab.create({ offloads: true });
    before = left();
    crew = new Talk(
      lab.stack.start([process.execPath, '--import', REGISTER, path('crew.mjs')], {
        USERTCP_DEVICE: lab.device,
        USERTCP_ADDRESSES: `${stack.v4}/24`,
        USERTCP_FALLBACK: 'error',
        USERTCP_WORKERS: 'shard',
      }),
    );
    asker = new Talk(lab.kernel.node(path('asker.mjs')));
    await Promise.all([crew.program.ready(), asker.program.ready()]);
  });
  afterEach(() => lab?.close());

  const start = (...names: string[]) =>
    Promise.all(names.map((worker) => crew.call('start', { thread: 'main', worker })));
  const listen = (port: number, ...threads: string[]) =>
    Promise.all(threads.map((thread) => crew.call('listen', { thread, port })));
  const ask = (port: number, many: number) => asker.call<Tally>('ask', { to: at(port), many });

  /** What stacks take from their host. */
  function left(): { rules: string; sockets: number } {
    const sockets = lab.stack.run('cat', '/proc/net/packet').trim().split('\n').length - 1;
    return { rules: lab.stack.run('nft', '-s', 'list', 'ruleset').trim(), sockets };
  }

  test('two serve one port, each its part; a port of one thread is that thread’s alone, wherever the flows hash to', async () => {
    await start('one', 'two');
    await listen(8080, 'one', 'two');
    const shared = await ask(8080, 300);
    expect(Object.keys(shared).toSorted()).toEqual(['one', 'two']);
    expect(Math.min(...Object.values(shared))).toBeGreaterThan(75);
    expect(sum(shared)).toBe(300);
    await listen(8081, 'one');
    await listen(8082, 'main');
    await listen(8083, 'main', 'two');
    expect(await ask(8081, 100)).toEqual({ one: 100 });
    expect(await ask(8082, 100)).toEqual({ main: 100 });
    expect(Object.keys(await ask(8083, 100)).toSorted()).toEqual(['main', 'two']);
    // One that closes leaves the port to the other.
    await crew.call('close', { thread: 'two', port: 8083 });
    expect(await ask(8083, 100)).toEqual({ main: 100 });
    expect(await ask(9, 3)).toEqual({ ECONNREFUSED: 3 });
  });

  test('what a thread opens comes back to it, and takes nothing from the servers of others', async () => {
    const peer = await Plain.on(lab.kernel);
    await peer.call('listen', { name: 'peer', host: kernel.v4, port: 8080 });
    await start('server', 'client', 'other');
    await listen(8080, 'server');
    const url = `http://${kernel.v4}:8080/`;
    const opened = ['client', 'other', 'server', 'main'].map((thread) =>
      crew.call<Tally>('get', { thread, url, many: 40 }),
    );
    for (const tally of await Promise.all(opened)) expect(tally).toEqual({ [`peer ${stack.v4}`]: 40 });
    expect(await ask(8080, 200)).toEqual({ server: 200 });
  });

  test('a worker that never uses the network takes nothing, nor does one that goes to the kernel’s loopback', async () => {
    const alone = left();
    await start('idle', 'local');
    const database = await Plain.on(lab.stack);
    await database.call('listen', { name: 'database', host: '127.0.0.1', port: 5432 });
    const local = await crew.call<Tally>('get', { thread: 'local', url: 'http://127.0.0.1:5432/', many: 3 });
    expect(local).toEqual({ 'database 127.0.0.1': 3 });
    expect(left()).toEqual(alone);
    await listen(8080, 'local');
    expect(left().sockets).toBeGreaterThan(alone.sockets);
    expect(await ask(8080, 40)).toEqual({ local: 40 });
  });

  test('a worker is terminated under load: its connections are lost, no other one is, and nothing is refused', async () => {
    const alone = left();
    await start('one', 'two');
    await listen(8080, 'one', 'two');
    const held = await asker.call<Tally>('hold', { to: at(8080), many: 40 });
    expect(Object.keys(held).toSorted()).toEqual(['one', 'two']);
    await asker.call('begin', { to: at(8080) });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await crew.call('terminate', { thread: 'main', worker: 'one' });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const tally = await asker.call<Tally>('rest');
    // Eight lines asked at a time: only what 'one' had in its hands may be lost.
    const { one = 0, two = 0, ...lost } = tally;
    expect(one).toBeGreaterThan(0);
    expect(two).toBeGreaterThan(one);
    expect(lost).not.toHaveProperty('ECONNREFUSED');
    expect(sum(lost)).toBeLessThanOrEqual(8);
    const again = await asker.call<Tally>('again');
    expect(again['two: two']).toBe(held.two);
    expect(Object.keys(again).filter((key) => key.startsWith('two') || key === 'one: one')).toEqual(['two: two']);
    expect(await ask(8080, 100)).toEqual({ two: 100 });
    // Another one takes its place.
    await start('three');
    await listen(8080, 'three');
    expect(Object.keys(await ask(8080, 200)).toSorted()).toEqual(['three', 'two']);
    await Promise.all(['two', 'three'].map((worker) => crew.call('terminate', { thread: 'main', worker })));
    expect(left()).toEqual(alone);
    expect(await ask(8080, 3)).toEqual({ ECONNREFUSED: 3 });
  });

  test('workers come and go on a port that is served: nothing is refused, and the main thread’s connections stay', async () => {
    await listen(8080, 'main');
    const held = await asker.call<Tally>('hold', { to: at(8080), many: 20 });
    expect(held).toEqual({ main: 20 });
    await asker.call('begin', { to: at(8080) });
    for (let round = 0; round < 4; round++) {
      await start('one', 'two');
      await listen(8080, 'one', 'two');
      await crew.call('close', { thread: 'one', port: 8080 });
      await listen(8080, 'one');
      await Promise.all(['one', 'two'].map((worker) => crew.call('terminate', { thread: 'main', worker })));
      expect(await asker.call<Tally>('again')).toEqual({ 'main: main': 20 });
    }
    const tally = await asker.call<Tally>('rest');
    expect(tally).not.toHaveProperty('ECONNREFUSED');
    expect(tally.main).toBeGreaterThan(0);
  });

  test('a worker that is terminated at any moment of its joining stops nobody', async () => {
    await listen(8080, 'main');
    for (let round = 0; round < 12; round++) {
      await start('one');
      void crew.call('listen', { thread: 'one', port: 8080 }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, round * 12));
      const began = performance.now();
      await crew.call('terminate', { thread: 'main', worker: 'one' });
      expect(await ask(8080, 10)).toEqual({ main: 10 });
      expect(performance.now() - began).toBeLessThan(4000);
    }
  });

  test('a worker of a worker ends with it, and process.exit() leaves no rule and no socket', async () => {
    await start('parent');
    await crew.call('start', { thread: 'parent', worker: 'child' });
    await listen(8080, 'main');
    await crew.call('listen', { thread: 'child', within: 'parent', port: 8080 });
    expect(Object.keys(await ask(8080, 60)).toSorted()).toEqual(['child', 'main']);
    await crew.call('terminate', { thread: 'main', worker: 'parent' });
    expect(await ask(8080, 60)).toEqual({ main: 60 });
    await start('last');
    await listen(8080, 'last');
    crew.program.send({ id: 0, thread: 'main', call: 'exit' });
    expect(await crew.program.exited).toBe(5);
    await expect.poll(left, { timeout: 5000 }).toEqual(before);
  });
});

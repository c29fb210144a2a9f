// What keeps the process alive: links are told when something is opened on a stack, and when nothing is any more.
import type { lookup } from 'node:dns';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimLink, SimWire, VirtualClock } from '../../../src/link/sim.ts';
import type { Conn } from '../../../src/shell/conn.ts';
import type { Socket } from '../../../src/shell/socket.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { World } from '../../../src/sim.ts';
import { createStack } from '../../../src/stack.ts';

/** As a device: it keeps the process alive until somebody says that it does not. */
class Device extends SimLink {
  held = true;
  override ref(): void {
    this.held = true;
  }
  override unref(): void {
    this.held = false;
  }
}

test('a stack with nothing open does not, a server does until it is closed', async () => {
  const link = new Device(new SimWire({ clock: new VirtualClock() }), { name: 'sim0' });
  const stack = await createStack({ link, addresses: ['10.0.0.1/24'] });
  expect(link.held).toBe(false);
  const service = stack.serve(80, {});
  expect(link.held).toBe(true);
  service.close();
  expect(link.held).toBe(false);
  await stack.close({ timeout: 0 });
});

describe('a lookup that never answers', () => {
  const never = (() => {}) as unknown as typeof lookup;
  const name = { host: 'b.test', port: 80, lookup: never };
  let link: Device;
  let stack: Stack;
  beforeEach(async () => {
    link = new Device(new SimWire({ clock: new VirtualClock() }), { name: 'sim0' });
    stack = await createStack({ link, addresses: ['10.0.0.1/24'] });
  });
  afterEach(() => stack.close({ timeout: 0 }));

  test('does until open() is aborted', async () => {
    const control = new AbortController();
    const opened = stack.open({ ...name, signal: control.signal });
    expect(link.held).toBe(true);
    control.abort();
    await expect(opened).rejects.toMatchObject({ name: 'AbortError' });
    expect(link.held).toBe(false);
  });

  test('does not when it is aborted by the lookup itself', async () => {
    const control = new AbortController();
    const aborting = (() => control.abort()) as unknown as typeof lookup;
    const opened = stack.open({ ...name, lookup: aborting, signal: control.signal });
    await expect(opened).rejects.toMatchObject({ name: 'AbortError' });
    expect(link.held).toBe(false);
  });

  test('does until the socket is destroyed', async () => {
    const socket = stack.connect(name);
    expect(link.held).toBe(true);
    const closed = once(socket, 'close');
    socket.destroy();
    expect(link.held).toBe(false);
    await closed;
  });

  test('does not when the stack has closed', async () => {
    const socket = stack.connect(name);
    const opened = stack.open(name);
    const failed = once(socket, 'error');
    await Promise.all([stack.close(), expect(opened).rejects.toMatchObject({ code: 'ERR_USERTCP_CLOSED' }), failed]);
    expect(link.held).toBe(false);
  });
});

describe('an orphan', () => {
  const TEXT = 400_000;
  let w: World;
  let a: Stack;
  let b: Stack;
  let held = false;
  let socket: Socket;
  let reader: Socket;
  let got: number;
  beforeEach(async () => {
    w = new World();
    a = w.host('10.0.0.1/24');
    b = w.host('10.0.0.2/24');
    Object.assign(w.card(a), { ref: () => (held = true), unref: () => (held = false) });
    const accepted = new Promise<Socket>((resolve) => b.createServer(resolve).listen(80));
    socket = a.connect({ host: '10.0.0.2', port: 80 });
    reader = await w.settle(accepted);
    await w.run(10);
    got = 0;
  });
  afterEach(() => w.close());

  const vanish = (): void => w.link(a, b, { loss: 1 });
  const write = (): boolean => socket.write(Buffer.alloc(TEXT));
  const count = (): Socket => reader.on('data', (chunk: Buffer) => (got += chunk.length)).on('error', () => {});

  test('does until all is acknowledged', async () => {
    w.impair(a, { rate: 8_000_000 });
    count();
    write();
    socket.destroy();
    await w.run(200);
    expect([held, got < TEXT]).toEqual([true, true]);
    await w.run(500);
    expect([held, got]).toEqual([false, TEXT]);
  });

  test('does not when its peer has said nothing for some seconds, and goes on', async () => {
    vanish();
    write();
    socket.destroy();
    await w.run(4000);
    expect(held).toBe(true);
    await w.run(16_000);
    expect([held, a.metrics().connections]).toEqual([false, 1]);
    w.link(a, b, { loss: 0 });
    count();
    await w.run(60_000);
    expect([held, got, a.metrics().connections]).toEqual([false, TEXT, 0]);
  });

  test('does again when its peer is back', async () => {
    vanish();
    write();
    socket.destroy();
    await w.run(20_000);
    expect(held).toBe(false);
    w.link(a, b, { loss: 0, rate: 100_000 });
    await w.run(20_000);
    expect([held, a.metrics().connections]).toEqual([true, 1]);
  });

  test('does not when its peer was silent before, not even for a moment', async () => {
    vanish();
    write();
    await w.run(20_000);
    expect(held).toBe(true);
    socket.destroy();
    await w.run(1);
    expect(held).toBe(false);
  });

  test('does not when the peer vanishes behind its closed window', async () => {
    socket.write(Buffer.alloc(8 << 20));
    await w.run(3000);
    expect(socket.info()!.sndWnd).toBe(0);
    vanish();
    socket.destroy();
    await w.run(4000);
    expect(held).toBe(true);
    await w.run(40_000);
    expect([held, a.metrics().connections]).toEqual([false, 1]);
  });

  test('does as long as somebody waits to hear of its end, or of what the peer acknowledges', async () => {
    b.serve(81, {});
    const open = (close?: () => void): Promise<Conn> =>
      new Promise((resolve) => void a.dial({ host: '10.0.0.2', port: 81 }, { open: resolve, ...(close && { close }) }));
    socket.destroy();
    for (const [close, acknowledged] of [
      [() => {}, false],
      [undefined, true],
      [undefined, false],
    ] as const) {
      w.link(a, b, { loss: 0 });
      const conn = await w.settle(open(close));
      await w.run(1000);
      vanish();
      conn.write('x');
      if (acknowledged) conn.acknowledged().catch(() => {});
      conn.close();
      await w.run(20_000);
      expect(held).toBe(close !== undefined || acknowledged);
      conn.abort();
      await w.run(1);
      expect(held).toBe(false);
    }
  });

  test('that its owner lets go of in the meantime is not held when its peer is back', async () => {
    vanish();
    write();
    socket.destroy();
    await w.run(20_000);
    socket.unref();
    w.link(a, b, { loss: 0, rate: 100_000 });
    await w.run(20_000);
    expect([held, a.metrics().connections]).toEqual([false, 1]);
  });

  test('that nobody held is not held when its peer is back', async () => {
    socket.unref();
    vanish();
    write();
    socket.destroy();
    await w.run(20_000);
    w.link(a, b, { loss: 0, rate: 100_000 });
    await w.run(20_000);
    expect([held, a.metrics().connections]).toEqual([false, 1]);
  });
});

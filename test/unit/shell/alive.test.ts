// What keeps the process alive: links are told when something is opened on a stack, and when nothing is any more.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SimLink, SimWire, VirtualClock } from '../../../src/link/sim.ts';
import type { Stack } from '../../../src/shell/stack.ts';
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

let link: Device;
let stack: Stack;
beforeEach(async () => {
  link = new Device(new SimWire({ clock: new VirtualClock() }), { name: 'sim0' });
  stack = await createStack({ link, addresses: ['10.0.0.1/24'] });
});
afterEach(() => stack.close({ timeout: 0 }));

test('a stack with nothing open does not', () => {
  expect(link.held).toBe(false);
});

test('a server does until it is closed', () => {
  const service = stack.serve(80, {});
  expect(link.held).toBe(true);
  service.close();
  expect(link.held).toBe(false);
});

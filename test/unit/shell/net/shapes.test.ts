import { createHook } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import { expect, test, vi } from 'vitest';

test("sockets made for V8 are nobody else's: no handle, no async resource, nothing published", async () => {
  vi.resetModules();
  const heard: unknown[] = [];
  const hear = (message: unknown): number => heard.push(message);
  const hook = createHook({ init: (_id, type) => void (type.includes('WRAP') && heard.push(type)) }).enable();
  for (const name of ['net.client.socket', 'net.server.socket']) diagnostics.subscribe(name, hear);
  try {
    const { meetShapes } = await import('../../../../src/shell/net/shapes.ts');
    meetShapes();
    await new Promise(setImmediate);
  } finally {
    hook.disable();
    for (const name of ['net.client.socket', 'net.server.socket']) diagnostics.unsubscribe(name, hear);
  }
  expect(heard).toEqual([]);
});

import * as net from 'node:net';
import { expect, test } from 'vitest';
import type { Stack } from '../../../src/shell/stack.ts';
import { createStack } from '../../../src/stack.ts';
import { type AnyServer, type AnySocket, type Side, scenarios } from './net-scenarios.ts';

const node: Side = {
  host: '127.0.0.1',
  createServer: (options, onConnection) =>
    net.createServer(options, onConnection as (s: net.Socket) => void) as unknown as AnyServer,
  connect: (options) => net.connect(options) as unknown as AnySocket,
};

function ours(stack: Stack): Side {
  return {
    host: '127.0.0.1',
    createServer: (options, onConnection) =>
      stack.createServer(options, (s) => onConnection(s as unknown as AnySocket)) as unknown as AnyServer,
    connect: (options) => stack.connect(options) as unknown as AnySocket,
  };
}

for (const [name, scenario] of Object.entries(scenarios)) {
  test(`as node:net: ${name}`, async () => {
    const expected = await scenario(node);
    const stack = await createStack();
    try {
      const seen = await scenario(ours(stack));
      expect(seen).toEqual(expected);
    } finally {
      await stack.close({ timeout: 0 });
    }
    expect(stack.metrics().connections).toBe(0);
  });
}

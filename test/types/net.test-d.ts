// usertcp/net and node:net can stand in for each other, as types.
import type net from 'node:net';
import { expectTypeOf, test } from 'vitest';
import * as ours from '../../src/net.ts';

type Shared = 'Socket' | 'Server' | 'createServer' | 'connect' | 'createConnection' | 'isIP' | 'isIPv4' | 'isIPv6';

test('the module', () => {
  expectTypeOf<Pick<typeof ours, Shared>>().toExtend<Pick<typeof net, Shared>>();
  expectTypeOf<Pick<typeof net, Shared>>().toExtend<Pick<typeof ours, Shared>>();
  expectTypeOf<typeof ours.SocketAddress>().toEqualTypeOf<typeof net.SocketAddress>();
  expectTypeOf<typeof ours.BlockList>().toExtend<typeof net.BlockList>();
});

test('sockets and servers, to and from', () => {
  expectTypeOf<InstanceType<typeof ours.Socket>>().toEqualTypeOf<net.Socket>();
  expectTypeOf<InstanceType<typeof ours.Server>>().toEqualTypeOf<net.Server>();
  expectTypeOf(ours.createServer).returns.toEqualTypeOf<net.Server>();
});

test('net of a stack', () => {
  expectTypeOf<ReturnType<typeof ours.use>>().toExtend<
    Pick<typeof net, 'Socket' | 'Server' | 'createServer' | 'connect'>
  >();
});

// Events of our sockets have types, and what is no event of theirs is taken as a Duplex takes it.
import type { Duplex } from 'node:stream';
import { expectTypeOf, test } from 'vitest';
import type { Socket } from '../../src/index.ts';

const socket = null as unknown as Socket;

test('on and once know what an event has', () => {
  const listen = (): void => {
    socket.on('state', (from, to) => expectTypeOf([from, to]).toEqualTypeOf<string[]>());
    socket.once('outOfBand', (octet) => expectTypeOf(octet).toEqualTypeOf<number>());
    socket.on('softError', (error) => expectTypeOf(error).toEqualTypeOf<Error>());
    socket.on('data', (chunk: Buffer) => chunk.length);
    void new Promise((resolve) => socket.once('connect', resolve));
  };
  expectTypeOf(listen).returns.toBeVoid();
});

test('a socket is a Duplex', () => {
  expectTypeOf<Socket>().toExtend<Duplex>();
  expectTypeOf(socket.set).returns.toEqualTypeOf<Socket>();
  expectTypeOf(socket.sendUrgent).parameter(0).toEqualTypeOf<Uint8Array>();
});

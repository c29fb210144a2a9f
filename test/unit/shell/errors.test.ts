// What Node users see. The wording is Node's own: compared with errors that node:net makes.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import * as core from '../../../src/core/events.ts';
import { ESTABLISHED } from '../../../src/core/tcp/figure5.ts';
import {
  abortError,
  errorName,
  inState,
  StackError,
  type SystemError,
  systemError,
} from '../../../src/shell/errors.ts';

test('every result of the core has its name and errno', () => {
  const codes = Object.entries<unknown>(core).filter(
    (entry): entry is [string, number] => /^E[A-Z]+$/.test(entry[0]) && typeof entry[1] === 'number',
  );
  expect(codes.length).toBeGreaterThan(10);
  for (const [name, code] of codes) {
    expect(errorName(code)).toBe(name);
    expect(systemError(code, 'read')).toMatchObject({ code: name, syscall: 'read', message: `read ${name}` });
    expect(systemError(code, 'read').errno).toBeLessThan(0);
  }
});

const shape = ({ message, code, errno, syscall, address, port }: SystemError): object => ({
  message,
  code,
  errno,
  syscall,
  address,
  port,
});

test('connect and listen errors read as those of node:net', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const second = createServer().listen(port, '127.0.0.1');
  const [taken] = (await once(second, 'error')) as [SystemError];
  expect(shape(systemError(core.EADDRINUSE, 'listen', '127.0.0.1', port))).toEqual(shape(taken));
  server.close();
  await once(server, 'close');
  const [refused] = (await once(connect(port, '127.0.0.1'), 'error')) as [SystemError];
  expect(shape(systemError(core.ECONNREFUSED, 'connect', '127.0.0.1', port))).toEqual(shape(refused));
});

test('read and write errors name no peer', () => {
  const error = systemError(core.ECONNRESET, 'read');
  expect(Object.keys(error).sort()).toEqual(['code', 'errno', 'syscall']);
  expect(error.stack).not.toContain('at systemError');
});

test('the RFC 9293 state is there and not enumerable', () => {
  const error = inState(ESTABLISHED, systemError(core.ETIMEDOUT, 'write'));
  expect([error.state, Object.keys(error).includes('state')]).toEqual(['ESTABLISHED', false]);
});

test('an abort has the reason of the signal as its cause', () => {
  const reason = new Error('enough');
  const error = abortError(AbortSignal.abort(reason));
  expect(error).toMatchObject({
    name: 'AbortError',
    code: 'ABORT_ERR',
    message: 'The operation was aborted',
    cause: reason,
  });
});

test('errors of use have a code of their own', () => {
  const error = new StackError('ERR_USERTCP_NFT', 'no', { cause: 1 });
  expect(error).toMatchObject({ name: 'StackError', code: 'ERR_USERTCP_NFT', message: 'no', cause: 1 });
});

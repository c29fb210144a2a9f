// Bad input to usertcp/net: the error class, code and message of node:net on the same Node, whatever it is; what is ours to fix says how.
import { errorMonitor, once } from 'node:events';
import stock from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStack, type Stack } from '../../../../src/index.ts';
import { use } from '../../../../src/net.ts';
import { advise } from '../../../../src/shell/net/advice.ts';
import { failedBind } from '../../../../src/shell/net/bind-error.ts';

type Net = Pick<typeof stock, 'connect' | 'createServer' | 'Socket'>;
type Bad = (net: Net, taken: number) => unknown;
const any = (value: unknown): never => value as never;
const nowhere = ((_name: string, _options: object, done: (error: Error) => void) =>
  process.nextTick(
    done,
    Object.assign(new Error('getaddrinfo ENOTFOUND no.test'), {
      errno: -3008,
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
      hostname: 'no.test',
    }),
  )) as unknown as stock.LookupFunction;

const inputs: Record<string, Bad> = {
  'connect: a port out of range': (net) => net.connect(65_536, '127.0.0.1'),
  'connect: a port that is no number': (net) => net.connect(any({ port: 'eighty', host: '127.0.0.1' })),
  'connect: no port': (net) => net.connect(any({ host: '127.0.0.1' })),
  'connect: a host of the wrong type': (net) => net.connect(any({ port: 80, host: {} })),
  'connect: a local address that is none': (net) => net.connect({ port: 80, host: '127.0.0.1', localAddress: 'here' }),
  'connect: a local address that is not ours': (net) =>
    net.connect({ port: 80, host: '127.0.0.1', localAddress: '192.0.2.7' }),
  'connect: the same, to elsewhere, and a port': (net) =>
    net.connect({ port: 80, host: '192.0.2.1', localAddress: '192.0.2.7', localPort: 5000 }),
  'connect: the same, IPv6': (net) => net.connect({ port: 80, host: '::1', localAddress: '2001:db8::7' }),
  'connect: a local port that is none': (net) => net.connect(any({ port: 80, host: '127.0.0.1', localPort: '80' })),
  'connect: a lookup that is no function': (net) => net.connect(any({ port: 80, host: 'a.test', lookup: 'dns' })),
  'connect: a name that does not resolve': (net) => net.connect({ port: 80, host: 'no.test', lookup: nowhere }),
  'connect: nobody listens': (net) => net.connect(9, '127.0.0.1'),
  'connect: an attempt timeout that is none': (net) =>
    net.connect(any({ port: 80, host: 'a.test', autoSelectFamily: true, autoSelectFamilyAttemptTimeout: -1 })),
  'connect: an aborted signal': (net) => net.connect({ port: 80, host: '127.0.0.1', signal: AbortSignal.abort() }),
  'a socket of the wrong type': (net) => new net.Socket(any({ fd: 'none' })),
  'a signal that is none': (net) => new net.Socket(any({ signal: 'stop' })),
  'listen: a port out of range': (net) => net.createServer().listen(-1, '127.0.0.1'),
  'listen: options without a port': (net) => net.createServer().listen(any({ host: '127.0.0.1' })),
  'listen: an address in use': (net, taken) => net.createServer().listen(taken, '127.0.0.1'),
  'listen: an address that is not ours': (net) => net.createServer().listen(0, '192.0.2.7'),
  'listen: twice': (net) => net.createServer().listen(0, '127.0.0.1').listen(0, '127.0.0.1'),
  'listen: a wrong listener': (net) => net.createServer(any('handler')),
  'write: null': (net) => new net.Socket().write(any(null)),
  'write: a number': (net) => new net.Socket().write(any(5)),
  'setTimeout: a text': (net) => new net.Socket().setTimeout(any('soon')),
  'setTimeout: a wrong callback': (net) => new net.Socket().setTimeout(5, any('soon')),
};

let stack: Stack;
const taken = new Map<Net, number>();
const servers: stock.Server[] = [];
let ours: Net;
beforeAll(async () => {
  stack = await createStack();
  ours = use(stack);
  for (const net of [ours, stock]) {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    taken.set(net, (server.address() as stock.AddressInfo).port);
  }
});
afterAll(async () => {
  for (const server of servers) server.close();
  await stack.close({ timeout: 0 });
});

/** What came of it: thrown, told by 'error', or nothing for a moment. */
async function outcome(net: Net, bad: Bad): Promise<object> {
  let made: unknown;
  const shape = (how: string, error: NodeJS.ErrnoException & { cause?: unknown }): object => ({
    how,
    type: error.constructor.name,
    name: error.name,
    code: error.code,
    errno: error.errno,
    syscall: error.syscall,
    message: error.message.replaceAll(String(taken.get(net)), 'PORT').replace(/\. usertcp: .*/, ''),
    fields: Object.keys(error).sort(),
  });
  try {
    made = bad(net, taken.get(net)!);
  } catch (error) {
    return shape('thrown', error as Error);
  }
  if (!(made instanceof stock.Socket || made instanceof stock.Server)) return { how: 'returned' };
  const late = new Promise<object>((resolve) => setTimeout(resolve, 500, { how: 'nothing' }));
  const told = once(made, 'error').then(([error]) => shape('told', error as Error));
  const [result] = [await Promise.race([told, late])];
  if (made instanceof stock.Socket) made.destroy();
  else made.close();
  return result;
}

test.each(Object.entries(inputs))('%s', async (_name, bad) => {
  expect(await outcome(ours, bad)).toEqual(await outcome(stock, bad));
});

/** What libuv answers EINVAL to, and nobody looks at the answer. */
test.each([3e9, -1000, 5e12])(
  'a keep-alive delay of %d ms: the connection opens, as over the kernel',
  async (delay) => {
    const keep = { keepAlive: true, keepAliveInitialDelay: delay };
    for (const net of [stock, ours]) {
      const server = net.createServer(keep, (socket) => socket.end('hello')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const socket = net.connect({ port: (server.address() as stock.AddressInfo).port, host: '127.0.0.1', ...keep });
      socket.once('connect', () => socket.setKeepAlive(true, delay - 5000));
      let text = '';
      for await (const chunk of socket) text += chunk;
      expect(text).toBe('hello');
      await once(server.close(), 'close');
    }
  },
);

test('what the stack lacks says what to do', async () => {
  const refused = await once(ours.connect(80, '192.0.2.1'), 'error');
  expect(refused[0].message).toMatch(/^connect ENETUNREACH 192.0.2.1:80.*\. usertcp: .* give it a gateway or a route/);
  const server = ours.createServer().listen(0, '192.0.2.7');
  const [error] = await once(server, 'error');
  expect(error.message).toMatch(/EADDRNOTAVAIL.*\. usertcp: .*listen on one of those/);
});

test('of several addresses each is told why it is not reached, once', async () => {
  const addresses = Array.from({ length: 12 }, (_, i) => [
    { address: `192.0.2.${i + 1}`, family: 4 },
    { address: `2001:db8::${i + 1}`, family: 6 },
  ]).flat();
  const lookup = ((_name: string, _options: object, done: (error: null, found: object[]) => void) =>
    process.nextTick(done, null, addresses)) as unknown as stock.LookupFunction;
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on('warning', warned);
  const socket = ours.connect({ port: 80, host: 'many.test', lookup, autoSelectFamily: true });
  const [{ errors }] = (await once(socket, 'error')) as [AggregateError];
  expect(errors.length).toBe(24);
  for (const { message, address } of errors as (Error & { address: string })[]) {
    const [said, ...advice] = message.split('. usertcp: ');
    expect([said!.split(' - ')[0], advice.length]).toEqual([`connect ENETUNREACH ${address}:80`, 1]);
    expect(advice[0]).toMatch(`no route to ${address} (`);
  }
  await new Promise(setImmediate);
  process.off('warning', warned);
  expect(warnings).toEqual([]);
});

test('binds that failed, and advice, have one listener together, and each error its own words', () => {
  const socket = new stock.Socket().on('error', () => {});
  const to = (n: number): string => `192.0.2.${n}`;
  for (let n = 1; n <= 12; n++) failedBind(socket, -99, to(n), { localAddress: '192.0.2.77' });
  advise(socket, -101, 'why', to(13));
  expect(socket.listenerCount(errorMonitor)).toBe(1);
  const failed = (n: number, errno: number, code: string): Error =>
    Object.assign(new Error(`connect ${code} ${to(n)}`), { errno, code, syscall: 'connect', address: to(n) });
  const errors = [failed(12, -99, 'EADDRNOTAVAIL'), failed(13, -101, 'ENETUNREACH')];
  socket.emit('error', new AggregateError(errors));
  expect(errors.map(({ message }) => message)).toEqual([
    'bind EADDRNOTAVAIL 192.0.2.77',
    'connect ENETUNREACH 192.0.2.13. usertcp: why',
  ]);
});

test('advice is there also when the program has removed all listeners since the last', async () => {
  const socket = new stock.Socket();
  const error = (): NodeJS.ErrnoException => Object.assign(new Error('connect ENETUNREACH'), { errno: -101 });
  advise(socket, -101, 'before');
  socket.removeAllListeners();
  advise(socket, -101, 'after');
  socket.on('error', () => {});
  const told = error();
  socket.emit('error', told);
  expect(told.message).toBe('connect ENETUNREACH. usertcp: after');
});

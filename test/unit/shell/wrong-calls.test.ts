// Calls of our own API that cannot be meant: each is refused at once, by the name of what is wrong, with what is allowed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Conn, type Connection, createStack, OptionError, pipe, type Stack } from '../../../src/index.ts';
import { World } from '../../../src/sim.ts';

type Call = (stack: Stack, conn: Conn, opened: Connection) => unknown;
const any = (value: unknown): never => value as never;
const to = { port: 7, host: '127.0.0.1' };

/** [what is wrong, the call, the option named, part of the message] */
const wrong: [string, Call, string, RegExp][] = [
  ['no handlers', (stack) => stack.serve(8, any(undefined)), 'handlers', /an object of functions/],
  ['handlers that are none', (stack) => stack.serve(8, any(5)), 'handlers', /an object of functions/],
  ['a handler that is none', (stack) => stack.serve(8, any({ data: 5 })), 'handlers.data', /a function/],
  [
    "net's name of a handler",
    (stack) => stack.serve(8, any({ connection() {} })),
    'handlers.connection',
    /mean open\?/,
  ],
  ['on before a handler', (stack) => stack.serve(8, any({ onData() {} })), 'handlers.onData', /mean data\?/],
  ['another case', (stack) => stack.serve(8, any({ halfClose() {} })), 'handlers.halfClose', /mean halfclose\?/],
  ['an error handler', (stack) => stack.dial(to, any({ error() {} })), 'handlers.error', /close\(conn, error\)/],
  ['a name of serve', (stack) => stack.serve(8, {}, any({ bcklog: 1 })), 'bcklog', /Did you mean "backlog"\?/],
  ['a name of listen', (stack) => stack.listen(8, any({ hots: '::' })), 'hots', /Did you mean "host"\?/],
  ['a name of listen, object', (stack) => stack.listen(any({ prot: 8 })), 'prot', /Did you mean "port"\?/],
  ['listen without a port', (stack) => stack.listen(any(undefined)), 'port', /0 to 65535/],
  ['listen to a text', (stack) => stack.listen(any('x')), 'port', /'x'.*0 to 65535/],
  ['a name of open', (stack) => stack.open(any({ ...to, hots: 'x' })), 'hots', /Did you mean "host"\?/],
  ['open with a time', (stack) => stack.open(any({ ...to, timeout: 5 })), 'timeout', /Did you mean "signal"\?/],
  ['an empty host', (stack) => stack.open({ port: 7, host: '' }), 'host', /an IP address or a name/],
  ['dial without a host', (stack) => stack.dial(any({ port: 7 }), {}), 'host', /an IP address/],
  ['dial to a name', (stack) => stack.dial({ port: 7, host: 'localhost' }, {}), 'host', /an IP address/],
  [
    'dial with a signal',
    (stack) => stack.dial(any({ ...to, signal: new AbortController().signal }), {}),
    'signal',
    /abort\(\)/,
  ],
  ['dial with a family', (stack) => stack.dial(any({ ...to, family: 4 }), {}), 'family', /absent.*open\(\)/],
  ['dial with a lookup', (stack) => stack.dial(any({ ...to, lookup() {} }), {}), 'lookup', /absent.*open\(\)/],
  ['dial with a race', (stack) => stack.dial(any({ ...to, attemptDelay: 50 }), {}), 'attemptDelay', /absent.*open\(\)/],
  ['a name of dial', (stack) => stack.dial(any({ ...to, tll: 5 }), {}), 'tll', /Did you mean "ttl"\?/],
  ['write: a number', (_, conn) => conn.write(any(5)), 'bytes', /a Buffer.*or a text/],
  ['write: wider elements', (_, conn) => conn.write(any(new Uint16Array([258]))), 'bytes', /view\.byteOffset/],
  ['write: an ArrayBuffer', (_, conn) => conn.write(any(new ArrayBuffer(2))), 'bytes', /new Uint8Array\(buffer\)/],
  ['end: a list', (_, conn) => conn.end(any([1, 2])), 'bytes', /a Buffer/],
  ['lend: a text', (_, conn) => conn.lend(any('text')), 'bytes', /Uint8Array$/],
  ['urgent: a text', (_, conn) => conn.sendUrgent(any('!')), 'bytes', /Uint8Array$/],
  ['a promised write', (_, _conn, opened) => opened.write(any(null)), 'bytes', /a Buffer/],
  ['an acknowledged write', (_, _conn, opened) => opened.writeAcked(any({})), 'bytes', /a Buffer/],
  ['noDelay', (_, conn) => conn.setNoDelay(any('yes')), 'noDelay', /true or false/],
  ['keepAlive', (_, conn) => conn.setKeepAlive(any('yes')), 'keepAlive', /true or false/],
  ['cork', (_, conn) => conn.cork(any(1)), 'cork', /true or false/],
  ['live keep-alive', (_, conn) => conn.set({ keepAlive: { idle: -1 } }), 'keepAlive.idle', /ms/],
  ['what others call tos', (_, conn) => conn.set(any({ tos: 16 })), 'tos', /Did you mean "typeOfService"\?/],
  ['what others call mss', (_, conn) => conn.set(any({ mss: 500 })), 'mss', /Did you mean "maxSegment"\?/],
  ['a listener to states', (_, _conn, opened) => void (opened.onState = any(5)), 'onState', /a function/],
  ['pipe', (_, conn) => pipe(conn, any({})), 'pipe', /two connections/],
  ['pipe to itself', (_, conn) => pipe(conn, conn), 'pipe', /another connection/],
  ['UDP: wider elements', (stack) => datagram(stack, new Uint16Array(2)), 'bytes', /a Buffer/],
  ['UDP: a number', (stack) => datagram(stack, 5), 'bytes', /a Buffer/],
  ['UDP: a handler', (stack) => stack.udp.bind().onMessage(any(5)), 'onMessage', /a function/],
  ['resolve', (stack) => stack.resolve(any(5)), 'name', /a name/],
  ['reverse', (stack) => stack.reverse('here'), 'address', /an IP address/],
  ['a stream with a signal', (stack) => stack.connect(any({ ...to, signal: 5 })), 'signal', /an AbortSignal/],
  ['a server with a signal', (stack) => stack.createServer(any({ signal: 'stop' })), 'signal', /an AbortSignal/],
  ['a mark', (stack) => stack.createServer({ readableHighWaterMark: -1 }), 'readableHighWaterMark', /bytes/],
  ['another mark', (stack) => stack.createServer({ writableHighWaterMark: 1.5 }), 'writableHighWaterMark', /bytes/],
  ['a cap of sockets', (stack) => stack.createServer({ maxBuffered: -1 }), 'maxBuffered', /bytes/],
  ['a stream with a time', (stack) => stack.connect(any({ ...to, timeout: 'soon' })), 'timeout', /ms/],
  ['close: a name', (stack) => stack.close(any({ timeot: 1 })), 'timeot', /Did you mean "timeout"\?/],
  ['close: a time', (stack) => stack.close(any({ timeout: 'now' })), 'timeout', /ms/],
  ['a world', () => new World(any(5)), 'options', /an object/],
  ['a name of a world', () => new World(any({ sed: 1 })), 'sed', /Did you mean "seed"\?/],
  ['a seed', () => new World(any({ seed: 'x' })), 'seed', /a whole number/],
  ['a loss misspelt', () => new World(any({ impair: { los: 0.1 } })), 'impair.los', /Did you mean "loss"\?/],
  ['a loss in percent', () => new World({ impair: { loss: 2 } }), 'impair.loss', /0 to 1/],
  ['a time before now', () => new World({ impair: { delay: -1 } }), 'impair.delay', /µs/],
  ['a MAC of a host', () => new World().host('10.0.0.1/24', any({ mac: '02:00:00:00:00:09' })), 'mac', /World/],
  ['a VLAN of a host', () => new World().host('10.0.0.1/24', any({ vlan: 7 })), 'vlan', /World.*card: \{ vlan \}/],
  [
    'a secret of a host',
    () => new World().host('10.0.0.1/24', any({ secret: 'x'.repeat(16) })),
    'secret',
    /World.*seed/,
  ],
  ['a clock of a host', () => new World().host('10.0.0.1/24', any({ clock: {} })), 'clock', /World/],
  ['no rate at all', () => new World({ impair: { rate: 0 } }), 'impair.rate', /bit\/s/],
];

function datagram(stack: Stack, bytes: unknown): unknown {
  using socket = stack.udp.bind();
  return socket.send(any(bytes), 9, '127.0.0.1');
}

let stack: Stack;
let conn: Conn;
let opened: Connection;
const received: Buffer[] = [];
beforeAll(async () => {
  stack = await createStack();
  stack.serve(7, { data: (_conn, chunk) => void received.push(Buffer.from(chunk)) });
  opened = await stack.open(to);
  await new Promise<void>((resolve) => {
    conn = stack.dial(to, { open: () => resolve() });
  });
});
afterAll(() => stack.close({ timeout: 0 }));

test.each(wrong)('%s', async (_what, call, option, message) => {
  const error = await Promise.resolve()
    .then(() => call(stack, conn, opened))
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(OptionError);
  expect(error).toMatchObject({ code: 'ERR_USERTCP_OPTION', option });
  expect((error as Error).message).toMatch(message);
});

test('none of them sent anything, or ended a connection', async () => {
  await opened.writeAcked('fine');
  expect(String(Buffer.concat(received))).toBe('fine');
  expect([conn.state, opened.state]).toEqual(['ESTABLISHED', 'ESTABLISHED']);
});

test('what handlers have besides is theirs: state of their own, and functions', () => {
  const handlers = { count: 0, send() {}, data() {}, reply() {} };
  const service = stack.serve(0, handlers);
  service.close();
});

test('a port may be a text of digits, null is no option', () => {
  stack.listen(0, any(null)).close();
  stack.serve(0, {}, any(null)).close();
});

test('a lookup that gives no address: ENOTFOUND, and whose fault it is', async () => {
  const lookup = (_name: string, _options: object, done: (error: null, found: unknown) => void) => done(null, []);
  await expect(stack.open({ port: 7, host: 'a.test', lookup: any(lookup) })).rejects.toMatchObject({
    code: 'ENOTFOUND',
    message: 'getaddrinfo ENOTFOUND a.test: the lookup gave no address',
  });
});

test('connect() of a socket that was destroyed before it had an address', () => {
  const socket = stack.connect({ port: 7, host: 'a.test', lookup: any(() => {}) });
  socket.destroy();
  expect(() => socket.connect(to)).toThrow(expect.objectContaining({ code: 'ERR_USERTCP_CONNECTED' }));
  expect([socket.connecting, socket.readyState]).toEqual([false, 'closed']);
});

test('a server whose signal was aborted before it listened closes', async () => {
  const server = stack.createServer().listen({ port: 0, signal: AbortSignal.abort() });
  await new Promise((resolve) => server.on('close', resolve));
  expect(server.listening).toBe(false);
});

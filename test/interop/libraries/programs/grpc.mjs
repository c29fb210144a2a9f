// @grpc/grpc-js with messages that are plain bytes, without a .proto.
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { bytes, digest, failure, MIB, options, play, ready, role, sha, times, until } from './play.mjs';

const pem = (name) => readFileSync(`${options.folder}/${name}.pem`);
const PORTS = { plain: 50051, tls: 50052 };
const same = (value) => value;
const method = (path, requestStream, responseStream) => ({
  path: `/test.Bytes/${path}`,
  requestStream,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const service = {
  echo: method('echo', false, false),
  fail: method('fail', false, false),
  count: method('count', false, true),
  sum: method('sum', true, false),
  chat: method('chat', true, true),
  cancelled: method('cancelled', false, false),
};
const SIZES = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
let cancelled = 0;

if (role === 'server') {
  const server = new grpc.Server(SIZES);
  server.addService(service, {
    echo: (call, done) => done(null, call.request),
    fail: (_call, done) => done({ code: grpc.status.NOT_FOUND, details: 'nothing here' }),
    cancelled: (_call, done) => done(null, Buffer.from(String(cancelled))),
    count: async (call) => {
      call.on('cancelled', () => cancelled++);
      const n = Number(String(call.request));
      for (let i = 0; i < n && !call.cancelled; i++) {
        if (!call.write(Buffer.from(`message ${i}`))) await new Promise((resolve) => call.once('drain', resolve));
      }
      call.end();
    },
    sum: (call, done) => {
      let size = 0;
      call.on('data', (data) => {
        size += data.length;
      });
      call.on('end', () => done(null, Buffer.from(String(size))));
    },
    chat: (call) => {
      call.on('data', (data) => call.write(data));
      call.on('end', () => call.end());
    },
  });
  const secure = grpc.ServerCredentials.createSsl(
    pem('ca'),
    [{ cert_chain: pem('server'), private_key: pem('server-key') }],
    true,
  );
  for (const [port, credentials] of [
    [PORTS.plain, grpc.ServerCredentials.createInsecure()],
    [PORTS.tls, secure],
  ]) {
    await new Promise((resolve, reject) => {
      server.bindAsync(`0.0.0.0:${port}`, credentials, (error) => (error ? reject(error) : resolve()));
    });
  }
  ready();
}

const make = (scheme) => {
  const Client = grpc.makeGenericClientConstructor(service, 'Bytes');
  const credentials =
    scheme === 'plain'
      ? grpc.credentials.createInsecure()
      : grpc.credentials.createSsl(pem('ca'), pem('client-key'), pem('client'));
  const begin = () =>
    new Client(`${options.host}:${PORTS[scheme]}`, credentials, {
      ...SIZES,
      'grpc.ssl_target_name_override': 'one.test',
      // A connection of its own.
      'grpc.use_local_subchannel_pool': 1,
    });
  const ask = (client, name, request) =>
    new Promise((resolve, reject) => {
      client[name](request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  const equal = (got, want) => {
    if (got !== want) throw new Error(`${got} is not ${want}`);
  };
  const all = {
    '8 MiB there and back': async (c) => equal(sha(await ask(c, 'echo', bytes(1, 8 * MIB))), digest(1, 8 * MIB)),
    '500 calls at once': (c) =>
      times(500, async (i) => equal(String(await ask(c, 'echo', Buffer.from(`call ${i}`))), `call ${i}`)),
    'a status and its text': async (c) => {
      const { code, details } = await failure(ask(c, 'fail', Buffer.alloc(0)));
      equal(`${code} ${details}`, `${grpc.status.NOT_FOUND} nothing here`);
    },
    'the server streams 5,000 messages': async (c) => {
      const got = await c.count(Buffer.from('5000')).toArray();
      equal(got.length, 5000);
      equal(
        got.every((data, i) => String(data) === `message ${i}`),
        true,
      );
    },
    'the client streams 8 MiB': async (c) => {
      const size = await new Promise((resolve, reject) => {
        const call = c.sum((error, answer) => (error ? reject(error) : resolve(String(answer))));
        for (let i = 0; i < 128; i++) call.write(bytes(i, 65_536));
        call.end();
      });
      equal(size, String(8 * MIB));
    },
    'both stream': async (c) => {
      const call = c.chat();
      const got = [];
      call.on('data', (data) => {
        got.push(sha(data));
        if (got.length === 500) call.end();
        else call.write(bytes(got.length, 1000));
      });
      call.write(bytes(0, 1000));
      await new Promise((resolve, reject) => call.on('end', resolve).on('error', reject));
      equal(got.length, 500);
      equal(
        got.every((hash, i) => hash === digest(i, 1000)),
        true,
      );
    },
    'the client cancels a stream': async (c) => {
      const before = Number(await ask(c, 'cancelled', Buffer.alloc(0)));
      const call = c.count(Buffer.from('100000000'));
      call.once('data', () => call.cancel());
      const error = await new Promise((resolve) => call.on('error', resolve).on('data', () => {}));
      equal(error.code, grpc.status.CANCELLED);
      await until(async () => Number(await ask(c, 'cancelled', Buffer.alloc(0))) > before);
    },
    'a deadline passes': async (c) => {
      const call = c.count(Buffer.from('100000000'), { deadline: Date.now() + 300 });
      const error = await new Promise((resolve) => call.on('error', resolve).on('data', () => {}));
      equal(error.code, grpc.status.DEADLINE_EXCEEDED);
    },
  };
  const within = async (act) => {
    const client = begin();
    try {
      await act(client);
    } finally {
      client.close();
    }
  };
  return Object.fromEntries([
    ...Object.entries(all).map(([name, act]) => [`${scheme}: ${name}`, () => within(act)]),
    [`${scheme}: 100 connections at once`, () => times(100, () => within((c) => ask(c, 'echo', Buffer.from('x'))))],
  ]);
};

if (role === 'client') await play({ ...make('plain'), ...make('tls') });

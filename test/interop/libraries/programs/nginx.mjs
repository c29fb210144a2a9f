// http, https and http2 of Node, fetch and undici against nginx.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { Agent, request } from 'undici';
import { bytes, digest, drink, failure, MIB, options, play, times } from './play.mjs';

const { host } = options;
const pem = (name) => readFileSync(`${options.folder}/${name}.pem`);
const secure = { ca: pem('ca'), servername: 'one.test' };
const equal = (got, want) => {
  if (got !== want) throw new Error(`${got} is not ${want}`);
};
const ask = (client, path, more = {}, body = undefined) =>
  new Promise((resolve, reject) => {
    client
      .request({ host, path, ...more }, resolve)
      .on('error', reject)
      .end(body);
  });
const text = async (stream) => String(Buffer.concat(await stream.toArray()));
/** Protocol, reused or '.', name, ALPN, the client's certificate, number of the connection. */
const who = async (more) => (await text(await ask(https, '/who', { ...secure, ...more }))).split(' ');

const scheme = (client, more) => ({
  '8 MiB up, and down again': async () => {
    const path = `/files/${client === http ? 'plain' : 'secure'}`;
    const put = await ask(client, path, { ...more, method: 'PUT' }, bytes(1, 8 * MIB));
    equal(put.statusCode, 201);
    await drink(put);
    equal((await drink(await ask(client, path, more))).sha, digest(1, 8 * MIB));
  },
  'an agent keeps its connection': async () => {
    const agent = new client.Agent({ keepAlive: true, maxSockets: 1 });
    const seen = new Set();
    for (let i = 0; i < 50; i++)
      seen.add((await text(await ask(client, '/who', { ...more, agent }))).split(' ').at(-1));
    agent.destroy();
    equal(seen.size, 1);
  },
  'the server ends without an answer': async () => {
    equal((await failure(ask(client, '/fall', more))).code, 'ECONNRESET');
  },
  'we break off in the middle': async () => {
    const res = await ask(client, '/slow/big', more);
    await new Promise((resolve) => res.once('data', resolve));
    res.destroy();
    equal((await text(await ask(client, '/who', more))).length > 0, true);
  },
  '200 connections at once': async () => {
    const agent = new client.Agent({ maxSockets: Infinity });
    const seen = await times(200, async () =>
      (await text(await ask(client, '/who', { ...more, agent }))).split(' ').at(-1),
    );
    equal(new Set(seen).size, 200);
  },
});
const named = (title, all) => Object.fromEntries(Object.entries(all).map(([name, act]) => [`${title}: ${name}`, act]));

const within = (origin, act) => async () => {
  const session = http2.connect(origin, origin.startsWith('https') ? secure : {});
  session.on('error', () => {});
  try {
    await act(session);
  } finally {
    session.destroy();
  }
};
const h2 = (origin) => ({
  '8 MiB up, and down again': within(origin, async (s) => {
    const put = s.request({ ':path': `/files/h2${origin.length}`, ':method': 'PUT', 'content-length': 8 * MIB });
    put.end(bytes(3, 8 * MIB));
    await put.toArray();
    equal((await drink(s.request({ ':path': `/files/h2${origin.length}` }))).sha, digest(3, 8 * MIB));
  }),
  '100 streams at once': within(origin, async (s) => {
    const got = await times(100, () => drink(s.request({ ':path': '/small' })));
    equal(
      got.every(({ sha }) => sha === digest(5, 50_000)),
      true,
    );
  }),
});

await play({
  ...named('http', scheme(http, {})),
  ...named('https', scheme(https, secure)),
  'tls: SNI, ALPN and version': async () => {
    const [version, , name, alpn] = await who({ agent: false, ALPNProtocols: ['http/1.1'] });
    equal(`${version} ${name} ${alpn}`, 'TLSv1.3 one.test http/1.1');
    const [old, , other] = await who({
      agent: false,
      maxVersion: 'TLSv1.2',
      servername: 'two.test',
      checkServerIdentity: () => undefined,
    });
    equal(`${old} ${other}`, 'TLSv1.2 two.test');
  },
  'tls: an agent resumes its session': async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
      const agent = new https.Agent({ keepAlive: false, maxVersion });
      equal((await who({ agent }))[1], '.');
      equal((await who({ agent }))[1], 'r');
    }
  },
  'tls: a client with a certificate': async () => {
    const asks = { agent: false, port: 4443, headers: { host: 'one.test' } };
    equal((await who(asks))[4], 'NONE');
    equal((await who({ ...asks, cert: pem('client'), key: pem('client-key') }))[4], 'SUCCESS');
  },
  ...named('h2', h2(`https://${host}`)),
  ...named('h2c', h2(`http://${host}:8080`)),
  'fetch: a file': async () => {
    equal((await drink((await fetch(`http://${host}/big`)).body)).sha, digest(4, 8 * MIB));
  },
  'undici over h2': async () => {
    const dispatcher = new Agent({ allowH2: true, connect: secure });
    const { body, statusCode } = await request(`https://${host}/big`, { dispatcher });
    equal(statusCode, 200);
    equal((await drink(body)).sha, digest(4, 8 * MIB));
    await dispatcher.close();
  },
});

// node:http and node:https: one application on both, asked by one client.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { bytes, digest, drink, failure, listening, MIB, options, play, ready, role, times, until } from './play.mjs';

const pem = (name) => readFileSync(`${options.folder}/${name}.pem`);
const PORTS = { http: 80, https: 443 };
const CHUNKS = 5_000;
const counts = { aborted: 0, connections: 0 };

async function app(req, res) {
  const [, what, n] = req.url.split('/');
  if (what === 'bytes') return res.end(bytes(1, Number(n)));
  if (what === 'hash') return res.end(JSON.stringify(await drink(req)));
  if (what === 'counts') return res.end(JSON.stringify(counts));
  if (what === 'who') return res.end(`${req.socket.remoteAddress} ${req.socket.remotePort}`);
  if (what === 'drip') {
    for (let i = 0; i < Number(n); i++) {
      res.write(`message ${i}\n`);
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    return res.end();
  }
  if (what === 'endless') {
    res.on('close', () => counts.aborted++);
    const more = () => {
      while (!res.destroyed && res.write(Buffer.alloc(100_000)));
    };
    res.on('drain', more);
    return more();
  }
  // Half of what was promised, then a RST or a FIN.
  res.writeHead(200, { 'content-length': 200_000 });
  res.write(Buffer.alloc(100_000), () => {
    setTimeout(
      () => (what === 'reset' ? (req.socket._parent ?? req.socket).resetAndDestroy() : req.socket.destroy()),
      50,
    );
  });
}

function serve(server) {
  server.on('connection', () => counts.connections++);
  server.on('upgrade', (_req, socket, head) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.write(head);
    socket.pipe(socket);
  });
  server.on('checkContinue', (req, res) => {
    res.writeContinue();
    app(req, res);
  });
  server.on('connect', (_req, socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(socket);
  });
}

if (role === 'server') {
  const plain = http.createServer(app);
  const secure = https.createServer({ cert: pem('server'), key: pem('server-key') }, app);
  serve(plain);
  serve(secure);
  await listening(plain, PORTS.http);
  await listening(secure, PORTS.https);
  ready();
}

const make = (scheme) => {
  const client = { http, https }[scheme];
  const where = { host: options.host, port: PORTS[scheme], ca: pem('ca'), servername: 'one.test' };
  const begin = (path, more = {}) => client.request({ ...where, path, ...more });
  /** The response as soon as it begins. */
  const ask = (path, more = {}, body = undefined) =>
    new Promise((resolve, reject) => {
      begin(path, more).on('response', resolve).on('error', reject).end(body);
    });
  const json = async (path, more, body) => JSON.parse(Buffer.concat(await (await ask(path, more, body)).toArray()));
  const same = (got, seed, size) => {
    if (got.size !== size || got.sha !== digest(seed, size))
      throw new Error(`${JSON.stringify(got)} is not ${size} bytes`);
  };

  const all = {
    '16 MiB down': async () => same(await drink(await ask(`/bytes/${16 * MIB}`)), 1, 16 * MIB),
    '16 MiB up': async () => same(await json('/hash', { method: 'POST' }, bytes(2, 16 * MIB)), 2, 16 * MIB),
    '8 MiB both ways at once': async () => {
      const up = json('/hash', { method: 'POST' }, bytes(3, 8 * MIB));
      const down = ask(`/bytes/${8 * MIB}`).then(drink);
      const [sent, got] = await Promise.all([up, down]);
      same(sent, 3, 8 * MIB);
      same(got, 1, 8 * MIB);
    },
    'an agent keeps its connection': async () => {
      const agent = new client.Agent({ keepAlive: true, maxSockets: 1 });
      const seen = new Set();
      for (let i = 0; i < 50; i++) seen.add(String(await (await ask('/who', { agent })).toArray()));
      agent.destroy();
      if (seen.size !== 1) throw new Error(`${seen.size} connections`);
    },
    'many small chunks': async () => {
      const text = String(Buffer.concat(await (await ask(`/drip/${CHUNKS}`)).toArray()));
      if (text !== Array.from({ length: CHUNKS }, (_, i) => `message ${i}\n`).join('')) throw new Error('another text');
    },
    'the server resets in the middle': async () => {
      const { code } = await failure(drink(await ask('/reset')));
      if (code !== 'ECONNRESET') throw new Error(code);
    },
    'the server ends in the middle': async () => {
      const { code } = await failure(drink(await ask('/fin')));
      if (code !== 'ECONNRESET') throw new Error(code);
    },
    'the client resets in the middle': async () => {
      const { aborted } = await json('/counts');
      const req = begin('/endless');
      req.on('response', (res) => {
        res.on('error', () => {});
        res.once('data', () => (scheme === 'http' ? req.socket.resetAndDestroy() : req.destroy()));
      });
      req.on('error', () => {});
      req.end();
      await until(async () => (await json('/counts')).aborted > aborted);
    },
    'a body after 100 Continue': async () => {
      const body = bytes(4, MIB);
      const got = await new Promise((resolve, reject) => {
        const req = begin('/hash', {
          method: 'PUT',
          headers: { expect: '100-continue', 'content-length': body.length },
        });
        req.on('continue', () => req.end(body)).on('error', reject);
        req.on('response', async (res) => resolve(JSON.parse(Buffer.concat(await res.toArray()))));
        req.flushHeaders();
      });
      same(got, 4, MIB);
    },
    'an upgrade': async () => {
      const [socket] = await new Promise((resolve, reject) => {
        const req = begin('/', { headers: { connection: 'Upgrade', upgrade: 'echo' } });
        req
          .on('upgrade', (_res, ...rest) => resolve(rest))
          .on('error', reject)
          .end();
      });
      const body = bytes(5, MIB);
      socket.end(body);
      same(await drink(socket), 5, MIB);
    },
    'a tunnel by CONNECT': async () => {
      const [socket] = await new Promise((resolve, reject) => {
        const req = begin('one.test:443', { method: 'CONNECT' });
        req
          .on('connect', (_res, ...rest) => resolve(rest))
          .on('error', reject)
          .end();
      });
      const body = bytes(6, MIB);
      socket.end(body);
      same(await drink(socket), 6, MIB);
    },
    '200 connections at once': async () => {
      const { connections } = await json('/counts');
      const agent = new client.Agent({ maxSockets: Infinity });
      const got = await times(200, async () => drink(await ask('/bytes/100000', { agent })));
      for (const one of got) same(one, 1, 100_000);
      const now = await json('/counts');
      if (now.connections - connections < 200) throw new Error(`${now.connections - connections} connections`);
    },
  };
  return Object.fromEntries(Object.entries(all).map(([name, run]) => [`${scheme}: ${name}`, run]));
};

if (role === 'client') await play({ ...make('http'), ...make('https') });

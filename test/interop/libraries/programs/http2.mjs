// node:http2 with and without TLS.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import {
  bytes,
  digest,
  drink,
  failure,
  listening,
  MIB,
  options,
  play,
  ready,
  role,
  sha,
  times,
  until,
} from './play.mjs';

const pem = (name) => readFileSync(`${options.folder}/${name}.pem`);
const PORTS = { h2c: 80, h2: 443 };
const counts = { aborted: 0, sessions: 0 };
const { NGHTTP2_CANCEL } = http2.constants;

async function app(stream, headers) {
  stream.on('error', () => {});
  const [, what, n] = headers[':path'].split('/');
  const head = { ':status': 200, 'content-type': 'application/octet-stream' };
  if (what === 'bytes') {
    stream.respond(head);
    return stream.end(bytes(1, Number(n)));
  }
  if (what === 'hash') {
    const got = await drink(stream.iterator({ destroyOnReturn: false }));
    stream.respond(head);
    return stream.end(JSON.stringify(got));
  }
  if (what === 'counts') {
    stream.respond(head);
    return stream.end(JSON.stringify(counts));
  }
  if (what === 'trailers') {
    stream.respond(head, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
    return stream.end('text');
  }
  if (what === 'push') {
    return stream.pushStream({ ':path': '/pushed' }, (_error, pushed) => {
      pushed.respond(head);
      pushed.end(bytes(7, MIB));
      stream.respond(head);
      stream.end('with a push');
    });
  }
  if (what === 'drip') {
    stream.respond(head);
    for (let i = 0; i < Number(n); i++) {
      stream.write(`${i}\n`);
      if (i % 10 === 0) await new Promise(setImmediate);
    }
    return stream.end();
  }
  if (what === 'goaway') {
    stream.respond(head);
    stream.session.close();
    return setTimeout(() => stream.end('last'), 50);
  }
  stream.respond(head);
  stream.write(Buffer.alloc(50_000));
  if (what === 'cancel') setTimeout(() => stream.close(NGHTTP2_CANCEL), 50);
  if (what === 'destroy') return setTimeout(() => stream.session?.destroy(), 50);
  // Without an end, until somebody aborts it.
  stream.on('aborted', () => counts.aborted++);
  const more = () => {
    while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
  };
  stream.on('drain', more);
  more();
}

if (role === 'server') {
  const plain = http2.createServer();
  const secure = http2.createSecureServer({ cert: pem('server'), key: pem('server-key') });
  for (const server of [plain, secure]) {
    server.on('session', (session) => {
      counts.sessions++;
      session.on('error', () => {});
    });
    server.on('stream', app);
  }
  await listening(plain, PORTS.h2c);
  await listening(secure, PORTS.h2);
  ready();
}

const make = (scheme) => {
  const url = `${scheme === 'h2' ? 'https' : 'http'}://${options.host}:${PORTS[scheme]}`;
  const open = () => http2.connect(url, { ca: scheme === 'h2' ? pem('ca') : [], servername: 'one.test' });
  const text = async (stream) => String(Buffer.concat(await stream.toArray()));
  const get = (session, path, more = {}) => session.request({ ':path': path, ...more });
  const same = (got, seed, size) => {
    if (got.size !== size || got.sha !== digest(seed, size))
      throw new Error(`${JSON.stringify(got)}: not ${size} bytes`);
  };
  const equal = (got, want) => {
    if (got !== want) throw new Error(`${got} is not ${want}`);
  };
  const within = async (act) => {
    const session = open();
    session.on('error', () => {});
    try {
      await act(session);
    } finally {
      session.destroy();
    }
  };
  const all = {
    '16 MiB down': (s) => drink(get(s, `/bytes/${16 * MIB}`)).then((got) => same(got, 1, 16 * MIB)),
    '16 MiB up': async (s) => {
      const stream = get(s, '/hash', { ':method': 'POST' });
      stream.end(bytes(2, 16 * MIB));
      same(JSON.parse(await text(stream)), 2, 16 * MIB);
    },
    '200 streams at once': (s) => times(200, async () => same(await drink(get(s, '/bytes/20000')), 1, 20_000)),
    'a stream pushed by the server': async (s) => {
      const pushed = new Promise((resolve) => s.once('stream', (stream) => resolve(drink(stream))));
      equal(await text(get(s, '/push')), 'with a push');
      same(await pushed, 7, MIB);
    },
    trailers: async (s) => {
      const stream = get(s, '/trailers');
      const trailers = new Promise((resolve) => stream.on('trailers', resolve));
      equal(await text(stream), 'text');
      equal((await trailers)['x-end'], 'yes');
    },
    'many small frames': async (s) => {
      const want = Array.from({ length: 5_000 }, (_, i) => `${i}\n`).join('');
      equal(sha(await text(get(s, '/drip/5000'))), sha(want));
    },
    ping: async (s) => {
      await new Promise((resolve) => s.once('connect', resolve));
      await new Promise((resolve, reject) => {
        s.on('error', reject);
        s.ping((error) => (error ? reject(error) : resolve()));
      });
    },
    'the server cancels a stream, the session goes on': async (s) => {
      const stream = get(s, '/cancel');
      await stream.toArray().catch(() => {});
      equal(stream.rstCode, NGHTTP2_CANCEL);
      same(await drink(get(s, '/bytes/1000')), 1, 1000);
    },
    'the client cancels a stream, the session goes on': async (s) => {
      const { aborted } = JSON.parse(await text(get(s, '/counts')));
      const stream = get(s, '/endless');
      stream.on('error', () => {});
      stream.once('data', () => stream.close(NGHTTP2_CANCEL));
      await until(async () => JSON.parse(await text(get(s, '/counts'))).aborted > aborted);
    },
    'the server destroys the session': async (s) => {
      const closed = new Promise((resolve) => s.on('close', resolve));
      await failure(
        get(s, '/destroy')
          .toArray()
          .then((all) => Promise.reject(all.length)),
      );
      await closed;
      equal(s.destroyed, true);
    },
    'GOAWAY: what was begun is finished': async (s) => {
      const closed = new Promise((resolve) => s.on('close', resolve));
      equal(await text(get(s, '/goaway')), 'last');
      await closed;
    },
  };
  const more = {
    '60 sessions at once': () =>
      times(60, () => within(async (s) => same(await drink(get(s, '/bytes/50000')), 1, 50_000))),
  };
  return Object.fromEntries([
    ...Object.entries(all).map(([name, act]) => [`${scheme}: ${name}`, () => within(act)]),
    ...Object.entries(more).map(([name, act]) => [`${scheme}: ${name}`, act]),
  ]);
};

if (role === 'client') await play({ ...make('h2c'), ...make('h2') });

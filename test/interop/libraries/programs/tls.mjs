// node:tls: a client writes one line of JSON that says what the server shall do on this connection.
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
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
const PORTS = { tls: 443, sessions: 444, start: 445 };
const MESSAGES = 10_000;
const errors = [];

/** The first line, and a socket that has only what follows. */
function firstLine(socket) {
  return new Promise((resolve, reject) => {
    let text = Buffer.alloc(0);
    socket.on('error', reject).on('close', reject);
    socket.on('readable', function more() {
      for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
        text = Buffer.concat([text, chunk]);
        const at = text.indexOf('\n');
        if (at < 0) continue;
        socket.off('readable', more);
        if (text.length > at + 1) socket.unshift(text.subarray(at + 1));
        return resolve(JSON.parse(text.subarray(0, at)));
      }
    });
  });
}

const behaviours = {
  who: (s) => {
    const { alpnProtocol, servername, authorized } = s;
    const facts = { alpnProtocol, servername, authorized, version: s.getProtocol(), resumed: s.isSessionReused() };
    s.end(JSON.stringify({ ...facts, peer: s.getPeerCertificate().subject?.CN }));
  },
  echo: (s) => s.pipe(s),
  // Answers when the client has ended its half.
  after: async (s) => {
    const got = await drink(s.iterator({ destroyOnReturn: false }));
    s.write(bytes(2, MIB));
    s.end(JSON.stringify(got));
  },
  push: async (s) => {
    for (let i = 0; i < MESSAGES; i++) {
      if (!s.write(`${i}\n`)) await new Promise((resolve) => s.once('drain', resolve));
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    s.end();
  },
  reset: (s) => s.write(Buffer.alloc(100_000), () => setTimeout(() => (s._parent ?? s).resetAndDestroy(), 50)),
  errors: (s) => s.end(JSON.stringify(errors)),
  flood: (s) => {
    const more = () => {
      while (!s.destroyed && s.write(Buffer.alloc(50_000)));
    };
    s.on('drain', more);
    more();
  },
};

async function serve(socket) {
  socket.on('error', ({ code }) => errors.push(code));
  try {
    const { act } = await firstLine(socket);
    await behaviours[act](socket);
  } catch {}
}

if (role === 'server') {
  const other = tls.createSecureContext({ cert: pem('other'), key: pem('other-key') });
  const config = {
    cert: pem('server'),
    key: pem('server-key'),
    ca: pem('ca'),
    requestCert: true,
    rejectUnauthorized: false,
    allowHalfOpen: true,
    ALPNProtocols: ['one', 'two'],
    SNICallback: (name, done) => setImmediate(done, null, name === 'two.test' ? other : null),
  };
  const server = tls.createServer(config, serve);
  server.on('tlsClientError', ({ code }) => errors.push(code));
  await listening(server, PORTS.tls);
  // Sessions that the server keeps, instead of tickets.
  const kept = new Map();
  const sessions = tls.createServer({ ...config, secureOptions: constants.SSL_OP_NO_TICKET }, serve);
  sessions.on('newSession', (id, data, done) => setImmediate(() => done(kept.set(id.toString('hex'), data) && null)));
  sessions.on('resumeSession', (id, done) => setImmediate(done, null, kept.get(id.toString('hex')) ?? null));
  await listening(sessions, PORTS.sessions);
  // A connection that becomes TLS after some lines.
  const start = net.createServer(async (socket) => {
    const { act } = await firstLine(socket);
    socket.write(`go ahead: ${act}\n`);
    serve(new tls.TLSSocket(socket, { isServer: true, cert: config.cert, key: config.key }));
  });
  await listening(start, PORTS.start);
  ready();
}

const base = {
  host: options.host,
  ca: role === 'client' ? pem('ca') : [],
  servername: 'one.test',
  allowHalfOpen: true,
};

function connect(more = {}) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port: PORTS.tls, ...base, ...more }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** Connects and says what is to be done. */
async function act(what, more = {}) {
  const socket = await connect(more);
  socket.write(`${JSON.stringify({ act: what })}\n`);
  return socket;
}

async function text(socket) {
  const chunks = await socket.toArray();
  socket.end();
  return String(Buffer.concat(chunks));
}
const who = async (more) => JSON.parse(await text(await act('who', more)));
const expect = (got, want) => {
  for (const [key, value] of Object.entries(want)) {
    if (got[key] !== value) throw new Error(`${key} is ${got[key]}, not ${value}: ${JSON.stringify(got)}`);
  }
};

/** Asks twice, the second time with the session of the first. */
async function resume(more, resumed = true) {
  const first = await act('who', more);
  // TLS 1.2 has it from the handshake on; TLS 1.3 sends it after that.
  let session = first.getSession();
  first.on('session', (data) => {
    session = data;
  });
  const cold = JSON.parse(await text(first));
  expect(cold, { resumed: false });
  const second = await act('who', { ...more, session });
  const reused = second.isSessionReused();
  expect(JSON.parse(await text(second)), { resumed, version: cold.version });
  expect({ reused }, { reused: resumed });
}

/** All at once both ways, and the last byte comes back after our end. */
async function echo(more, seed, size) {
  const socket = await act('echo', more);
  socket.end(bytes(seed, size));
  expect(await drink(socket), { size, sha: digest(seed, size) });
}
const v12 = { maxVersion: 'TLSv1.2' };
const v13 = { minVersion: 'TLSv1.3' };

if (role === 'client')
  await play({
    'ALPN: the first that both have': async () => {
      expect(await who({ ALPNProtocols: ['three', 'two'] }), { alpnProtocol: 'two' });
    },
    'ALPN: none in common': async () => {
      const { code } = await failure(connect({ ALPNProtocols: ['three'] }));
      expect({ code }, { code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
    },
    'SNI chooses the certificate': async () => {
      for (const servername of ['one.test', 'two.test']) {
        const socket = await act('who', { servername, checkServerIdentity: () => undefined });
        const { CN } = socket.getPeerCertificate().subject;
        expect({ CN, ...JSON.parse(await text(socket)) }, { CN: servername, servername });
      }
    },
    'a certificate nobody signed is refused': async () => {
      const { code } = await failure(connect({ ca: pem('stranger') }));
      expect({ code }, { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    },
    'a client with a certificate': async () => {
      const known = { cert: pem('client'), key: pem('client-key') };
      expect(await who(known), { authorized: true, peer: 'a client' });
      const stranger = { cert: pem('stranger'), key: pem('stranger-key') };
      expect(await who(stranger), { authorized: false, peer: 'a stranger' });
    },
    'TLS 1.3 resumes by ticket': () => resume(v13),
    'TLS 1.2 resumes by ticket': () => resume(v12),
    'TLS 1.2 resumes by session id': () => resume({ ...v12, port: PORTS.sessions }),
    'TLS 1.3: 8 MiB there and back': () => echo(v13, 1, 8 * MIB),
    'TLS 1.2: 8 MiB there and back': () => echo(v12, 2, 8 * MIB),
    'half-close: the answer follows our end': async () => {
      for (const version of [v12, v13]) {
        const socket = await act('after', version);
        socket.end(bytes(1, MIB));
        const got = Buffer.concat(await socket.toArray());
        expect({ sha: sha(got.subarray(0, MIB)) }, { sha: digest(2, MIB) });
        expect(JSON.parse(got.subarray(MIB)), { size: MIB, sha: digest(1, MIB) });
      }
    },
    'renegotiation, then half-close': async () => {
      const socket = await act('after', v12);
      socket.write(bytes(3, 100_000));
      await new Promise((resolve, reject) => {
        socket.renegotiate({}, (error) => (error ? reject(error) : resolve()));
      });
      socket.end();
      const got = Buffer.concat(await socket.toArray());
      expect(JSON.parse(got.subarray(MIB)), { size: 100_000, sha: digest(3, 100_000) });
    },
    'many small messages': async () => {
      const lines = Array.from({ length: MESSAGES }, (_, i) => `${i}\n`).join('');
      if ((await text(await act('push'))) !== lines) throw new Error('other lines');
    },
    'the server resets in the middle': async () => {
      const socket = await act('reset');
      const { code } = await failure(socket.toArray());
      expect({ code }, { code: 'ECONNRESET' });
    },
    'the client resets in the middle': async () => {
      const raw = net.connect(PORTS.tls, options.host);
      const socket = await act('flood', { socket: raw });
      socket.on('error', () => {});
      await new Promise((resolve) => socket.once('data', resolve));
      raw.resetAndDestroy();
      await until(async () => JSON.parse(await text(await act('errors'))).includes('ECONNRESET'));
    },
    'TLS begins on a socket that was used': async () => {
      const raw = net.connect(PORTS.start, options.host);
      raw.write('{"act":"starttls"}\n');
      const answer = await new Promise((resolve) => raw.once('data', resolve));
      expect({ answer: String(answer) }, { answer: 'go ahead: starttls\n' });
      await echo({ socket: raw }, 4, MIB);
    },
    '200 connections at once': () => times(200, () => echo(v13, 5, 50_000)),
  });

// ws over http and https. The path says what the server does with a connection.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { WebSocket, WebSocketServer } from 'ws';
import { bytes, digest, listening, MIB, options, play, ready, role, sha, times, until } from './play.mjs';

const pem = (name) => readFileSync(`${options.folder}/${name}.pem`);
const PORTS = { ws: 80, wss: 443 };
const MESSAGES = 10_000;
const closes = [];

function serve(socket, { url }) {
  socket.on('error', () => {});
  socket.on('close', (code) => closes.push(code));
  if (url === '/echo') socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  if (url === '/push') {
    for (let i = 0; i < MESSAGES; i++) socket.send(`message ${i}`);
    socket.close(1000, 'all');
  }
  if (url === '/reset')
    socket.send(Buffer.alloc(1000), () => (socket._socket._parent ?? socket._socket).resetAndDestroy());
  if (url === '/closes') socket.send(JSON.stringify(closes), () => socket.close());
}

if (role === 'server') {
  for (const [scheme, server] of [
    ['ws', http.createServer()],
    ['wss', https.createServer({ cert: pem('server'), key: pem('server-key') })],
  ]) {
    new WebSocketServer({ server, perMessageDeflate: { threshold: 100_000 } }).on('connection', serve);
    await listening(server, PORTS[scheme]);
  }
  ready();
}

const make = (scheme) => {
  const settings = { ca: scheme === 'wss' ? pem('ca') : [], servername: 'one.test', perMessageDeflate: false };
  const url = `${scheme}://${options.host}:${PORTS[scheme]}`;
  const make = (path, more = {}) => new WebSocket(`${url}${path}`, { ...settings, ...more });
  const open = async (path, more) => {
    const socket = make(path, more);
    await once(socket, 'open');
    return socket;
  };
  const end = async (socket) => {
    socket.close();
    await once(socket, 'close');
  };
  const equal = (got, want) => {
    if (got !== want) throw new Error(`${got} is not ${want}`);
  };
  const told = async () => {
    const socket = make('/closes');
    const [text] = await once(socket, 'message');
    await once(socket, 'close');
    return JSON.parse(text);
  };

  const all = {
    'texts and bytes come back': async () => {
      const socket = await open('/echo');
      for (const size of [0, 1, 125, 126, 65_535, 65_536, 4 * MIB]) {
        socket.send(bytes(1, size));
        const [back, isBinary] = await once(socket, 'message');
        equal(isBinary, true);
        equal(sha(back), digest(1, size));
      }
      socket.send('grüße');
      const [text, isBinary] = await once(socket, 'message');
      equal(`${text} ${isBinary}`, 'grüße false');
      await end(socket);
    },
    'compressed both ways': async () => {
      const socket = await open('/echo', { perMessageDeflate: true });
      equal(socket.extensions.startsWith('permessage-deflate'), true);
      const text = 'a text that packs well '.repeat(100_000);
      socket.send(text);
      const [back] = await once(socket, 'message');
      equal(sha(back), sha(text));
      await end(socket);
    },
    '10,000 messages pushed, then a close': async () => {
      const socket = make('/push');
      const got = [];
      socket.on('message', (data) => got.push(String(data)));
      const [code, reason] = await once(socket, 'close');
      equal(`${code} ${reason}`, '1000 all');
      equal(got.length, MESSAGES);
      equal(
        got.every((text, i) => text === `message ${i}`),
        true,
      );
    },
    'a ping is answered': async () => {
      const socket = await open('/echo');
      socket.ping('here');
      equal(String((await once(socket, 'pong'))[0]), 'here');
      await end(socket);
    },
    'the server resets': async () => {
      const socket = make('/reset');
      socket.on('error', () => {});
      equal(await new Promise((resolve) => socket.on('close', resolve)), 1006);
    },
    'the client terminates': async () => {
      const before = (await told()).filter((code) => code === 1006).length;
      const socket = await open('/echo');
      socket.send(bytes(2, MIB));
      socket.terminate();
      await until(async () => (await told()).filter((code) => code === 1006).length > before);
    },
    '200 connections at once': async () => {
      await times(200, async (i) => {
        const socket = await open('/echo');
        socket.send(bytes(i, 10_000));
        equal(sha((await once(socket, 'message'))[0]), digest(i, 10_000));
        await end(socket);
      });
    },
  };
  return Object.fromEntries(Object.entries(all).map(([name, run]) => [`${scheme}: ${name}`, run]));
};

if (role === 'client') await play({ ...make('ws'), ...make('wss') });

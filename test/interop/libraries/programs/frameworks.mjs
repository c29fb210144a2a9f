// Express and Fastify, asked by fetch and undici.
import { createReadStream, writeFileSync } from 'node:fs';
import http from 'node:http';
import { Readable } from 'node:stream';
import express from 'express';
import Fastify from 'fastify';
import { Agent, Pool, request } from 'undici';
import { bytes, digest, drink, failure, listening, MIB, options, play, ready, role, times, until } from './play.mjs';

const PORTS = { express: 3000, fastify: 3001 };
const file = `${options.folder}/file.bin`;
let aborted = 0;

async function* endless() {
  try {
    for (;;) {
      yield Buffer.alloc(50_000);
      await new Promise(setImmediate);
    }
  } finally {
    aborted++;
  }
}

async function serveExpress() {
  const app = express();
  app.use(express.json());
  app.post('/json', (req, res) => res.json({ got: req.body }));
  app.get('/file', (_req, res) => res.sendFile(file));
  app.put('/hash', async (req, res) => res.json(await drink(req)));
  app.get('/endless', (_req, res) =>
    Readable.from(endless())
      .pipe(res)
      .on('close', () => aborted++),
  );
  app.get('/aborted', (_req, res) => res.json({ aborted }));
  app.get('/hello/:name', (req, res) => res.send(`hello ${req.params.name}`));
  app.get('/fail', () => {
    throw Object.assign(new Error('no tea'), { status: 418 });
  });
  app.use((error, _req, res, _next) => res.status(error.status).send(error.message));
  await listening(http.createServer(app), PORTS.express);
}

async function serveFastify() {
  const app = Fastify();
  app.addContentTypeParser('application/octet-stream', (_req, body, done) => done(null, body));
  app.post('/json', async ({ body }) => ({ got: body }));
  app.get('/file', (_req, reply) => reply.type('application/octet-stream').send(createReadStream(file)));
  app.put('/hash', ({ body }) => drink(body));
  app.get('/endless', (_req, reply) => {
    reply.raw.on('close', () => aborted++);
    return reply.send(Readable.from(endless()));
  });
  app.get('/aborted', async () => ({ aborted }));
  app.get('/hello/:name', async ({ params }) => `hello ${params.name}`);
  app.get('/fail', async () => {
    throw Object.assign(new Error('no tea'), { statusCode: 418 });
  });
  await app.listen({ port: PORTS.fastify, host: '0.0.0.0' });
}

if (role === 'server') {
  writeFileSync(file, bytes(1, 8 * MIB));
  await serveExpress();
  await serveFastify();
  ready();
}

const make = (framework) => {
  const origin = `http://${options.host}:${PORTS[framework]}`;
  const equal = (got, want) => {
    if (got !== want) throw new Error(`${got} is not ${want}`);
  };
  const all = {
    'fetch: JSON there and back': async () => {
      const body = { list: Array.from({ length: 1_000 }, (_, i) => i), text: 'grüße' };
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${origin}/json`, { method: 'POST', headers, body: JSON.stringify(body) });
      equal(JSON.stringify((await answer.json()).got), JSON.stringify(body));
    },
    'fetch: a file of 8 MiB': async () => {
      equal((await drink((await fetch(`${origin}/file`)).body)).sha, digest(1, 8 * MIB));
    },
    'fetch: a stream of 8 MiB up': async () => {
      const body = Readable.toWeb(Readable.from([bytes(2, 8 * MIB)]));
      const headers = { 'content-type': 'application/octet-stream' };
      const answer = await fetch(`${origin}/hash`, { method: 'PUT', headers, body, duplex: 'half' });
      equal((await answer.json()).sha, digest(2, 8 * MIB));
    },
    'fetch: a route that throws': async () => {
      equal((await fetch(`${origin}/fail`)).status, 418);
    },
    'fetch: an abort in the middle': async () => {
      const before = (await (await fetch(`${origin}/aborted`)).json()).aborted;
      const stop = new AbortController();
      const { body } = await fetch(`${origin}/endless`, { signal: stop.signal });
      const reading = drink(body);
      setTimeout(() => stop.abort(), 100);
      equal((await failure(reading)).name, 'AbortError');
      await until(async () => (await (await fetch(`${origin}/aborted`)).json()).aborted > before);
    },
    'undici: 200 connections at once': async () => {
      const dispatcher = new Agent({ connections: 200 });
      await times(200, async (i) => {
        const { body } = await request(`${origin}/hello/${i}`, { dispatcher });
        equal(await body.text(), `hello ${i}`);
      });
      await dispatcher.close();
    },
    'undici: 500 requests in a pipeline': async () => {
      const pool = new Pool(origin, { connections: 1, pipelining: 10 });
      await times(500, async (i) => {
        const { body } = await pool.request({ method: 'GET', path: `/hello/${i}` });
        equal(await body.text(), `hello ${i}`);
      });
      await pool.close();
    },
  };
  return Object.fromEntries(Object.entries(all).map(([name, act]) => [`${framework}: ${name}`, act]));
};

if (role === 'client') await play({ ...make('express'), ...make('fastify') });

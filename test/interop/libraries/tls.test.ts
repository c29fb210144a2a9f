// node:tls each way, and OpenSSL's own programs on the other end.
import { afterAll, beforeAll, describe } from 'vitest';
import { lacking } from './setup.ts';
import { both, played, World } from './world.ts';

const scenarios = [
  'ALPN: the first that both have',
  'ALPN: none in common',
  'SNI chooses the certificate',
  'a certificate nobody signed is refused',
  'a client with a certificate',
  'TLS 1.3 resumes by ticket',
  'TLS 1.2 resumes by ticket',
  'TLS 1.2 resumes by session id',
  'TLS 1.3: 8 MiB there and back',
  'TLS 1.2: 8 MiB there and back',
  'half-close: the answer follows our end',
  'renegotiation, then half-close',
  'many small messages',
  'the server resets in the middle',
  'the client resets in the middle',
  'TLS begins on a socket that was used',
  '200 connections at once',
];

describe.skipIf(lacking() !== undefined)('tls', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
  });
  afterAll(async () => {
    await world?.close();
  });

  describe.each(both)('%s', (who) => {
    played(
      scenarios,
      () => world,
      (w) => w.cast(who, 'tls'),
    );
  });
});

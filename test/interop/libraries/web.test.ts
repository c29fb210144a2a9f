// The web as it is: nginx behind our clients; curl, h2load and OpenSSL in front of our servers; Express and Fastify each way.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addresses } from '../harness/index.ts';
import { digest, source } from '../programs/stream.mjs';
import { nginx } from './servers.ts';
import { lacking } from './setup.ts';
import { both, played, World } from './world.ts';

const MIB = 1 << 20;
const frameworks = [
  'fetch: JSON there and back',
  'fetch: a file of 8 MiB',
  'fetch: a stream of 8 MiB up',
  'fetch: a route that throws',
  'fetch: an abort in the middle',
  'undici: 200 connections at once',
  'undici: 500 requests in a pipeline',
];
const http1 = [
  '8 MiB up, and down again',
  'an agent keeps its connection',
  'the server ends without an answer',
  'we break off in the middle',
  '200 connections at once',
];
const tls = ['SNI, ALPN and version', 'an agent resumes its session', 'a client with a certificate'];
const h2 = ['8 MiB up, and down again', '100 streams at once'];
const titled = (title: string, names: string[]): string[] => names.map((name) => `${title}: ${name}`);

function stream(seed: number, size: number): Buffer {
  const next = source(seed, size);
  const chunks: Buffer[] = [];
  for (let chunk = next(); chunk !== null; chunk = next()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe.skipIf(lacking() !== undefined)('the web', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
    await nginx(world);
    writeFileSync(join(world.folder, 'big'), stream(4, 8 * MIB));
    writeFileSync(join(world.folder, 'small'), stream(5, 50_000));
  });
  afterAll(async () => {
    await world?.close();
  });

  describe('our clients and nginx', () => {
    played(
      [
        ...titled('http', http1),
        ...titled('https', http1),
        ...titled('tls', tls),
        ...titled('h2', h2),
        ...titled('h2c', h2),
        'fetch: a file',
        'undici over h2',
      ],
      () => world,
      (w) => w.reach('our client', 'nginx', []),
    );
  });

  describe.each(both)('Express and Fastify, %s', (who) => {
    played(
      ['express', 'fastify'].flatMap((framework) => titled(framework, frameworks)),
      () => world,
      (w) => w.cast(who, 'frameworks'),
    );
  });

  describe('programs of others and our servers', () => {
    const at = addresses.stack.v4;
    afterAll(() => world.curtain());
    const serve = async (program: string): Promise<void> => {
      await world.curtain();
      await world.ours(program, 'server').ready(40_000);
    };
    const curl = (args: string): string =>
      world.sh(`curl -sS --cacert ${world.folder}/ca.pem --resolve one.test:443:${at} ${args}`);

    test('curl: http and https', async () => {
      await serve('http');
      for (const url of [`http://${at}`, 'https://one.test']) {
        expect(curl(`${url}/bytes/${8 * MIB} | sha256sum`)).toContain(digest(1, 8 * MIB));
        expect(JSON.parse(curl(`-T ${world.folder}/big ${url}/hash`))).toEqual({
          size: 8 * MIB,
          sha: digest(4, 8 * MIB),
        });
        const codes = curl(
          `-Z --parallel-max 50 -w '%{http_code}\\n' ${`-o /dev/null ${url}/bytes/1000 `.repeat(100)}`,
        );
        expect(codes.split('\n')).toEqual(Array(100).fill('200'));
      }
    });
    test('curl and h2load: http2 with and without TLS', async () => {
      await serve('http2');
      for (const url of [`--http2-prior-knowledge http://${at}`, '--http2 https://one.test']) {
        expect(curl(`${url}/bytes/${8 * MIB} | sha256sum`)).toContain(digest(1, 8 * MIB));
        expect(curl(`-o /dev/null -w '%{http_version}' ${url}/trailers`)).toBe('2');
      }
      for (const scheme of ['http', 'https'])
        expect(world.sh(`h2load -n 2000 -c 50 -m 10 ${scheme}://${at}/bytes/1000`)).toContain(
          '2000 succeeded, 0 failed',
        );
    });
    test('openssl s_client: ALPN, SNI, sessions, a certificate of its own', async () => {
      await serve('tls');
      const { folder } = world;
      const client = (args: string, act = 'who'): string =>
        world.sh(
          `openssl s_client -connect ${at}:443 -CAfile ${folder}/ca.pem -ign_eof ${args} 2>&1`,
          `{"act":"${act}"}\n`,
        );
      const known = `-cert ${folder}/client.pem -key ${folder}/client-key.pem`;
      expect(client('-servername two.test -alpn two')).toContain('"alpnProtocol":"two","servername":"two.test"');
      expect(client(`-servername one.test ${known}`)).toContain('"servername":"one.test","authorized":true');
      for (const version of ['-tls1_2', '-tls1_3']) {
        expect(client(`${version} -servername one.test -sess_out ${folder}/s${version}`)).toContain('"resumed":false');
        expect(client(`${version} -servername one.test -sess_in ${folder}/s${version}`)).toContain('"resumed":true');
      }
    });
  });
});

// pg, ioredis and mqtt against the servers of Debian. Our server is a relay, through which the stock client speaks.
import { afterAll, beforeAll, describe } from 'vitest';
import { mosquitto, noPostgres, postgres, redis } from './servers.ts';
import { lacking } from './setup.ts';
import { both, played, World } from './world.ts';

const pg = [
  'it is the connection we think',
  '8 MiB there and back',
  '100,000 rows',
  '500 small queries, one after another',
  'an error leaves the connection in use',
  'a notification comes by itself',
  'a server process that is ended',
  'a pool of 40 does 1,000 queries',
];
const ioredis = [
  '16 MiB there and back',
  '20,000 commands in a pipeline',
  '500 commands, one after another',
  '5,000 messages by subscription',
  'a command that waits for another client',
  'it connects again when the server drops it',
  '200 connections at once',
];
const mqtt = [
  'a large message there and back',
  'QoS 0, 1 and 2',
  '2,000 messages to a subscriber',
  'a retained message',
  'the will of a client that breaks off',
  '100 connections at once',
];
const casts = [
  { library: 'pg', server: postgres, ports: [5432], schemes: ['plain', 'tls'], scenarios: pg },
  { library: 'ioredis', server: redis, ports: [6379, 6380], schemes: ['plain', 'tls'], scenarios: ioredis },
  { library: 'mqtt', server: mosquitto, ports: [1883, 8883, 9001], schemes: ['mqtt', 'mqtts', 'ws'], scenarios: mqtt },
];

function missing(library: string): boolean {
  const why = lacking() ?? (library === 'pg' ? noPostgres() : undefined);
  if (why !== undefined && lacking() === undefined) console.warn(`libraries: pg skipped: ${why}`);
  return why !== undefined;
}

for (const { library, server, ports, schemes, scenarios } of casts) {
  describe.skipIf(missing(library))(library, () => {
    let world: World;
    beforeAll(async () => {
      world = await World.create();
      await server(world);
    });
    afterAll(async () => {
      await world?.close();
    });

    describe.each(both)('%s', (who) => {
      played(
        schemes
          .flatMap((scheme) => scenarios.map((name) => `${scheme}: ${name}`))
          .filter((name) => name !== 'tls: 5,000 messages by subscription'),
        () => world,
        (w) => w.reach(who, library, ports),
      );
    });
  });
}

// Message protocols that live on an HTTP connection: ws and gRPC, each way.
import { afterAll, beforeAll, describe } from 'vitest';
import { lacking } from './setup.ts';
import { both, played, World } from './world.ts';

const ws = [
  'texts and bytes come back',
  'compressed both ways',
  '10,000 messages pushed, then a close',
  'a ping is answered',
  'the server resets',
  'the client terminates',
  '200 connections at once',
];
const grpc = [
  '8 MiB there and back',
  '500 calls at once',
  'a status and its text',
  'the server streams 5,000 messages',
  'the client streams 8 MiB',
  'both stream',
  'the client cancels a stream',
  'a deadline passes',
  '100 connections at once',
];
const casts = [
  ['ws', ['ws', 'wss'], ws],
  ['grpc', ['plain', 'tls'], grpc],
] as const;

describe.skipIf(lacking() !== undefined).each(casts)('%s', (program, schemes, scenarios) => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
  });
  afterAll(async () => {
    await world?.close();
  });

  describe.each(both)('%s', (who) => {
    played(
      schemes.flatMap((scheme) => scenarios.map((name) => `${scheme}: ${name}`)),
      () => world,
      (w) => w.cast(who, program),
    );
  });
});

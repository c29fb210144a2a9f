// node:http2 each way.
import { afterAll, beforeAll, describe } from 'vitest';
import { lacking } from './setup.ts';
import { both, played, World } from './world.ts';

const scenarios = [
  '16 MiB down',
  '16 MiB up',
  '200 streams at once',
  'a stream pushed by the server',
  'trailers',
  'many small frames',
  'ping',
  'the server cancels a stream, the session goes on',
  'the client cancels a stream, the session goes on',
  'the server destroys the session',
  'GOAWAY: what was begun is finished',
  '60 sessions at once',
];

describe.skipIf(lacking() !== undefined)('http2', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
  });
  afterAll(async () => {
    await world?.close();
  });

  describe.each(both)('%s', (who) => {
    played(
      ['h2c', 'h2'].flatMap((scheme) => scenarios.map((name) => `${scheme}: ${name}`)),
      () => world,
      (w) => w.cast(who, 'http2'),
    );
  });
});

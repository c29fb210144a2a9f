// node:http and node:https, each way: the same program on our stack and on the kernel.
import { afterAll, beforeAll, describe } from 'vitest';
import { lacking } from './setup.ts';
import { both, played, World } from './world.ts';

const scenarios = [
  '16 MiB down',
  '16 MiB up',
  '8 MiB both ways at once',
  'an agent keeps its connection',
  'many small chunks',
  'the server resets in the middle',
  'the server ends in the middle',
  'the client resets in the middle',
  'a body after 100 Continue',
  'an upgrade',
  'a tunnel by CONNECT',
  '200 connections at once',
];

describe.skipIf(lacking() !== undefined)('http and https', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.create();
  });
  afterAll(async () => {
    await world?.close();
  });

  describe.each(both)('%s', (who) => {
    const names = ['http', 'https'].flatMap((scheme) => scenarios.map((name) => `${scheme}: ${name}`));
    played(
      names,
      () => world,
      (w) => w.cast(who, 'http'),
    );
  });
});

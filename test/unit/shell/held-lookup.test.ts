// A lookup of the user's, whatever it does: it is answered once, and holds the process exactly until then.
import type { lookup } from 'node:dns';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import type { Engine } from '../../../src/shell/engine.ts';
import { heldLookup } from '../../../src/shell/held-lookup.ts';
import { World } from '../../../src/sim.ts';

const world = new World();
afterEach(() => world.close());

type Done = (...answer: unknown[]) => void;
const asLookup = (ask: (done: Done) => void): typeof lookup =>
  ((_host: string, _options: object, done: Done) => ask(done)) as unknown as typeof lookup;

/** What it told, and what is held afterwards. */
function told(ask: (done: Done) => void): { held: number; answers: unknown[][] } {
  let held = 0;
  const answers: unknown[][] = [];
  const engine = { hold: () => held++, letGo: () => held-- } as unknown as Engine;
  heldLookup(engine, asLookup(ask), 'b.test', {}, (...answer) => answers.push(answer));
  return { held, answers };
}

test('one that throws has found nothing', () => {
  const failure = new Error('no');
  expect(
    told(() => {
      throw failure;
    }),
  ).toEqual({ held: 0, answers: [[failure, undefined]] });
  const { answers } = told(() => {
    throw 'no';
  });
  expect(answers).toEqual([[expect.objectContaining({ message: 'no' }), undefined]]);
});

test("its second answer is nobody's", () => {
  const twice = told((done) => {
    done(null, '10.0.0.2', 4);
    done(null, '10.0.0.3', 4);
  });
  expect(twice).toEqual({ held: 0, answers: [[null, '10.0.0.2', 4]] });
});

test('what whoever is told throws stays his', () => {
  let held = 0;
  const engine = { hold: () => held++, letGo: () => held-- } as unknown as Engine;
  const throws = (): void => {
    throw new Error('mine');
  };
  expect(() =>
    heldLookup(
      engine,
      asLookup((done) => done(null)),
      'b.test',
      {},
      throws,
    ),
  ).toThrow('mine');
  expect(held).toBe(0);
});

test('who gives it up is told nothing, and nothing is held, whatever it does then', () => {
  let held = 0;
  const engine = { hold: () => held++, letGo: () => held-- } as unknown as Engine;
  const answers: unknown[] = [];
  let answer: Done = () => {};
  const giveUp = heldLookup(
    engine,
    asLookup((done) => {
      answer = done;
    }),
    'b.test',
    {},
    (...all) => answers.push(all),
  );
  expect(held).toBe(1);
  giveUp();
  giveUp();
  answer(null, '10.0.0.2', 4);
  expect([held, answers]).toEqual([0, []]);
});

test('connect() fails by an event, open() by its promise; two answers are one connection', async () => {
  const a = world.host('10.0.0.1/24');
  const b = world.host('10.0.0.2/24');
  b.serve(80, {});
  const failing = asLookup(() => {
    throw new Error('no such thing');
  });
  const socket = a.connect({ host: 'b.test', port: 80, lookup: failing });
  expect((await once(socket, 'error'))[0]).toMatchObject({ message: 'no such thing' });
  await expect(a.open({ host: 'b.test', port: 80, lookup: failing })).rejects.toThrow('no such thing');
  const twice = asLookup((done) => {
    done(null, '10.0.0.2', 4);
    done(null, '10.0.0.2', 4);
  });
  const client = a.connect({ host: 'b.test', port: 80, lookup: twice });
  await world.settle(once(client, 'connect'));
  await world.run(1000);
  expect([a, b].map((stack) => stack.metrics().connections)).toEqual([1, 1]);
});

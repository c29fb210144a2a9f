import diagnostics from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Flights } from '../../src/core/tcp/flights.ts';
import { End } from '../../src/link/crossover.ts';
import { SimLink, SimWire, VirtualClock } from '../../src/link/sim.ts';
import type { Link } from '../../src/ports.ts';
import { channels } from '../../src/shell/channels.ts';
import type { Conn } from '../../src/shell/conn.ts';
import { rehearseSockets } from '../../src/shell/net/rehearsal.ts';
import { checkOptions, type StackOptions } from '../../src/shell/options/stack-options.ts';
import { rehearsed } from '../../src/shell/rehearsed.ts';
import { Stack } from '../../src/shell/stack.ts';
import { createStack } from '../../src/stack.ts';
import { assemble } from '../../src/stack-assembly.ts';
import { rehearse } from '../../src/stack-rehearsal.ts';

const LITTLE = {
  roundTrips: 20,
  connections: 20,
  sockets: 40,
  whole: 1 << 20,
  inPieces: 1 << 20,
  withLosses: 1 << 20,
  crowd: 1100,
  again: 20,
};
const NOTHING = {
  roundTrips: 0,
  connections: 0,
  sockets: 0,
  whole: 0,
  inPieces: 0,
  withLosses: 0,
  crowd: 0,
  again: 0,
};
const LONG = 30_000;
/** The port of the last source of bytes. */
const SOURCE = 8;
const play = (options: StackOptions = {}, limit = LONG) =>
  rehearse(assemble, checkOptions(options), limit, undefined, LITTLE);

test.each<[string, StackOptions]>([
  ['as it is', {}],
  ['with ways of its own', { tcp: { noDelay: true, timestamps: false, sack: false, ecn: 'on', fastOpen: 'on' } }],
  ['with small buffers', { tcp: { sendBuffer: 8192, receiveBuffer: 8192 } }],
  ['with few ports of its own', { tcp: { ephemeralPorts: [40_000, 40_009] } }],
  ['with a small budget', { maxConnections: 1, budget: { total: 1 << 20 } }],
])('a stack %s plays every part', async (_name, options) => {
  const done = await play(options);
  for (const part of ['roundTrips', 'connections', 'whole', 'inPieces', 'withLosses', 'crowd', 'again'] as const)
    expect(done[part], part).toBeGreaterThanOrEqual(LITTLE[part]);
});

// A segment that was lost last comes when the timeout is over, and that is in the next part.
test('what comes late of one part is not taken for the next', async () => {
  const { dial } = Stack.prototype;
  const abort = vi.fn();
  let late: (() => void) | undefined;
  const spy = vi.spyOn(Stack.prototype, 'dial').mockImplementation(function (this: Stack, to, handlers) {
    if (to.port === SOURCE) late = () => handlers.data?.({ abort } as unknown as Conn, Buffer.alloc(1 << 16));
    else if (to.port === 1) late?.();
    return dial.call(this, to, handlers);
  });
  const done = await play();
  spy.mockRestore();
  expect(done.crowd).toBeGreaterThanOrEqual(LITTLE.crowd);
  expect(abort).toHaveBeenCalled();
});

describe('once usertcp/net is imported', () => {
  beforeEach(rehearseSockets);
  afterEach(() => void delete rehearsed.sockets);

  test('sockets are played, too', async () => {
    const done = await play();
    for (const part of Object.keys(LITTLE) as (keyof typeof LITTLE)[])
      expect(done[part], part).toBeGreaterThanOrEqual(LITTLE[part]);
  });

  test('but not while somebody would hear of them', async () => {
    const hear = vi.fn();
    diagnostics.subscribe('net.server.socket', hear);
    const done = await play();
    diagnostics.unsubscribe('net.server.socket', hear);
    expect([done.sockets, hear.mock.calls.length]).toEqual([0, 0]);
  });
});

test('no time, no play', async () => {
  expect(await play({}, 0)).toEqual(NOTHING);
});

test('some of a crowd give back their blocks and take one again', async () => {
  const take = vi.spyOn(Flights.prototype, 'take');
  const taken = async (crowd: number) => {
    const before = take.mock.calls.length;
    await rehearse(assemble, checkOptions({}), LONG, undefined, { ...NOTHING, crowd });
    return take.mock.calls.length - before;
  };
  // Who is dialled in any case is in both. Without rest it is a block for each end of the others.
  const others = LITTLE.crowd - 100;
  expect((await taken(LITTLE.crowd)) - (await taken(0))).toBeGreaterThan(2 * others + 100);
  take.mockRestore();
});

test('a controller of the user hears nothing of it', async () => {
  const hear = vi.fn();
  const congestion = { name: 'mine', open: hear, onAck: hear, onLossEvent: hear, onRto: hear };
  await play({ tcp: { congestion } });
  expect(hear).not.toHaveBeenCalled();
});

test('the diagnostics channels hear nothing of it', async () => {
  const hear = vi.fn();
  for (const { name } of Object.values(channels)) diagnostics.subscribe(name as string, hear);
  await play();
  for (const { name } of Object.values(channels)) diagnostics.unsubscribe(name as string, hear);
  expect(hear).not.toHaveBeenCalled();
});

// V8 tells objects apart by how they came to be: with other facts it would throw away what it compiled for these.
test('the facts of the cable are made as the addon makes its own', () => {
  const addon = readFileSync(new URL('../../native/node/link_wrap.cc', import.meta.url), 'utf8');
  const made = [...addon.matchAll(/facts\.Set\("(\w+)"/g)].map(([, name]) => name);
  expect(Object.keys(new End(1).facts())).toEqual(made);
});

test('createStack waits for it, and the stack knows nothing of it', async () => {
  const stack = await createStack({ warmUp: 20 });
  expect(stack.metrics()).toMatchObject({ connections: 0, listeners: 0, rows: 0, timeWaits: 0 });
  await stack.close();
});

test('a signal ends it', async () => {
  const never = new AbortController();
  setTimeout(() => never.abort(), 50);
  const endless = { ...LITTLE, roundTrips: Number.POSITIVE_INFINITY };
  const done = await rehearse(assemble, checkOptions({}), 10 * LONG, never.signal, endless);
  expect(done).toMatchObject({ connections: 0, sockets: 0, whole: 0, inPieces: 0, withLosses: 0 });
});

describe('a rehearsal that fails', () => {
  const why = new Error('no play today');
  let closed: number;
  let link: Link;
  beforeEach(() => {
    closed = 0;
    link = Object.assign(new SimLink(new SimWire({ clock: new VirtualClock() })), {
      close: () => Promise.resolve(void closed++),
    });
    rehearsed.sockets = () => {
      throw why;
    };
  });
  afterEach(() => void delete rehearsed.sockets);

  test('leaves no stack open', async () => {
    await expect(createStack({ link, addresses: ['10.0.0.2/24'], warmUp: true })).rejects.toBe(why);
    expect(closed).toBe(1);
  });

  test('while the stack is still being opened, is told once that is done', async () => {
    const ip = { duplicates: 'wait' } as const;
    const opening = createStack({ link, addresses: ['fd00::2/64'], warmUp: true, ip });
    const settled = await Promise.race([opening.catch(() => 'at once'), after(300, 'later')]);
    expect([settled, closed]).toEqual(['later', 0]);
    await expect(opening).rejects.toBe(why);
    expect(closed).toBe(1);
  });
});

test('a connection that cannot be opened ends it, and not the process', async () => {
  const dial = vi.spyOn(Stack.prototype, 'dial').mockImplementationOnce(() => {
    throw new Error('no room');
  });
  const done = await play();
  dial.mockRestore();
  expect(done).toEqual(NOTHING);
});

test('a stack that cannot be opened says why', async () => {
  const refused = createStack({ device: 'nosuchdevice0', addresses: ['10.0.0.2/24'], warmUp: true });
  await expect(refused).rejects.toThrow(/nosuchdevice0|native/);
});

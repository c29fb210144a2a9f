// What is opened is given back, whatever fails on the way.
import { expect, test, vi } from 'vitest';
import { SimLink, SimWire, VirtualClock } from '../../../src/link/sim.ts';
import { Stack } from '../../../src/shell/stack.ts';
import { undoAll } from '../../../src/shell/undo.ts';
import { createStack } from '../../../src/stack.ts';

const failing = (text: string) => () => Promise.reject(new Error(text));

test('every step runs; one error is itself, several are an AggregateError', async () => {
  const run: string[] = [];
  const step = (): unknown => run.push('step');
  expect(await undoAll([step, step])).toBe(undefined);
  expect(await undoAll([failing('one'), step])).toMatchObject({ name: 'Error', message: 'one' });
  const thrower = (): never => {
    throw new Error('two');
  };
  const both = await undoAll([failing('one'), thrower, step], [new Error('first')]);
  expect(both).toBeInstanceOf(AggregateError);
  expect((both as Error).message).toBe('first; one; two');
  expect(run).toHaveLength(4);
});

function wired(): SimLink {
  return new SimLink(new SimWire({ clock: new VirtualClock() }), { name: 'sim0' });
}

test('a link that cannot be closed does not keep the capture open', async () => {
  const link = wired();
  link.close = failing('stuck');
  const end = vi.fn();
  const stack = await createStack({ link, addresses: ['10.0.0.1/24'], capture: { write: () => {}, end } });
  expect(stack).toBeInstanceOf(Stack);
  await expect(stack.close()).rejects.toThrow('stuck');
  expect(end).toHaveBeenCalledOnce();
});

test('a core that fails while it closes does not keep the rest open', async () => {
  const link = wired();
  const end = vi.fn();
  const stack = await createStack({ link, addresses: ['10.0.0.1/24'], capture: { write: () => {}, end } });
  await Promise.resolve();
  link.flush = () => {
    throw new Error('broken');
  };
  void stack.open({ host: '10.0.0.2', port: 80 }).catch(() => {});
  await expect(stack.close()).rejects.toThrow('broken');
  expect(end).toHaveBeenCalledOnce();
});

test('a stack that cannot be put together closes links and capture, and says why', async () => {
  const link = wired();
  link.start = () => {
    throw new Error('no start');
  };
  const close = vi.spyOn(link, 'close');
  const end = vi.fn();
  const options = { link, addresses: ['10.0.0.1/24'], capture: { write: () => {}, end } };
  await expect(createStack(options)).rejects.toThrow(/^no start$/);
  expect([close.mock.calls.length, end.mock.calls.length]).toEqual([1, 1]);
});

/** The stacks that API tests run on. */
import { createStack } from '../../../src/stack.ts';
import type { Stack } from '../../../src/shell/stack.ts';
import { fakeStack } from '../shell/fake-core.ts';

export interface Bench {
  readonly host: string;
  open(): Promise<Stack>;
}

/** A stand-in for the core: what fails here is the shell. */
export const fake: Bench = { host: '10.0.0.1', open: async () => fakeStack().stack };

/** The whole stack over its loopback link. */
export const loopback: Bench = { host: '127.0.0.1', open: () => createStack({ tcp: { msl: 10 } }) };

export const benches: [string, Bench][] = [['fake core', fake], ['loopback', loopback]];

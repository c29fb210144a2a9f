/** Stands in for vitest while conformance files are read for their scripts: describe runs, plain tests are left where they are. */

export { expect, vi } from 'vitest';

type Body = () => void;

export function describe(_name: string, body: Body): void {
  body();
}

const nothing = (): void => {};
export const test = Object.assign(nothing, {
  each: () => nothing,
  skip: nothing,
  skipIf: () => nothing,
  runIf: () => nothing,
});
export const it = test;
export const beforeAll = nothing;
export const afterAll = nothing;
export const beforeEach = nothing;
export const afterEach = nothing;
describe.each = () => nothing;
describe.skip = nothing;

/** `conform(name, script)` is a test for IPv4 and one for IPv6. */
import { test } from 'vitest';
import type { Backend } from './backend.ts';
import type { CoreBackendOptions } from './core-backend.ts';
import { Script, type Settings } from './script.ts';

export type Body = string | ((s: Script) => Promise<void>);

export interface Conformance {
  readonly name: string;
  readonly families: readonly (4 | 6)[];
  readonly body: Body;
  readonly settings: Settings;
}

/** Where the scripts of a file go instead of becoming tests: test/oracle reads them and runs them elsewhere. */
let collection: Conformance[] | undefined;

export function collectInto(list: Conformance[]): void {
  collection = list;
}

export function conform(name: string, body: Body, settings: Settings = {}): void {
  if (collection !== undefined) return void collection.push({ name, families: [4, 6], body, settings });
  for (const family of [4, 6] as const) {
    test(`${name} (IPv${family})`, () => perform(family, body, settings));
  }
}

/** Where the family makes no difference: rows over many states. */
export function conformOnce(name: string, body: Body, settings: Settings = {}): void {
  if (collection !== undefined) return void collection.push({ name, families: [4], body, settings });
  test(name, () => perform(4, body, settings));
}

export async function perform(
  family: 4 | 6,
  body: Body,
  settings: Settings,
  make?: (options: CoreBackendOptions) => Backend,
): Promise<void> {
  const s = make === undefined ? new Script(family, settings) : new Script(family, settings, make);
  try {
    if (typeof body === 'string') await s.run(body);
    else await body(s);
  } finally {
    await s.close();
  }
}

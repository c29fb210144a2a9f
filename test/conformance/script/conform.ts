/** `conform(name, script)` is a test for IPv4 and one for IPv6. */
import { test } from 'vitest';
import { Script, type Settings } from './script.ts';

export type Body = string | ((s: Script) => Promise<void>);

export function conform(name: string, body: Body, settings: Settings = {}): void {
  for (const family of [4, 6] as const) {
    test(`${name} (IPv${family})`, () => perform(family, body, settings));
  }
}

/** Where the family makes no difference: rows over many states. */
export function conformOnce(name: string, body: Body, settings: Settings = {}): void {
  test(name, () => perform(4, body, settings));
}

async function perform(family: 4 | 6, body: Body, settings: Settings): Promise<void> {
  const s = new Script(family, settings);
  try {
    if (typeof body === 'string') await s.run(body);
    else await body(s);
  } finally {
    await s.close();
  }
}

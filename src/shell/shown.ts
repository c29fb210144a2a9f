/** What console.log says of an object of ours: what somebody who debugs asks first, and not what it is made of. */
import { type InspectOptions, inspect } from 'node:util';
import type { Endpoint } from './endpoint.ts';

/** For a method `[inspect.custom]`. What is undefined is left out. */
export function shown(name: string, facts: object, depth: number, options: InspectOptions): string {
  if (depth < 0) return `[${name}]`;
  const known = Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined));
  return `${name} ${inspect(known, { ...options, depth })}`;
}

/** Such as 10.0.0.1:80 or [fd00::1]:80; undefined for an end that nobody knows any more. */
export function place({ address, port }: Endpoint): string | undefined {
  if (address === '') return undefined;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

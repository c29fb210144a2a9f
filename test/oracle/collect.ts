/** Every script of test/conformance, rehearsed. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Conformance, collectInto } from '../conformance/script/conform.ts';
import { type Rehearsal, rehearse } from './rehearsal.ts';

export type Collected = Conformance & Rehearsal;

export async function collect(): Promise<readonly Collected[]> {
  const scripts: Conformance[] = [];
  collectInto(scripts);
  const folder = fileURLToPath(new URL('../conformance/', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  for (const file of files.sort()) await import(`${folder}${file}`);
  const collected: Collected[] = [];
  for (const script of scripts) collected.push({ ...script, ...(await rehearse(script)) });
  return collected;
}

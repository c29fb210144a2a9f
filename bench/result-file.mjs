// Where a bench writes its rows: <folder>/<minute>-<name>.jsonl, made here, so that no two runs have the same.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { path } from '../scripts/prepare.mjs';

/** Makes an empty file and returns its path; a second one of that name and minute has `-2` behind the name. */
export function resultFile(name, { folder = path('bench/results'), ending = '.jsonl' } = {}) {
  mkdirSync(folder, { recursive: true });
  const stem = join(folder, `${new Date().toISOString().slice(0, 16).replaceAll(':', '')}-${name}`);
  for (let n = 1; ; n++) {
    const file = `${stem}${n === 1 ? '' : `-${n}`}${ending}`;
    try {
      writeFileSync(file, '', { flag: 'wx' });
      return file;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
}

/** The file beside a .jsonl with another ending: `.meta.json`, `.md`. */
export const beside = (file, ending) => file.replace(/\.jsonl$/, ending);

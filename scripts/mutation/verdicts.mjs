// Verdicts as they fall. Stryker writes its book at the end of a run; one that is interrupted goes on from here.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

const hash = (text) => createHash('sha256').update(text).digest('base64').slice(0, 16);

export class Verdicts {
  #known = new Map();
  #tests;
  #root;
  #book;
  #sources = new Map();

  /** `files`: the tests. Other tests, other verdicts. */
  constructor(files) {
    // The copy that tests run in is .cache/stryker/sandbox-…
    this.#root = process.cwd().replace(/\/\.cache\/stryker\/.*$/, '');
    this.#book = resolve(this.#root, '.cache/mutation/verdicts.jsonl');
    this.#tests = hash(files.map((file) => readFileSync(file, 'utf8')).join('\0'));
    mkdirSync(dirname(this.#book), { recursive: true });
    if (!existsSync(this.#book)) return;
    for (const line of readFileSync(this.#book, 'utf8').split('\n')) {
      if (!line.endsWith('}')) continue;
      const { key, verdict } = JSON.parse(line);
      this.#known.set(key, verdict);
    }
  }

  get(mutant) {
    return this.#known.get(this.#key(mutant));
  }

  add(mutant, verdict) {
    if (verdict.status !== 'error')
      appendFileSync(this.#book, `${JSON.stringify({ key: this.#key(mutant), verdict })}\n`);
    return verdict;
  }

  #key({ fileName, location: { start, end }, replacement }) {
    const file = relative(this.#root, fileName);
    if (!this.#sources.has(file)) this.#sources.set(file, hash(readFileSync(fileName, 'utf8')));
    const place = [start.line, start.column, end.line, end.column].join(':');
    return [this.#tests, file, this.#sources.get(file), place, hash(replacement)].join(' ');
  }
}

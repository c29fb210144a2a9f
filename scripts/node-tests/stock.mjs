// What each test does on the stock `net` of a Node: kept by Node's version and the tree's, since neither changes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { path } from '../prepare.mjs';

export class StockResults {
  #file;
  #known;

  constructor(node, tree) {
    this.#file = path(`.cache/node-tests/stock-${node}-${tree}.json`);
    try {
      this.#known = JSON.parse(readFileSync(this.#file, 'utf8'));
    } catch {
      this.#known = {};
    }
  }

  has(name) {
    return this.#known[name] !== undefined;
  }

  add({ name, status, ms, used, tries, text }) {
    const why = status === 'pass' ? {} : { text: text.slice(0, 2000) };
    this.#known[name] = { status, ms, tcp: used.kernel + used.kernelListening, tries, ...why };
  }

  save() {
    mkdirSync(path('.cache/node-tests'), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(this.#known, null, 1));
  }

  /** Passed on the stock net. What fails or skips there says nothing about ours. */
  applies(name) {
    return this.#known[name]?.status === 'pass';
  }

  usesTcp(name) {
    return this.#known[name].tcp > 0;
  }

  line(name) {
    const one = this.#known[name];
    return `${one.status.padEnd(7)} ${String(one.tcp).padStart(4)} ${String(one.ms).padStart(6)} ms  ${name}`;
  }
}

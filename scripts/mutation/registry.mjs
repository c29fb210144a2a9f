// Stands in for vitest while tests are judged under mutants: describe and test fill a list instead of running. `expect` and `vi`
// are vitest's own. Only what the tests of unit/core and conformance use is here: anything else fails as it is loaded.
import { format } from 'node:util';
import { expect, vi } from 'vitest';

export { expect, vi };

const list = [];
const names = new Map();
let file = '';
let path = [];

/** From now on, what is described belongs to this file. */
export function begin(name) {
  file = name;
  path = [];
}

export function tests() {
  return list;
}

/** `$key` of a row of objects, then printf's marks, as vitest fills them. */
function titled(title, values) {
  const row = Object(values[0]);
  const named = title.replace(/\$(\w+)/g, (text, key) => (Object.hasOwn(row, key) ? row[key] : text));
  const holes = named.match(/%[sdifjoO]/g)?.length ?? 0;
  return format(named, ...values.slice(0, holes));
}

const each = (add) => (rows) => (title, body) => {
  for (const row of rows) {
    const values = Array.isArray(row) ? row : [row];
    add(titled(title, values), () => body(...values));
  }
};

export function describe(title, body) {
  path.push(title);
  body();
  path.pop();
}
describe.each = each(describe);

export function test(title, body) {
  const name = [file, ...path, title].join(' > ');
  const seen = (names.get(name) ?? 0) + 1;
  names.set(name, seen);
  list.push({ id: seen === 1 ? name : `${name} #${seen}`, file, body });
}
test.each = each(test);

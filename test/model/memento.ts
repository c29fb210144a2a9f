/**
 * Saves and restores a whole core: the typed arrays it reaches (of large ones the part a small world uses) and the plain
 * fields of its objects. Found by walking the object graph, so that a new table or field needs no word here. That nothing was
 * missed is proven by replay: the checker walks some paths again from the start and compares.
 */

export interface Saved {
  readonly words: Int32Array;
  readonly fields: unknown[];
}

/** Bytes [from, from + length) of a region matter. */
export interface Window {
  readonly from: number;
  readonly length: number;
}

/** Configuration, what no decision depends on, and queues that are empty between turns. */
const LEFT_OUT = new Set(['links', 'link', 'defaults', 'counters', 'options', 'seg', 'events', 'trace', 'packet']);
const SMALL = 8192;
const PART = 256;

type Fields = Record<string, unknown>;

export class Memento {
  readonly #views: Int32Array[] = [];
  readonly #objects: [Fields, string][] = [];
  readonly #lists: [Fields, string][] = [];
  readonly #seen = new Set<unknown>();
  readonly #windows: ReadonlyMap<ArrayBufferLike, readonly Window[]>;
  #size = 0;

  constructor(roots: readonly object[], windows: ReadonlyMap<ArrayBufferLike, readonly Window[]>) {
    this.#windows = windows;
    for (const root of roots) this.#visit(root);
  }

  save(): Saved {
    const saved: Saved = { words: new Int32Array(this.#size), fields: [] };
    let at = 0;
    for (const view of this.#views) {
      // By hand: most are short, and `set` costs more than the copy.
      for (let n = 0; n < view.length; n++) saved.words[at++] = view[n]!;
    }
    let n = 0;
    for (const [object, key] of this.#objects) saved.fields[n++] = object[key];
    for (const [object, key] of this.#lists) saved.fields[n++] = copy(object[key]);
    return saved;
  }

  restore(saved: Saved): void {
    let at = 0;
    for (const view of this.#views) {
      for (let n = 0; n < view.length; n++) view[n] = saved.words[at++]!;
    }
    let n = 0;
    for (const [object, key] of this.#objects) object[key] = saved.fields[n++];
    for (const [object, key] of this.#lists) object[key] = copy(saved.fields[n++]);
  }

  #visit(value: unknown): void {
    if (typeof value !== 'object' || value === null || this.#seen.has(value)) return;
    this.#seen.add(value);
    if (ArrayBuffer.isView(value)) this.#view(value);
    else if (Array.isArray(value)) value.forEach((v) => void this.#visit(v));
    else if (!(value instanceof Map || value instanceof Set || value instanceof ArrayBuffer))
      this.#object(value as Fields);
  }

  #object(object: Fields): void {
    for (const key of Object.keys(object)) {
      if (LEFT_OUT.has(key)) continue;
      const value = object[key];
      if (typeof value === 'function') continue;
      if (typeof value !== 'object' || value === null) this.#objects.push([object, key]);
      else if (value instanceof Map || value instanceof Set || isPlainList(value)) this.#lists.push([object, key]);
      else this.#visit(value);
    }
  }

  #view(view: ArrayBufferView): void {
    const { buffer } = view;
    if (this.#seen.has(buffer)) return;
    this.#seen.add(buffer);
    const whole = { from: 0, length: buffer.byteLength > SMALL ? PART : buffer.byteLength };
    for (const { from, length } of this.#windows.get(buffer) ?? [whole]) {
      // What is left of a buffer that is no multiple of four is a byte array of names or addresses, which stay.
      const words = Math.min(length, buffer.byteLength - from) >> 2;
      this.#views.push(new Int32Array(buffer, from, words));
      this.#size += words;
    }
  }
}

function isPlainList(value: object): boolean {
  return Array.isArray(value) && value.every((v) => typeof v !== 'object' || v === null);
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : value.slice();
  if (value instanceof Map) return new Map(value);
  return value instanceof Set ? new Set(value) : value;
}

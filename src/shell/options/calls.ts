/** What calls are given besides options: bytes, handlers, times. Wrong ones throw OptionError, as wrong options do. */
import { types } from 'node:util';
import { HANDLER_NAMES, type Handlers } from '../handlers.ts';
import { OptionError } from '../option-error.ts';

const HANDLERS: readonly string[] = ['syn', ...HANDLER_NAMES];

/** What the same is called by node:net and in browsers. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  connect: 'open',
  connection: 'open',
  error: 'close(conn, error)',
  message: 'data',
};

const checked = new WeakSet<object>();

/** Shared handlers are looked at once. They may have functions of their own beside ours, but none that is a handler misspelt. */
export function checkHandlers(handlers: unknown): asserts handlers is Handlers {
  if (typeof handlers !== 'object' || handlers === null) {
    throw new OptionError('handlers', handlers, 'an object of functions, such as { data: (conn, chunk) => … }');
  }
  if (checked.has(handlers)) return;
  const given = handlers as Record<string, unknown>;
  for (const name of HANDLERS) {
    const handler = given[name];
    if (handler !== undefined && typeof handler !== 'function')
      throw new OptionError(`handlers.${name}`, handler, 'a function');
  }
  for (const name of Object.keys(given)) {
    const meant = typeof given[name] === 'function' ? meantBy(name) : undefined;
    if (meant !== undefined)
      throw new OptionError(`handlers.${name}`, given[name], 'absent: nobody calls it', `Did you mean ${meant}?`);
  }
  checked.add(handlers);
}

/** Another case, an `on` before it, or another's word for it. */
function meantBy(name: string): string | undefined {
  if (HANDLERS.includes(name)) return undefined;
  const bare = name.replace(/^on(?=.)/i, '').toLowerCase();
  return HANDLERS.find((known) => known.toLowerCase() === bare) ?? ELSEWHERE[bare];
}

/** A copy of no bytes at all would go out in silence, and one of wider elements cut short. */
export function octets(bytes: unknown, alsoText: boolean): Uint8Array {
  if (bytes instanceof Uint8Array || types.isUint8Array(bytes)) return bytes;
  const what = alsoText ? 'a Buffer, another Uint8Array or a text' : 'a Buffer or another Uint8Array';
  const fix = ArrayBuffer.isView(bytes)
    ? 'Its octets are new Uint8Array(view.buffer, view.byteOffset, view.byteLength).'
    : types.isAnyArrayBuffer(bytes)
      ? 'Its octets are new Uint8Array(buffer).'
      : undefined;
  throw new OptionError('bytes', bytes, what, fix);
}

/** A function, or absent. */
export function checkFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw new OptionError(name, value, 'a function');
}

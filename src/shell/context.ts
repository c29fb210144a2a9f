/**
 * Shared handlers in the async context of the call that named them, `serve` or `dial`: a turn of the stack may run in the tick of
 * whoever touched it last, and his AsyncLocalStorage is nobody else's to see.
 */
import { AsyncResource } from 'node:async_hooks';
import { HANDLER_NAMES, type Handlers } from './handlers.ts';

type Handler = (...given: unknown[]) => unknown;

interface Kind {
  /** Which handlers there are: a bit each, in the order of HANDLER_NAMES. */
  readonly mask: number;
  readonly Bound: new () => Handlers;
}

/** One class for each object of handlers, so that a connection that was dialled costs one small object more. */
const kinds = new WeakMap<Handlers, Kind>();

/** Handlers that call these, less `syn`, which is the listener's. Those of sockets are given back as they are: sockets have contexts of their own. */
export function inContext(handlers: Handlers): Handlers {
  if (handlers.keeps !== undefined) return handlers;
  const mask = maskOf(handlers);
  let kind = kinds.get(handlers);
  if (kind?.mask !== mask) {
    kind = { mask, Bound: classOf(handlers) };
    kinds.set(handlers, kind);
  }
  return new kind.Bound();
}

function maskOf(handlers: Handlers): number {
  let mask = 0;
  for (let n = 0; n < HANDLER_NAMES.length; n++) if (handlers[HANDLER_NAMES[n]!] !== undefined) mask |= 1 << n;
  return mask;
}

function classOf(handlers: Handlers): new () => Handlers {
  class Bound extends AsyncResource {
    constructor() {
      super('USERTCP_HANDLERS');
    }
  }
  for (const name of HANDLER_NAMES) {
    if (handlers[name] === undefined) continue;
    const value =
      name === 'data'
        ? function (this: Bound, conn: unknown, chunk: unknown): unknown {
            return this.runInAsyncScope(handlers.data as Handler, handlers, conn, chunk);
          }
        : function (this: Bound, ...given: unknown[]): unknown {
            return this.runInAsyncScope(handlers[name] as Handler, handlers, ...given);
          };
    Object.defineProperty(Bound.prototype, name, { value, enumerable: true });
  }
  return Bound as unknown as new () => Handlers;
}

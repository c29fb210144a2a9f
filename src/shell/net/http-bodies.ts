/**
 * Ticks after each piece of a request's body. Node's C++ runs them when it has told of one, and only then says that the request is complete; where
 * JavaScript handed it the bytes, it does not. So its callback does (ADR 37).
 */
import { internals } from './internals.ts';

/** What is there of Node's parser: callbacks under numbers, which its class names. */
interface Parser {
  /** It reads by itself, without the socket's 'data'. */
  _consumed?: boolean;
  readonly constructor: { kOnBody?: number };
  [callback: number]: Callback | undefined;
}
type Callback = (this: Parser, bytes: Uint8Array) => void;

interface Breather {
  breathe(): void;
}

/** Node's callback → the same with ticks. Parsers are used again for other sockets, also for the kernel's: those are not in a turn of ours. */
const followed = new WeakMap<Callback, Callback>();
const ours = new WeakSet<Callback>();
/** Who hands bytes on. */
let beneath: Breather | undefined;

/** Called before bytes go to a handle, and maybe to a parser that reads it. */
export function breatheAfterBodies(handle: object, stack: Breather | undefined): void {
  const socket = (handle as Record<symbol, { parser?: Parser | null } | undefined>)[internals.owner];
  const parser = socket?.parser;
  if (!parser?._consumed) return;
  beneath = stack;
  const { kOnBody } = parser.constructor;
  const told = kOnBody === undefined ? undefined : parser[kOnBody];
  if (told !== undefined && !ours.has(told)) parser[kOnBody!] = withTicks(told);
}

function withTicks(told: Callback): Callback {
  const known = followed.get(told);
  if (known !== undefined) return known;
  const both: Callback = function (bytes) {
    told.call(this, bytes);
    if (this._consumed) beneath?.breathe();
  };
  followed.set(told, both);
  ours.add(both);
  return both;
}

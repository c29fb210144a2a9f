/**
 * What this floor leans on inside Node, in one place. Node's own `net.Socket`, `net.Server` and `tls.TLSSocket` stay as they are; they
 * get handles of ours. Such a handle is a `JSStream`: the native StreamBase that Node itself uses for TLS over a stream written
 * in JavaScript, so TLS and the HTTP parser attach to it in C++ as they do to a kernel socket (ADR 34).
 */
import net from 'node:net';

/** A request object of libuv's kind; who made it waits for `oncomplete`. */
export interface Request {
  oncomplete?: ((status: number, ...rest: unknown[]) => void) | undefined;
  handle?: unknown;
  error?: string;
  /** What came of a write that was over before `oncomplete` was there. */
  writeStatus?: number | null;
}

/** The methods of Node's native StreamBase over JavaScript. */
export interface JsStream {
  onread?: (this: unknown, bytes?: ArrayBuffer) => unknown;
  /** Hands bytes to whoever listens: net.Socket, TLS or the HTTP parser. They are copied. */
  readBuffer(bytes: Uint8Array): void;
  emitEOF(): void;
  finishWrite(req: Request, status: number): void;
  finishShutdown(req: Request, status: number): void;
  getAsyncId(): number;
  useUserBuffer(buffer: Uint8Array): number;
}

/** The kernel's TCP handle. */
export interface KernelHandle {
  bind(address: string, port: number, flags?: number): number;
  bind6(address: string, port: number, flags?: number): number;
  listen(backlog: number): number;
  connect(req: Request, address: string, port: number): number;
  connect6(req: Request, address: string, port: number): number;
  getsockname(out: object): number;
  close(done?: () => void): void;
  ref(): void;
  unref(): void;
  onconnection?: (this: unknown, status: number, client?: object) => void;
}

interface Internals {
  /** The kernel's handles know SO_REUSEPORT. */
  readonly sharesPorts: boolean;
  /** Makes a native stream; the prototype may be another. */
  readonly JSStream: new () => JsStream;
  /** The kernel's handle class; 0 makes a socket, 1 a server. */
  readonly TCP: new (
    type: 0 | 1,
  ) => KernelHandle;
  /** Results of a handle's methods lie here, as Node's C++ leaves them. */
  readonly state: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kArrayBufferOffset: number;
  readonly kBytesWritten: number;
  readonly kLastWriteWasAsync: number;
  /** From Node 26.10 on. */
  readonly kLastWriteErr?: number | undefined;
  /** Property of a handle: its socket or server. */
  readonly owner: symbol;
  /** Bytes that the native stream handed on. */
  readonly bytesRead: (this: JsStream) => number;
  /** Method of a socket: puts another handle in the place of its own. */
  readonly reinitialize: symbol;
}

/** `process.binding` is deprecated as documentation says (DEP0111), and what Node offers for this; the warning is not the user's business. */
function bindings(): Record<string, Record<string, unknown>> {
  const { binding } = process as unknown as { binding(name: string): Record<string, unknown> };
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return Object.fromEntries(
      ['js_stream', 'stream_wrap', 'tcp_wrap'].map((name) => [name, binding.call(process, name)]),
    );
  } catch (error) {
    throw Object.assign(
      new Error(
        `usertcp/net needs process.binding() of Node ${process.version}, which is refused here (${(error as Error).message}): ` +
          'run without --permission. stack.serve() and stack.open() do not need it',
        { cause: error },
      ),
      { code: 'ERR_USERTCP_NO_BINDING' },
    );
  } finally {
    process.emitWarning = emitWarning;
  }
}

export function symbolOf(object: object, name: string): symbol {
  const found = Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === name);
  if (found !== undefined) return found;
  throw Object.assign(new Error(`usertcp/net does not know Node ${process.version}: net has no ${name}`), {
    code: 'ERR_USERTCP_NO_BINDING',
  });
}

function find(): Internals {
  const { js_stream, stream_wrap, tcp_wrap } = bindings();
  const { JSStream } = js_stream as Pick<Internals, 'JSStream'>;
  const { kReadBytesOrError, kArrayBufferOffset, kBytesWritten, kLastWriteWasAsync, kLastWriteErr, streamBaseState } =
    stream_wrap as unknown as Internals & {
      streamBaseState: Int32Array;
    };
  const handle = new JSStream();
  const probe = new net.Socket({ handle, manualStart: true } as net.SocketConstructorOpts);
  const owner = symbolOf(handle, 'owner_symbol');
  Object.assign(handle, { close: () => {} });
  probe.destroy();
  return {
    JSStream,
    TCP: (tcp_wrap as Pick<Internals, 'TCP'>).TCP,
    sharesPorts: 'UV_TCP_REUSEPORT' in (tcp_wrap!.constants as object),
    state: streamBaseState,
    kReadBytesOrError,
    kArrayBufferOffset,
    kBytesWritten,
    kLastWriteWasAsync,
    kLastWriteErr,
    owner,
    bytesRead: Object.getOwnPropertyDescriptor(JSStream.prototype, 'bytesRead')!.get!,
    reinitialize: symbolOf(net.Socket.prototype, 'kReinitializeHandle'),
  };
}

/** Without them the package loads, and whoever makes a handle hears why he cannot. */
function refused(error: Error): Internals {
  class Refused {
    constructor() {
      throw error;
    }
  }
  const nothing = {
    state: new Int32Array(8),
    kReadBytesOrError: 0,
    kArrayBufferOffset: 0,
    kBytesWritten: 0,
    kLastWriteWasAsync: 0,
    sharesPorts: false,
  };
  const none = { owner: Symbol('owner'), reinitialize: Symbol('reinitialize'), bytesRead: () => 0 };
  return {
    JSStream: Refused as unknown as Internals['JSStream'],
    TCP: Refused as unknown as Internals['TCP'],
    ...nothing,
    ...none,
  };
}

function findOrRefuse(): Internals {
  try {
    return find();
  } catch (error) {
    return refused(error as Error);
  }
}

export const internals: Internals = findOrRefuse();

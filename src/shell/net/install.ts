/**
 * Where handles of ours come in. Node's methods go on as they are; each of these five is asked first which handle a socket or
 * server is to have. As methods of Node's own prototypes they reach programs that took `net.Socket` or `connect` before.
 */
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { constants } from 'node:os';
import tls from 'node:tls';
import { advise, noPlaceFor } from './advice.ts';
import { boundOf, boundPlaces } from './bound.ts';
import { guardMessages } from './child-messages.ts';
import { TcpHandle } from './handle.ts';
import { internals, type JsStream, type KernelHandle } from './internals.ts';
import { countKernelServer } from './kernel-listen.ts';
import { ListenHandle } from './listen-handle.ts';
import { withPatience } from './patient-lookup.ts';
import { flagsOf } from './reuse-port.ts';
import type { Router } from './router.ts';
import { meetShapes } from './shapes.ts';

const { owner, reinitialize, TCP } = internals;

/** What lies under the published types. */
interface SocketInside extends net.Socket {
  _handle: object | null;
  _peername: object | null;
  [key: symbol]: unknown;
}
interface ServerInside extends net.Server {
  _handle: object | null;
  _listeningId: number;
}

interface TlsHandle {
  enableSessionCallbacks(): void;
}

type Listen = (
  this: ServerInside,
  address: string | null,
  port: number,
  type: number,
  backlog: number,
  fd: number | undefined,
  flags: number | undefined,
) => void;
type Wrap = (this: SocketInside, wrap: unknown, handle: object | null | undefined, active: boolean) => JsStream;
type Reinitialize = (this: SocketInside, handle: object | undefined) => void;

const socketMethods = net.Socket.prototype as unknown as SocketInside;
const tlsMethods = tls.TLSSocket.prototype as unknown as SocketInside & { _wrapHandle: Wrap };
const stock = {
  connect: net.Socket.prototype.connect as (this: SocketInside, ...args: unknown[]) => SocketInside,
  listen: (net.Server.prototype as unknown as { _listen2: Listen })._listen2,
  wrap: tlsMethods._wrapHandle,
  reinitialize: socketMethods[reinitialize] as Reinitialize,
  tlsReinitialize: tlsMethods[reinitialize] as Reinitialize,
};

/** A socket goes over to the kernel: its next handle is the kernel's, whatever the methods below would choose. */
let handingOver = false;

/** Puts the kernel's handle in the place of ours, before anything was connected. */
export function handOver(from: TcpHandle, to: KernelHandle): void {
  const socket = from.owner as SocketInside;
  const wantsRef = from.hasRef();
  handingOver = true;
  try {
    (socket[reinitialize] as Reinitialize).call(socket, to);
  } finally {
    handingOver = false;
  }
  Object.assign(to, { [owner]: socket });
  if (!wantsRef) to.unref();
}

const isKernels = (handle: object | undefined): boolean =>
  handle !== undefined && Object.getPrototypeOf(handle) === TCP.prototype;

/** Sockets whose connect began here: each of its attempts is routed anew. */
const routed = new WeakSet<object>();

const handleBelow = (socket: SocketInside): object | null | undefined =>
  socket instanceof tls.TLSSocket ? (socket._handle as { _parent?: object } | null)?._parent : socket._handle;

/** Methods that choose a handle of `router` where Node would make one of the kernel. */
export function methods(router: Router) {
  meetShapes();
  guardMessages();
  /** Another attempt of the same connect: Node brings a kernel handle, and gets one of ours. */
  const another = (socket: SocketInside, handle: object | undefined): object | undefined => {
    if (handingOver || !routed.has(socket) || !isKernels(handle)) return handle;
    (handle as KernelHandle).close();
    return Object.assign(new TcpHandle(router), { [owner]: socket });
  };
  return {
    connect(this: SocketInside, ...args: unknown[]): SocketInside {
      const [first] = args as [unknown];
      const options = Array.isArray(first) ? (first as unknown[])[0] : first;
      const path = typeof options === 'string' ? Number.isNaN(Number(options)) : (options as { path?: unknown })?.path;
      if (!path && (this._handle === null || this._handle === undefined || this.destroyed)) {
        this._peername = null;
        this._handle = null;
        stock.reinitialize.call(this, new TcpHandle(router));
      }
      const bound = boundOf(this._handle);
      if (bound !== undefined) {
        const handle = new TcpHandle(router);
        if (bound.address.includes(':')) handle.bind6(bound.address, bound.port);
        else handle.bind(bound.address, bound.port);
        stock.reinitialize.call(this, handle);
      }
      if (handleBelow(this) instanceof TcpHandle) routed.add(this);
      return stock.connect.apply(this, router.stack === undefined && !path ? withPatience(router, args) : args);
    },

    listen(this: ServerInside, ...given: Parameters<Listen>): void {
      const [, , type, backlog, fd] = given;
      const bound = boundOf(this._handle);
      if (bound === undefined && (this._handle !== null || fd !== undefined || (type !== 4 && type !== 6)))
        return stock.listen.apply(this, given);
      const args: Parameters<Listen> =
        bound === undefined ? given : [bound.address, bound.port, 4, backlog, undefined, bound.flags];
      const listen = (): void => {
        if (bound !== undefined) {
          if (router.listener(bound.address, bound.port) === 'kernel') return stock.listen.apply(this, given);
          (this._handle as KernelHandle).close();
          this._handle = null;
        }
        stock.listen.apply(this, choose(this, router, args));
        if (!(this._handle instanceof ListenHandle)) countKernelServer(this._handle as KernelHandle, router.counts);
      };
      const { _listeningId } = this;
      const begin = (): void => {
        if (this._listeningId !== _listeningId) return;
        const expected = router.expect(args[0] ?? '', args[1]);
        if (expected === undefined) return listen();
        void expected.then((letGo) => {
          if (this._listeningId === _listeningId) listen();
          letGo();
        });
      };
      if (router.stack !== undefined) return begin();
      router.ready.then(begin, (error: Error) => this.emit('error', error));
    },

    wrap(this: SocketInside, ...[wrap, handle, active]: Parameters<Wrap>): JsStream {
      const { pipe } = (this as unknown as { _tlsOptions: { pipe?: unknown } })._tlsOptions;
      const below = handle ?? (pipe ? handle : new TcpHandle(router));
      if (below instanceof TcpHandle && !wrap) Object.assign(below, { [owner]: this });
      const reader = stock.wrap.call(this, wrap, below, active);
      if (below instanceof TcpHandle) below.reader = reader;
      return reader;
    },

    reinitialize(this: SocketInside, handle: object | undefined): void {
      stock.reinitialize.call(this, another(this, handle));
    },

    tlsReinitialize(this: SocketInside, handle: object | undefined): void {
      stock.tlsReinitialize.call(this, another(this, handle));
      // Node says this to the first handle only; without it 'session' never comes, and no agent resumes a session.
      if (this.listenerCount('session') > 0) (this._handle as TlsHandle | null)?.enableSessionCallbacks();
    },
  };
}

/** Node's cluster listens in the primary for its workers, and sends each worker file descriptors: only a kernel has those. */
function isClusters(server: net.Server): boolean {
  const [first] = server.listeners('connection');
  return first?.name === 'fail' && String(first).includes('ERR_INTERNAL_ASSERTION');
}

/** Gives the server its handle, or leaves that to Node; returns what Node's `listen` is to be told. */
function choose(server: ServerInside, router: Router, args: Parameters<Listen>): Parameters<Listen> {
  const [address, port, , backlog, , flags] = args;
  const carrier = isClusters(server) ? 'kernel' : router.listener(address ?? '', port);
  if (carrier === 'kernel') return args;
  if (carrier === 'nobody')
    advise(server, -constants.errno.EADDRNOTAVAIL, noPlaceFor(address ?? '::', port, router, router.stack!));
  const at = address ?? '::';
  server._handle = new ListenHandle(router, at, port, flagsOf(server, flags), carrier === 'nobody');
  return [at, port, at.includes(':') ? 6 : 4, backlog, undefined, flags];
}

// Programs and Node itself ask whether a handle is `instanceof TCP`; where our methods are, it may be one. Two copies of this
// package in a process each know their own.
const known = TCP[Symbol.hasInstance];
Object.defineProperty(TCP, Symbol.hasInstance, {
  configurable: true,
  value: (object: unknown) => object instanceof TcpHandle || object instanceof ListenHandle || known.call(TCP, object),
});

/** From now on every socket and server of the process is routed. Returns what undoes it. */
export function install(router: Router): () => void {
  const chosen = methods(router);
  const places: [object, PropertyKey, unknown][] = [
    [net.Socket.prototype, 'connect', chosen.connect],
    [net.Server.prototype, '_listen2', chosen.listen],
    [net.Socket.prototype, reinitialize, chosen.reinitialize],
    [tls.TLSSocket.prototype, '_wrapHandle', chosen.wrap],
    [tls.TLSSocket.prototype, reinitialize, chosen.tlsReinitialize],
  ];
  places.push(...boundPlaces(router));
  const before = places.map(([object, key]) => Object.getOwnPropertyDescriptor(object, key)!);
  for (const [object, key, value] of places) {
    Object.defineProperty(object, key, { value, writable: true, configurable: true, enumerable: true });
  }
  syncBuiltinESMExports();
  return () => {
    places.forEach(([object, key], i) => {
      Object.defineProperty(object, key, before[i]!);
    });
    syncBuiltinESMExports();
  };
}

/** The module `net` of a stack: Node's own classes, with handles of ours. */
import diagnostics from 'node:diagnostics_channel';
import net from 'node:net';
import { type BoundSocketType, boundSocketOf } from './bound.ts';
import { methods } from './install.ts';
import { internals } from './internals.ts';
import type { Router } from './router.ts';

/** As `node:net`, over a stack. */
export interface Net {
  /** Node's `net.Socket`. */
  readonly Socket: typeof net.Socket;
  /** Node's `net.Server`. */
  readonly Server: typeof net.Server;
  /** As `net.createServer`. */
  readonly createServer: typeof net.createServer;
  /** As `net.connect`. */
  readonly connect: typeof net.connect;
  /** As `net.createConnection`. */
  readonly createConnection: typeof net.createConnection;
  /** Node's `net.BoundSocket`; undefined where Node has none. */
  readonly BoundSocket?: BoundSocketType | undefined;
}

type Inside = Record<PropertyKey, (...args: unknown[]) => unknown>;
const normalize = (
  net as unknown as {
    _normalizeArgs(args: unknown[]): [net.NetConnectOpts & net.SocketConstructorOpts & { timeout?: number }];
  }
)._normalizeArgs;
const clientSockets = diagnostics.channel('net.client.socket');

/** The classes and functions; `router` is asked for when the first socket or server needs it. */
export function netOf(router: () => Router): Net {
  let chosen: ReturnType<typeof methods> | undefined;
  const ours = (): ReturnType<typeof methods> => (chosen ??= methods(router()));

  class Socket extends net.Socket {
    override connect(...args: unknown[]): this {
      return (ours().connect as (...all: unknown[]) => unknown).apply(this, args) as this;
    }
  }
  // Sockets of our servers are Node's own class.
  Object.defineProperty(Socket, Symbol.hasInstance, {
    value(this: unknown, object: unknown) {
      const own = (this as typeof Socket).prototype === Socket.prototype;
      return own ? object instanceof net.Socket : Function.prototype[Symbol.hasInstance].call(this, object);
    },
  });
  Object.defineProperty(Socket.prototype, internals.reinitialize, {
    value(this: never, handle: object) {
      ours().reinitialize.call(this, handle);
    },
  });

  class Server extends net.Server {}
  Object.defineProperty(Server.prototype, '_listen2', {
    value(this: never, ...args: never) {
      (ours().listen as unknown as Inside['listen'])!.apply(this, args);
    },
  });

  // As in `net`, both are made with `new` or without.
  const callable = <T extends abstract new (...args: never[]) => object>(type: T): T =>
    new Proxy(type, { apply: (target, _this, args) => Reflect.construct(target, args) });
  const connect = (...args: unknown[]): net.Socket => {
    const normalized = normalize(args);
    const [options] = normalized;
    const socket = new Socket(options);
    if (clientSockets.hasSubscribers) clientSockets.publish({ socket });
    if (options.timeout) socket.setTimeout(options.timeout);
    return socket.connect(normalized as never);
  };
  const createServer = (...args: ConstructorParameters<typeof net.Server>): net.Server => new Server(...args);
  const BoundSocket = boundSocketOf(router);
  return {
    ...(BoundSocket && { BoundSocket }),
    Socket: callable(Socket),
    Server: callable(Server),
    createServer: createServer as typeof net.createServer,
    connect: connect as typeof net.connect,
    createConnection: connect as typeof net.createConnection,
  };
}

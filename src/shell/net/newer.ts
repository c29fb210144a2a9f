/**
 * What the newest `net` has and the Node that runs lacks, for sockets, servers and addresses: type of service, keep-alive with interval and
 * count, `await using`, `SocketAddress.parse`. Added to Node's own prototypes where a name is missing, because accepted sockets are of Node's class.
 */
import net from 'node:net';
import { checkSetting } from '../options/tcp.ts';
import { TcpHandle } from './handle.ts';
import { renewListen } from './reuse-port.ts';

interface Socket extends net.Socket {
  _handle: object | null;
}

const SECOND = 1000;
const wanted = new WeakMap<net.Socket, number>();

/** Ours, once there is one: under TLS it lies below. */
function handleOf(socket: Socket): TcpHandle | undefined {
  const handle = (socket._handle as { _parent?: object } | null)?._parent ?? socket._handle;
  return handle instanceof TcpHandle ? handle : undefined;
}

function whenConnected(socket: Socket, apply: (handle: TcpHandle) => void): void {
  const act = (): void => {
    const handle = handleOf(socket);
    if (handle !== undefined) apply(handle);
  };
  if (socket.pending) socket.once('connect', act);
  else act();
}

/** v24.15 */
function setTypeOfService(this: Socket, tos: number): Socket {
  checkSetting('typeOfService', tos);
  wanted.set(this, tos);
  whenConnected(this, (handle) => handle.setTypeOfService(tos));
  return this;
}

function getTypeOfService(this: Socket): number {
  return handleOf(this)?.getTypeOfService() || (wanted.get(this) ?? 0);
}

interface KeepAlive {
  enable?: boolean;
  initialDelay?: number;
  interval?: number;
  count?: number;
}
const { setKeepAlive: older } = net.Socket.prototype;

/** v24.19; times in ms. */
function setKeepAlive(
  this: Socket,
  first?: boolean | KeepAlive,
  delay?: number,
  every?: number,
  times?: number,
): Socket {
  const asked = typeof first === 'object' && first !== null ? first : undefined;
  const { enable, initialDelay, interval, count } = asked ?? {
    enable: first as boolean | undefined,
    initialDelay: delay,
    interval: every,
    count: times,
  };
  older.call(this, Boolean(enable), initialDelay);
  if (!enable || (interval === undefined && count === undefined)) return this;
  const seconds = (ms = 0): number => Math.trunc(ms / SECOND);
  whenConnected(this, (handle) => handle.setKeepAlive(true, seconds(initialDelay), seconds(interval), count));
  return this;
}

async function dispose(this: net.Server): Promise<void> {
  if (this.listening) await new Promise<void>((resolve) => this.close(() => resolve()));
}

/** v22.13: '10.0.0.1:80', '[::1]:80'; undefined for what is no address. */
function parse(input: string): net.SocketAddress | undefined {
  try {
    const { hostname, port } = new URL(`http://${input}`);
    const six = hostname.startsWith('[');
    const address = six ? hostname.slice(1, -1) : hostname;
    return new net.SocketAddress({ address, port: Number(port), family: six ? 'ipv6' : 'ipv4' });
  } catch {
    return undefined;
  }
}

function add(object: object, name: PropertyKey, value: unknown): void {
  if (!(name in object)) Object.defineProperty(object, name, { value, writable: true, configurable: true });
}

/** Brings Node's sockets and servers up to the newest `net`. */
export function renew(): void {
  add(net.Socket.prototype, 'setTypeOfService', setTypeOfService);
  add(net.Socket.prototype, 'getTypeOfService', getTypeOfService);
  add(net.Server.prototype, Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose'), dispose);
  add(net.SocketAddress, 'parse', parse);
  renewListen();
  if (older.length < 4) Object.assign(net.Socket.prototype, { setKeepAlive });
}

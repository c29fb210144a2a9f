/**
 * `usertcp/net`: `node:net` over the stack that the configuration describes (`usertcp.config.*`, `USERTCP_*`), or over one of your
 * own: `use(stack)`. The default export has the same names.
 *
 * @module usertcp/net
 */
import net from 'node:net';
import type { Conn } from './shell/conn.ts';
import { NewestBlockList } from './shell/net/block-list.ts';
import type { BoundSocketType } from './shell/net/bound.ts';
import { noteWriter } from './shell/net/capped.ts';
import type { NetCounts } from './shell/net/counts.ts';
import { TcpHandle } from './shell/net/handle.ts';
import { type Net, netOf } from './shell/net/net.ts';
import { renew } from './shell/net/newer.ts';
import { checkRules, type NetRules } from './shell/net/policy.ts';
import { rehearseSockets } from './shell/net/rehearsal.ts';
import { Router } from './shell/net/router.ts';
import { sharedRouter } from './shell/net/shared.ts';
import type { Stack } from './shell/stack.ts';
import { openStack } from './stack.ts';

export type { BoundSocketInstance, BoundSocketOptions, BoundSocketType } from './shell/net/bound.ts';
export type { NetConfig } from './shell/net/config.ts';
export type { NetCounts } from './shell/net/counts.ts';
export type { Net } from './shell/net/net.ts';
export type { NetRules } from './shell/net/policy.ts';

renew();
rehearseSockets();
const ours = netOf(() => sharedRouter(openStack));

// Each with its type by name, so that the reference points at Node's documentation instead of repeating it.
/** Node's `net.Socket`; `connect` goes the way of the rules. */
export const Socket: typeof net.Socket = ours.Socket;
/** Node's `net.Server`; `listen` goes the way of the rules. */
export const Server: typeof net.Server = ours.Server;
/** As `net.createServer`. */
export const createServer: typeof net.createServer = ours.createServer;
/** As `net.connect`. */
export const connect: typeof net.connect = ours.connect;
/** As `net.createConnection`. */
export const createConnection: typeof net.createConnection = ours.createConnection;
/** Node's own, with `parse` where this Node lacks it. */
export const SocketAddress: typeof net.SocketAddress = net.SocketAddress;
/** As `net.isIP`. */
export const isIP: typeof net.isIP = net.isIP;
/** As `net.isIPv4`. */
export const isIPv4: typeof net.isIPv4 = net.isIPv4;
/** As `net.isIPv6`. */
export const isIPv6: typeof net.isIPv6 = net.isIPv6;
/** Node's own, with what Node 26 has of it where this Node lacks it. */
export const BlockList: typeof NewestBlockList = NewestBlockList;
/** Node's `net.BoundSocket`, which servers and sockets of the stack adopt as well; undefined where this Node has none. */
export const BoundSocket: BoundSocketType | undefined = ours.BoundSocket;
/** As `net.getDefaultAutoSelectFamily`. */
export const getDefaultAutoSelectFamily: typeof net.getDefaultAutoSelectFamily = net.getDefaultAutoSelectFamily;
/** As `net.setDefaultAutoSelectFamily`. */
export const setDefaultAutoSelectFamily: typeof net.setDefaultAutoSelectFamily = net.setDefaultAutoSelectFamily;
/** ms from one attempt to the next; an attempt that Node stops waiting for goes on. */
export const getDefaultAutoSelectFamilyAttemptTimeout: typeof net.getDefaultAutoSelectFamilyAttemptTimeout =
  net.getDefaultAutoSelectFamilyAttemptTimeout;
/** Sets that. */
export const setDefaultAutoSelectFamilyAttemptTimeout: typeof net.setDefaultAutoSelectFamilyAttemptTimeout =
  net.setDefaultAutoSelectFamilyAttemptTimeout;
/** Older name of Socket. */
export const Stream: typeof net.Socket = Socket;

/** `net` over a stack of your own. */
export interface StackNet extends Net {
  /** Who carried its connections so far. */
  counts(): NetCounts;
}

/**
 * `net` over a stack of your own. On a device the rules are those of the drop-in: servers on loopback or on every address listen on the
 * kernel's loopback too, and what the stack has no route to goes to the kernel. Any other stack (in memory, in a simulation, on a link of
 * your own) keeps to itself, as `{ loopback: 'own', fallback: 'error' }` says; name the rule that is to be another. Throws OptionError for a wrong rule.
 */
export function use(stack: Stack, rules: NetRules = {}): StackNet {
  const router = new Router(stack, checkRules(rules, !stack.onDevice));
  return { ...netOf(() => router), counts: () => ({ ...router.counts }) };
}

/**
 * What the stack knows of a socket: its state, `info()`, and the settings that `net` does not have. null: it has no connection, or the
 * kernel carries it. `set({ maxBuffered })` bounds what `socket.write` and `socket.end` leave waiting, in bytes of `socket.writableLength`: more
 * destroys the socket with ERR_USERTCP_MAX_BUFFERED. Of TLS ask the TLS socket; what HTTP/2 keeps for its streams is not bounded by it.
 */
export function connection(socket: net.Socket): Conn | null {
  const handle = (socket as unknown as { _handle: { _parent?: object } | null })._handle;
  const below = handle?._parent ?? handle;
  if (!(below instanceof TcpHandle)) return null;
  if (below !== handle) noteWriter(below, socket);
  return below.connection;
}

/** Who carried the connections of this process so far. */
export function counts(): NetCounts {
  return { ...sharedRouter(openStack).counts };
}

/** The stack of this process, once it is open: its metrics, its connections. */
export function stack(): Promise<Stack> {
  return sharedRouter(openStack).ready;
}

/** @internal All of it in one object, as `node:net` has it. */
export default { ...net, ...ours, BlockList, Stream, use, connection, counts, stack };

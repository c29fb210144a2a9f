/**
 * `usertcp/net`: `node:net` over the stack that the configuration describes (`usertcp.config.*`, `USERTCP_*`), or over one of your
 * own: `use(stack)`.
 */
import net from 'node:net';
import type { Conn } from './shell/conn.ts';
import { NewestBlockList } from './shell/net/block-list.ts';
import type { NetCounts } from './shell/net/counts.ts';
import { TcpHandle } from './shell/net/handle.ts';
import { netOf } from './shell/net/net.ts';
import { renew } from './shell/net/newer.ts';
import { checkRules, type NetRules } from './shell/net/policy.ts';
import { Router } from './shell/net/router.ts';
import { sharedRouter } from './shell/net/shared.ts';
import type { Stack } from './shell/stack.ts';
import { openStack } from './stack.ts';

export type { NetConfig } from './shell/net/config.ts';
export type { NetCounts } from './shell/net/counts.ts';
export type { Net } from './shell/net/net.ts';
export type { NetRules } from './shell/net/policy.ts';

renew();
const ours = netOf(() => sharedRouter(openStack));

export const { Socket, Server, createServer, connect, createConnection } = ours;
export const { SocketAddress, isIP, isIPv4, isIPv6 } = net;
export const BlockList = NewestBlockList;
export const {
  getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamilyAttemptTimeout,
} = net;
/** Older name of Socket. */
export const Stream = Socket;

/**
 * `net` over a stack of your own. The rules are those of the drop-in: servers on loopback or on every address listen on the kernel's
 * loopback too, and what the stack has no route to goes to the kernel. `{ loopback: 'own', fallback: 'error' }` keeps all of it in the
 * stack, as a simulated one may want. Throws OptionError for a wrong rule.
 */
export function use(stack: Stack, rules: NetRules = {}): ReturnType<typeof netOf> & { counts(): NetCounts } {
  const router = new Router(stack, checkRules(rules));
  return { ...netOf(() => router), counts: () => ({ ...router.counts }) };
}

/**
 * What the stack knows of a socket: its state, `info()`, and the settings that `net` does not have. null: it has no connection, or the
 * kernel carries it.
 */
export function connection(socket: net.Socket): Conn | null {
  const handle = (socket as unknown as { _handle: { _parent?: object } | null })._handle;
  const below = handle?._parent ?? handle;
  return below instanceof TcpHandle ? below.connection : null;
}

/** Who carried the connections of this process so far. */
export function counts(): NetCounts {
  return { ...sharedRouter(openStack).counts };
}

/** The stack of this process, once it is open: its metrics, its connections. */
export function stack(): Promise<Stack> {
  return sharedRouter(openStack).ready;
}

export default { ...net, ...ours, BlockList, Stream, use, connection, counts, stack };

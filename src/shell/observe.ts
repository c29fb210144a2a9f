/** Subscribers of our own to the diagnostics channels: NODE_DEBUG=usertcp, and entries of the performance timeline. */
import { type Channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';
import { type DebugLogger, debuglog } from 'node:util';
import type * as told from './channels.ts';
import { channels } from './channels.ts';
import type { Endpoint } from './endpoint.ts';

/** NODE_DEBUG=usertcp */
export const debug: DebugLogger = debuglog('usertcp');
let debugging = false;

/** Writes every message to stderr when the process was started with NODE_DEBUG=usertcp; once, however many stacks there are. */
export function debugByEnvironment(): void {
  if (debugging || !debug.enabled) return;
  debugging = true;
  hear<told.ConnMessage>(channels.connect, (m) => debug('%s connects', ends(m)));
  hear<told.OpenMessage>(channels.open, (m) => debug('%s is open (%s)', ends(m), m.direction));
  hear<told.StateMessage>(channels.state, (m) => debug('%s %s → %s (%s)', ends(m), m.from, m.to, m.event));
  hear<told.CloseMessage>(channels.close, (m) =>
    debug('%s is over: %s in %s, %d bytes in, %d out', ends(m), m.code ?? 'in order', m.state, m.bytesIn, m.bytesOut),
  );
  hear<told.RetransmitMessage>(channels.retransmit, (m) =>
    debug('%s sends %d octets at %d again (%s)', ends(m), m.length, m.sequence, m.reason),
  );
  hear<told.DropMessage>(channels.drop, (m) => debug('%s: %d dropped, %s', m.where, m.count, m.reason));
}

/** One connect is one entry: `usertcp.connect`, from our SYN to ESTABLISHED. */
export const MEASURE = 'usertcp.connect';

/**
 * From now on each connection that we open is a `measure` of node:perf_hooks, named `usertcp.connect`, whose detail has both ends: for a
 * PerformanceObserver, the timeline keeps none. Returns what ends it.
 */
export function measureConnects(): () => void {
  const began = new Map<string, number>();
  const heard = [
    hear<told.ConnMessage>(channels.connect, (m) => began.set(ends(m), performance.now())),
    hear<told.CloseMessage>(channels.close, (m) => began.delete(ends(m))),
    hear<told.OpenMessage>(channels.open, (m) => {
      const start = began.get(ends(m));
      if (start === undefined) return;
      began.delete(ends(m));
      performance.measure(MEASURE, { start, end: performance.now(), detail: { local: m.local, remote: m.remote } });
      performance.clearMeasures(MEASURE); // observers have it; the timeline would grow for ever
    }),
  ];
  return () => {
    for (const end of heard) end();
  };
}

function hear<T>(on: Channel, told: (message: T) => void): () => void {
  const listener = (message: unknown): void => told(message as T);
  subscribe(on.name as string, listener);
  return () => unsubscribe(on.name as string, listener);
}

function ends({ local, remote }: told.ConnMessage): string {
  return `${text(local)} ${text(remote)}`;
}

function text({ address, family, port }: Endpoint): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What the words of a script do. */
import { ENOBUFS } from '../../src/core/events.ts';
import { type Host, PORTS } from './host.ts';
import type { World } from './world.ts';

export function call(world: World, host: Host, name: string, count: number): void {
  const { core, conn, state } = host;
  const { now } = state;
  const row = conn?.row ?? -1;
  switch (name) {
    case 'listen':
      host.state = {
        ...state,
        listener: expectRow(core.callListen(new Int32Array(4), PORTS[host.index]!, 4, world.open, now)),
      };
      return;
    case 'unlisten':
      if (state.listener >= 0) core.callClose(state.listener, now);
      host.state = { ...host.state, listener: -1 };
      return;
    case 'connect': {
      // RFC 9293 §3.4.1: the clock behind the ISS has ticked since the last call.
      if (state.conns.length > 0) for (const h of world.hosts) h.passQuietly(10);
      const opened = host.open(world.remote(host.index), world.open);
      if (opened === ENOBUFS) throw new Error('no row is left');
      if (opened >= 0) host.begin(opened);
      return;
    }
    case 'open':
      if (
        core.callOpen(
          state.listener,
          world.remote(host.index),
          PORTS[world.hosts.length === 1 ? 0 : 1 - host.index]!,
          now,
        ) === 0
      ) {
        host.begin(state.listener);
        host.state = { ...host.state, listener: -1 };
      }
      return;
  }
  if (conn === undefined || conn.over !== undefined) return;
  switch (name) {
    case 'send': {
      // Every octet of a host differs from its others, whichever connection it belongs to.
      const from = 0x40 * (host.index + 1) + 0x10 * (state.conns.length - 1) + conn.sent.length;
      const bytes = Uint8Array.from({ length: count }, (_, n) => from + n);
      const taken = core.callSend(row, bytes, 0, count, now);
      if (taken > 0) host.change(row, conn.gen, { sent: [...conn.sent, ...bytes.subarray(0, taken)] });
      return;
    }
    case 'close':
      host.change(row, conn.gen, { closed: true });
      core.callClose(row, now);
      return;
    case 'abort':
      world.disturbed = true;
      host.change(row, conn.gen, { gaveUp: true });
      core.callAbort(row, now);
      return;
    case 'giveup':
      world.disturbed = true;
      host.change(row, conn.gen, { gaveUp: true });
      core.callGiveUpReading(row, now);
      return;
    case 'read':
      host.change(row, conn.gen, { unread: 0 });
      core.callConsumed(row, conn.unread);
      return;
  }
  throw new Error(`no op ${name}`);
}

function expectRow(row: number): number {
  if (row < 0) throw new Error(`LISTEN: ${row}`);
  return row;
}

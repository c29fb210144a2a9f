/** What a connection tells its socket. */
import type { Handlers } from './handlers.ts';
import type { Socket } from './socket.ts';

/** Shared by every socket; `conn.data` is the socket. */
export const socketHandlers: Required<Omit<Handlers, 'syn' | 'state'>> = {
  keeps: true,
  open: (conn) => (conn.data as Socket).connected(),
  data: (conn, chunk) => (conn.data as Socket).received(conn, chunk),
  halfclose: (conn) => void (conn.data as Socket).told('halfclose'),
  urgent: (conn, what) => void (conn.data as Socket).told('urgent', what),
  outOfBand: (conn, octet) => {
    if (!(conn.data as Socket).told('outOfBand', octet)) conn.keepOctet(octet);
  },
  softError: (conn, error) => void (conn.data as Socket).told('softError', error),
  drain: (conn) => (conn.data as Socket).drained(),
  end: (conn) => (conn.data as Socket).peerEnded(),
  close: (conn, error) => (conn.data as Socket).lost(error),
  broke: (conn, error) => (conn.data as Socket).broke(error),
  shutdown: (conn) => void (conn.data as Socket).end(),
};

/** Those of a socket whose 'state' somebody listens to. */
export const tellingStates: Handlers = {
  ...socketHandlers,
  state: (conn, from, to) => void (conn.data as Socket).told('state', from, to),
};

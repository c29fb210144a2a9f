/** What a connection of the stack tells its handle: `conn.data` is the handle, and these are shared by all. */
import type { Conn } from '../conn.ts';
import type { Handlers } from '../handlers.ts';
import type { TcpHandle } from './handle.ts';

const of = (conn: Conn): TcpHandle => conn.data as TcpHandle;

/** Bytes in a copy of their own. Over a kernel's loopback a server hears of a connection before its client, in the same turn. */
export const handlers: Handlers = {
  keeps: true,
  open: (conn) => (conn.staysHere ? conn.behind(() => conn.data && of(conn).opened()) : of(conn).opened()),
  data: (conn, chunk) => of(conn).receivedOwn(chunk),
  drain: (conn) => of(conn).drained(),
  end: (conn) => of(conn).peerEnded(),
  close: (conn, error) => of(conn).lost(error),
  broke: (conn, error) => of(conn).broke(error),
  shutdown: (conn) => of(conn).stackCloses(),
};

/** Bytes that stay the ring's: who reads in C++ copies them. */
export const borrowing: Handlers = {
  ...handlers,
  keeps: false,
  data: (conn, chunk) => of(conn).receivedBorrowed(chunk),
};

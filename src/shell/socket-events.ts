/** What sockets tell besides what every Duplex does. Nobody has to listen to any of it but 'error'. */
import type { Duplex } from 'node:stream';

/** Events of a socket, beside those of a Duplex. */
export interface SocketEvents {
  /** The name was looked up; not for an address. */
  lookup: [error: Error | null, address: string, family: 4 | 6, host: string];
  /** ESTABLISHED. */
  connect: [];
  /** Right after 'connect'. */
  ready: [];
  /** So long without traffic: see `setTimeout`. */
  timeout: [];
  /** The peer sent FIN: told at once, also while nobody reads. */
  halfclose: [];
  /** Urgent data lies ahead (0), its end moved (1), reading has reached it (2). RFC 9293 [MUST-32]. */
  urgent: [what: 0 | 1 | 2];
  /** With `urgent: 'out-of-band'`: the last octet of urgent data. */
  outOfBand: [octet: number];
  /** Something is wrong and nothing is lost yet: see `Handlers.softError` [MUST-47]. */
  softError: [error: Error];
  /**
   * RFC 9293's state of our end changed, such as from `ESTABLISHED` to `CLOSE_WAIT`: told before what it means ('end', 'close'), until the
   * socket is destroyed. It costs something from the moment that somebody listens.
   */
  state: [from: string, to: string];
  /** The last one; whether there was an error. */
  close: [hadError: boolean];
}

/** As Duplex takes them. */
export type AnyListener = Parameters<Duplex['on']>[1];

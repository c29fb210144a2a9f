/** `stack.dial`: the active OPEN of the `serve` level. */

import { tryParseAddress } from '../wire/address-text.ts';
import type { Conn } from './conn.ts';
import { type ConnectOptions, checkConnectNames, openTo } from './connect.ts';
import { inContext } from './context.ts';
import type { Engine } from './engine.ts';
import type { Handlers } from './handlers.ts';
import { OptionError } from './option-error.ts';
import { checkHandlers } from './options/calls.ts';

/** An active OPEN by `stack.dial`: nothing here waits, so no name is looked up. */
export type DialOptions = Omit<ConnectOptions, 'lookup' | 'family' | 'signal' | 'attemptDelay' | 'host'> & {
  /** An IP literal. */
  host: string;
};

/** What `open` takes besides. null is absent, as there. */
const OF_OPEN = ['lookup', 'family', 'signal', 'attemptDelay'] as const;

/** `open` or `close` of the handlers follows. Throws the SystemError of `connect` when it cannot even begin. */
export function dial(engine: Engine, options: DialOptions, handlers: Handlers): Conn {
  const checked = checkConnectNames(options);
  refuseOfOpen(options);
  checkHandlers(handlers);
  const words = tryParseAddress(options.host ?? '');
  if (words === undefined) throw new OptionError('host', options.host, 'an IP address such as "10.0.0.2" or "fd00::2"');
  const conn = openTo(engine, checked, words, options.host, inContext(handlers));
  if (conn instanceof Error) throw conn;
  return conn;
}

/** A signal that never fires would be taken in silence. */
function refuseOfOpen(options: ConnectOptions): void {
  const name = OF_OPEN.find((each) => (options[each] ?? undefined) !== undefined);
  if (name === undefined) return;
  const instead = name === 'signal' ? 'conn.abort() gives it up.' : 'open() takes it.';
  throw new OptionError(name, options[name], 'absent: dial() waits for nothing and looks no name up', instead);
}

/**
 * What a kernel does with the sockets of a process that exits: text that was written is sent, then FIN; a reset where something is unread. Nobody is
 * there afterwards to send any of it again. Killed by a signal, a process says nothing.
 */
import type { Engine } from './engine.ts';

const engines = new Set<Engine>();

function leave(): void {
  for (const engine of engines) {
    try {
      for (const conn of [...engine.connections()]) conn.release(false);
      engine.driver.leave();
    } catch {
      // The exit code is the program's: it may be here because this very stack threw.
    }
  }
}

/** From now on, until what is returned is called. */
export function sayFarewell(engine: Engine): () => void {
  engines.add(engine);
  if (engines.size === 1) process.on('exit', leave);
  return () => {
    engines.delete(engine);
    if (engines.size === 0) process.off('exit', leave);
  };
}

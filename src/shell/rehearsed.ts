/** What the rehearsal of a stack (ADR 39) plays beside handlers. Doors of the package that a program has imported add theirs. */
import type { Stack } from './stack.ts';

export const rehearsed: {
  /** Listens on four ports from `first` on: an echo, short answers, a sink, a source. False = not now. */
  sockets?: (stack: Stack, first: number) => boolean;
} = {};

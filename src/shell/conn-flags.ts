/** What a connection of the shell remembers of itself, as bits of one number. */

export const CONNECTING = 1 << 0;
/** The reader wants no data: it is held, not consumed, so the peer's window closes. */
export const PAUSED = 1 << 1;
/** end() was called. */
export const ENDING = 1 << 2;
/** The core was told CLOSE. */
export const FIN_QUEUED = 1 << 3;
export const FIN_ACKED = 1 << 4;
/** The peer's FIN came; END_TOLD once the handler knows. */
export const PEER_ENDED = 1 << 5;
export const END_TOLD = 1 << 6;
/** The row is not ours any more. */
export const GONE = 1 << 7;
/** The close handler was called. */
export const CLOSED = 1 << 8;
export const DELIVERING = 1 << 9;
export const RESUMING = 1 << 10;
/** Nobody looks any more; what was written still goes out. */
export const ORPHAN = 1 << 11;
export const UNREFED = 1 << 12;
/** There is a limit to what may wait (Caps). */
export const CAPPED = 1 << 13;
/** abort() was called: what the burst still has for it is for nobody. */
export const ABORTED = 1 << 14;
/** An orphan of whose end nobody wants to hear. */
export const UNHEARD = 1 << 15;
/** It does not keep the process alive for as long as its peer is silent, whatever its owner said. */
export const FORSAKEN = 1 << 16;

/** How a connection starts. */
export const OPEN = 0;
export const OPENING = CONNECTING;
export const OPEN_PAUSED = PAUSED;

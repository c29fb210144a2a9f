/** Simulated links: everything a network does, in virtual time, without root. Nothing here needs Node. */

export type { DirectionStats, Fate, Impairments } from './sim/direction.ts';
export { PERFECT } from './sim/direction.ts';
export type { SimFrame } from './sim/frame.ts';
export { SeededRng } from './sim/rng.ts';
export type { ReceivedFrame, ScriptPortOptions } from './sim/script-port.ts';
export { ScriptPort } from './sim/script-port.ts';
export type { SimLinkOptions } from './sim/sim-link.ts';
export { SimLink } from './sim/sim-link.ts';
export { VirtualClock } from './sim/virtual-clock.ts';
export type { FrameListener, Hook, Late, Station, Verdict, WireOptions } from './sim/wire.ts';
export { SimWire } from './sim/wire.ts';

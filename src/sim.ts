/**
 * Hosts in virtual time, and trials of congestion controllers.
 *
 * @module usertcp/sim
 */
export type { Assessment, Gate, RaceOptions, RaceResult } from './assess.ts';
export { assessController, race } from './assess.ts';
export type {
  DirectionStats,
  Fate,
  FrameListener,
  Hook,
  Impairments,
  Late,
  SimFrame,
  SimLinkOptions,
  Station,
  Verdict,
  WireOptions,
} from './link/sim.ts';
export { SeededRng, SimLink, SimWire, VirtualClock } from './link/sim.ts';
export type { HostOptions, WorldOptions } from './world.ts';
export { World } from './world.ts';

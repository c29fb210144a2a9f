/** What `usertcp/sim` offers: hosts in virtual time, and trials of congestion controllers. */
export type { Assessment, Gate, RaceOptions, RaceResult } from './assess.ts';
export { assessController, race } from './assess.ts';
export type {
  DirectionStats,
  Fate,
  FrameListener,
  Hook,
  Impairments,
  SimLinkOptions,
  Verdict,
  WireOptions,
} from './link/sim.ts';
export { SeededRng, SimLink, SimWire, VirtualClock } from './link/sim.ts';
export type { HostOptions, WorldOptions } from './world.ts';
export { World } from './world.ts';

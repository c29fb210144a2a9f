export { type Capability, capability, has } from './capability.ts';
export { Host, notBuilt, type Outcome, type StackConfig, type StackMetrics, type Storm } from './host.ts';
export { addresses, Lab, type LabOptions } from './lab.ts';
export { casts, type Family, families, Pair, type Role, roles } from './pair.ts';
export { type Connect, type Failure, Plain, REGISTER, REGISTER_SYNC } from './plain.ts';
export { type Message, Program } from './program.ts';
export { type Ran, Side } from './side.ts';

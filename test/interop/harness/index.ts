export { type Capability, capability, has } from './capability.ts';
export { addresses, Lab, type LabOptions } from './lab.ts';
export { type Message, Program } from './program.ts';
export { type Ran, Side } from './side.ts';

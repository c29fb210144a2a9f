export type { Backend, Call, SentFrame, StackEvent, Tuple } from './backend.ts';
export { bring, type Origin, type Place, type StateName, stateNames } from './bring.ts';
export { conform, conformOnce } from './conform.ts';
export { CoreBackend, type CoreBackendOptions, SCRIPT_DEFAULTS } from './core-backend.ts';
export { Script, type Settings } from './script.ts';

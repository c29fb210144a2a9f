/** What drill.mjs is made of. */
export { buildBridge } from './build.ts';
export { runScript } from './run.ts';
export { serve } from './server.ts';
export { LINUX } from './settings.ts';

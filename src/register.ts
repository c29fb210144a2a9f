/**
 * `node --import usertcp/register server.js`: every socket and server of the program goes through the stack, if the rules say so.
 * docs/guide/drop-in.md has the configuration. It exports nothing.
 *
 * @module usertcp/register
 */
import { install } from './shell/net/install.ts';
import { rehearseSockets } from './shell/net/rehearsal.ts';
import { sharedRouter } from './shell/net/shared.ts';
import { openStack } from './stack.ts';

rehearseSockets();
const router = sharedRouter(openStack);
install(router);
// A device that cannot be opened is told before the program starts. A worker that is to be a shard opens nothing yet.
if (!router.waits) await router.ready;

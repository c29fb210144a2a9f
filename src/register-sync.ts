/** `node --require usertcp/register`: as register.ts, but sockets wait until the device is open. */
import { install } from './shell/net/install.ts';
import { sharedRouter } from './shell/net/shared.ts';
import { openStack } from './stack.ts';

install(sharedRouter(openStack));

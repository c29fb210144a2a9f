/** The router of the process, made of its configuration when somebody needs it. */
import type { Stack } from '../stack.ts';
import { type NetConfig, readConfig, stackOptions } from './config.ts';
import { otherOwner, withoutDevice } from './owner.ts';
import { checkRules } from './policy.ts';
import { announce, reportTo } from './report.ts';
import { Router } from './router.ts';

/** Opens a stack; one without a device at once. */
export type OpenStack = (options: ReturnType<typeof stackOptions>) => Stack | Promise<Stack>;

let router: Router | undefined;

/** Throws what is wrong with the configuration. */
export function sharedRouter(open: OpenStack, config: NetConfig = readConfig()): Router {
  if (router !== undefined) return router;
  const options = stackOptions(config);
  const elsewhere = options.device === undefined ? undefined : otherOwner();
  router = new Router(open(elsewhere === undefined ? options : withoutDevice(options)), checkRules(config), elsewhere);
  // A kernel sends on what a process wrote before it ended; this is the last moment that we can.
  process.once('exit', () => router?.stack?.flush());
  if (process.env.USERTCP_REPORT) reportTo(process.env.USERTCP_REPORT, router);
  if (process.env.USERTCP_ANNOUNCE) announce(process.env.USERTCP_ANNOUNCE, router);
  return router;
}

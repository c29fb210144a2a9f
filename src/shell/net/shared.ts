/** The router of the process, made of its configuration when somebody needs it. */
import { isMainThread } from 'node:worker_threads';
import type { Stack } from '../stack.ts';
import { type NetConfig, readConfig, stackOptions } from './config.ts';
import { crew } from './crew.ts';
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
  router = routerOf(open, options, config);
  if (process.env.USERTCP_REPORT) reportTo(process.env.USERTCP_REPORT, router);
  if (process.env.USERTCP_ANNOUNCE) announce(process.env.USERTCP_ANNOUNCE, router);
  return router;
}

function routerOf(open: OpenStack, options: ReturnType<typeof stackOptions>, config: NetConfig): Router {
  const rules = checkRules(config);
  const sharded = config.workers === 'shard';
  const place = sharded && !isMainThread ? crew() : undefined;
  // A worker that never uses the network takes nothing.
  if (place !== undefined) return new Router(() => open({ ...options, shard: place.take() }), rules);
  const elsewhere = options.device === undefined ? undefined : otherOwner();
  if (elsewhere !== undefined) return new Router(open(withoutDevice(options)), rules, elsewhere);
  return new Router(open(sharded ? { ...options, shard: crew()!.take() } : options), rules);
}

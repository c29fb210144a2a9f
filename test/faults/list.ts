/** All planted faults, by what they break. `scripts/faults.mjs` plants some of them and expects their tests to fail. */
import type { Fault } from './fault.ts';
import { hardening } from './hardening.ts';
import { ip } from './ip.ts';
import { lifetimes } from './lifetimes.ts';
import { loss } from './loss.ts';
import { application } from './rfc9293-application.ts';
import { connection } from './rfc9293-connection.ts';
import { format } from './rfc9293-format.ts';
import { receiving } from './rfc9293-receiving.ts';
import { sending } from './rfc9293-sending.ts';
import { sourceRoutes } from './source-routes.ts';
import { udp } from './udp.ts';

export const faults: readonly Fault[] = [
  ...format,
  ...connection,
  ...sourceRoutes,
  ...sending,
  ...receiving,
  ...application,
  ...loss,
  ...lifetimes,
  ...ip,
  ...udp,
  ...hardening,
];

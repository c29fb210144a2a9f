/**
 * The lookup of a `connect` that begins before the stack is open. Node gives each of several addresses a quarter of a second and goes to the next:
 * spent on waiting, that says nothing of an address. So they are told when the stack can be asked.
 */
import dns from 'node:dns';
import net from 'node:net';
import type { Router } from './router.ts';

type Told = (error: Error | null, found?: string | readonly dns.LookupAddress[], family?: number) => void;
type Lookup = (host: string, options: object, told: Told) => void;
interface Options {
  readonly lookup?: unknown;
}

const normalize = (net as unknown as { _normalizeArgs(args: unknown[]): [Options, unknown] })._normalizeArgs;

/** The arguments of `socket.connect` with such a lookup; as they are when it is none that Node would take. */
export function withPatience(router: Router, args: unknown[]): unknown[] {
  const [first] = args;
  const [options, callback] = Array.isArray(first) ? (first as [Options?, unknown?]) : normalize(args);
  const own = options?.lookup ?? undefined;
  if (!options || (own !== undefined && typeof own !== 'function')) return args;
  const lookup: Lookup = (host, how, told) => ((own ?? dns.lookup) as Lookup)(host, how, patient(router, told));
  // The user's object may be frozen, and stays as it is.
  const patientOptions: unknown = Object.create(options, { lookup: { value: lookup, enumerable: true } });
  return [normalize([patientOptions, callback])];
}

function patient(router: Router, told: Told): Told {
  return (...answer) => {
    const [error, found] = answer;
    const several = !error && Array.isArray(found) && found.length > 1;
    const ready = several ? router.opening(found.map(({ address }: dns.LookupAddress) => address)) : undefined;
    if (ready === undefined) return told(...answer);
    // What a listener of the socket throws is an uncaught exception, as it is in a callback of node:dns.
    const tell = (): void => process.nextTick(told, ...answer);
    ready.then(tell, tell); // whoever connects is told why it could not be opened
  };
}

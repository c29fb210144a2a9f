/**
 * Coexistence for a process without rights: `usertcp open` stays behind as the one who may change the kernel's rules, and
 * carries out wishes that come down a stream, a line of JSON each. It believes nothing: the device is the one it was started
 * for, and every value is read and written anew before it reaches nftables. When the stream ends, all is undone.
 */
import type { Duplex } from 'node:stream';
import { formatAddress, parseAddress } from '../../wire/address-text.ts';
import type { Arrangement } from './arrangement.ts';
import type { Offence } from './fence.ts';
import type { Plan, Wish } from './plan.ts';
import { PortSet } from './port-set.ts';

export interface Request {
  readonly id: number;
  readonly ask: 'arrange' | 'offences' | 'release';
  /** For `arrange`, with `ports` as text. The broker knows the device. */
  readonly wish?: Omit<Wish, 'device' | 'ports'> & { readonly ports: string };
  readonly selfTest?: boolean;
  /** The id that the arrangement was asked for with. */
  readonly of?: number;
}

export interface Arranged {
  /** `claimed` as text. */
  readonly plan: Omit<Plan, 'claimed'> & { readonly claimed?: string | undefined };
  readonly warnings: readonly string[];
}

export interface Reply {
  readonly id: number;
  readonly arranged?: Arranged;
  readonly offences?: readonly Offence[];
  readonly error?: { readonly message: string; readonly code?: unknown };
}

/** What the broker tells unasked. */
export interface Notice {
  readonly signal: NodeJS.Signals;
}

/** Passed on to the process that is served, by itself where the kernel does not let us: in a container without CAP_KILL. */
export const PASSED_ON: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export function passOn(stream: Duplex, signal: NodeJS.Signals): void {
  const notice: Notice = { signal };
  if (stream.writable) stream.write(`${JSON.stringify(notice)}\n`);
}

const MODES: readonly string[] = ['own', 'own-mac', 'shared', 'auto'];
/** Of one process: more is a mistake, or meant badly. */
const MOST_ARRANGEMENTS = 64;
const MOST_ADDRESSES = 64;
/** Characters: every second port there is takes 200 000. */
const LONGEST_LINE = 1 << 20;

/** Serves one process until its stream ends. Resolves when everything is undone. */
export async function serveBroker(
  stream: Duplex,
  device: string,
  arrange: (wish: Wish, selfTest: boolean) => Promise<Arrangement>,
): Promise<void> {
  const held = new Map<number, Promise<Arrangement>>();
  const answer = async ({ id, ask, wish, selfTest, of }: Request): Promise<Omit<Reply, 'id'>> => {
    if (ask === 'arrange') {
      if (held.size >= MOST_ARRANGEMENTS || held.has(id)) throw new RangeError('too many arrangements');
      const arranging = arrange(checkWish(wish, device), selfTest === true);
      held.set(id, arranging);
      arranging.catch(() => held.delete(id));
      const { plan, warnings } = await arranging;
      return { arranged: { plan: { ...plan, claimed: plan.claimed?.toString() }, warnings } };
    }
    const arrangement = await held.get(of!);
    if (ask === 'offences') return { offences: (await arrangement?.offences()) ?? [] };
    held.delete(of!);
    await arrangement?.release();
    return {};
  };
  stream.on('error', () => {});
  for await (const line of lines(stream)) {
    const request = read(line);
    if (request === undefined) break;
    answer(request)
      .catch((error: Error & { code?: unknown }) => ({ error: { message: error.message, code: error.code } }))
      .then((reply) => stream.writable && stream.write(`${JSON.stringify({ id: request.id, ...reply })}\n`));
  }
  const left = await Promise.allSettled(held.values());
  await Promise.allSettled(left.map((each) => (each.status === 'fulfilled' ? each.value.release() : undefined)));
}

function read(line: string): Request | undefined {
  try {
    const request = JSON.parse(line) as Request;
    return Number.isInteger(request.id) ? request : undefined;
  } catch {
    return undefined;
  }
}

/** Each line of a stream; one that never ends ends the reading. */
export async function* lines(stream: Duplex): AsyncGenerator<string> {
  let text = '';
  try {
    for await (const chunk of stream) {
      text += String(chunk);
      const parts = text.split('\n');
      text = parts.pop()!;
      if (text.length > LONGEST_LINE) return;
      yield* parts;
    }
  } catch {
    // The other end is gone: the same as its end.
  }
}

/** A wish of somebody who may not be trusted, made anew out of values that are what they should be. */
function checkWish(given: Request['wish'], device: string): Wish {
  const { mode, vlan, addresses, leased, automatic, ports, ephemeralPorts } = given ?? ({} as Wish);
  if (!MODES.includes(mode)) throw new TypeError(`no mode ${mode}`);
  if (!Array.isArray(addresses) || addresses.length > MOST_ADDRESSES) throw new TypeError('addresses: a short array');
  return {
    device,
    vlan: vlan === undefined ? undefined : checkVlan(vlan),
    mode,
    addresses: addresses.map((address) => formatAddress(parseAddress(String(address)))),
    leased: leased === true,
    automatic: automatic === true,
    ports: checkPorts(ports),
    ephemeralPorts: ephemeralPorts && [checkPort(ephemeralPorts[0]), checkPort(ephemeralPorts[1])],
  };
}

function checkPorts(text: unknown): PortSet {
  const ports = PortSet.parse(String(text));
  if (ports.toString() !== text) throw new TypeError('ports: a text such as "80,8000-8099"');
  for (const [first, last] of ports.ranges) {
    if (checkPort(first) > checkPort(last)) throw new TypeError(`no range of ports ${first}-${last}`);
  }
  return ports;
}

function checkVlan(vlan: unknown): number {
  if (Number.isInteger(vlan) && (vlan as number) >= 1 && (vlan as number) <= 4094) return vlan as number;
  throw new TypeError(`no VLAN ${vlan}`);
}

function checkPort(port: unknown): number {
  if (Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 0xffff) return port as number;
  throw new TypeError(`no port ${port}`);
}

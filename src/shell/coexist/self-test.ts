/**
 * The self-test: packets to each of our addresses are put into the device's receive path before our own end is open,
 * so only the kernel could answer. They must reach the ingress rule, and the watch rules must see nothing.
 */
import { StackError } from '../errors.ts';
import type { Counts, Fence } from './fence.ts';
import type { KernelFacts } from './kernel-facts.ts';
import type { Plan, Wish } from './plan.ts';
import { probeFrame } from './probe-frames.ts';
import { whoElseHides } from './rivals.ts';

/**
 * Makes frames arrive on `device` as if from its wire; `frames` makes them for the MAC that the kernel takes for its own.
 * Resolves to why that cannot be done here, or undefined.
 */
export type Inject = (
  device: string,
  frames: (mac: Uint8Array) => readonly Uint8Array[],
) => Promise<string | undefined>;

const ATTEMPTS = 10;
const PAUSE_MS = 10;

/** Resolves to why there was no test, undefined when it was passed; rejects when the kernel answered. */
export async function probe(
  fence: Fence,
  { device, addresses }: Wish,
  plan: Plan,
  facts: KernelFacts,
  inject: Inject,
): Promise<string | undefined> {
  const port = plan.claimed?.ranges[0]?.[0] ?? 1;
  const taken = (address: string): boolean => facts.addresses.has(address) || addresses.includes(address);
  const untested = await inject(device, (mac) => addresses.map((address) => probeFrame(address, port, mac, taken)));
  if (untested !== undefined) return untested;
  let counts: Counts | undefined;
  for (let i = 0; i < ATTEMPTS; i++) {
    counts = await fence.counts();
    if (counts === undefined) throw failed('its rules are gone from the kernel');
    refuse(counts, device);
    if (counts.hidden >= addresses.length) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const other = await whoElseHides(fence.table);
  if (other !== undefined) return other;
  throw failed(`of ${addresses.length} packets for us the ingress rules of ${device} met ${counts!.hidden}`);
}

function refuse({ offences }: Counts, device: string): void {
  for (const { what } of offences) throw failed(`the kernel ${what} on ${device}`);
}

function failed(what: string): StackError {
  return new StackError(
    'ERR_USERTCP_SELF_TEST',
    `self-test: ${what}. Look for rules or devices of others before ours (nft list ruleset; ip link), ` +
      "give the stack an address of its own with mode: 'own-mac', or start without the test: selfTest: false",
  );
}

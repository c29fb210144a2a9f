/** Carries a plan out, proves that it holds, and undoes it: the stack and the kernel on one device. */
import { StackError } from '../errors.ts';
import { checkDevice } from './device-facts.ts';
import { Fence, type Offence } from './fence.ts';
import { kernelFacts, RESERVED_PORTS } from './kernel-facts.ts';
import { type Plan, plan, type Wish } from './plan.ts';
import { giveBackPorts, type Reservation, reservationOf } from './reserved-ports.ts';
import { refuseRivals } from './rivals.ts';
import { type Inject, probe } from './self-test.ts';

const CARRIER_LOOKS = 5;
const CARRIER_PAUSE_MS = 100;

export interface Arrangement {
  readonly plan: Plan;
  /** What could not be arranged and what that means. */
  readonly warnings: readonly string[];
  /** What the kernel did in our place since the start; empty when it kept quiet, or when nobody could look. Rejects when the rules are gone. */
  offences(): Promise<readonly Offence[]>;
  release(): Promise<void>;
}

/**
 * Rejects when the kernel, or another program's stack, would answer in our place; the message says what to do. `inject`: how
 * the self-test puts a packet into the device's receive path; null = no self-test.
 */
export async function arrange(wish: Wish, inject: Inject | null): Promise<Arrangement> {
  const warnings = await settle(wish.device);
  const idle = warnings.length > 0;
  const facts = kernelFacts();
  const decided = plan(wish, facts);
  const { fence, reason } = await put(wish, decided, warnings);
  if (fence !== undefined && wish.addresses.length > 0) {
    try {
      await refuseRivals(fence.table, decided);
      const untested =
        inject === null ? undefined : idle ? 'no carrier' : await probe(fence, wish, decided, facts, inject);
      if (untested !== undefined) warnings.push(`the self-test only read the rules back: ${untested}`);
    } catch (error) {
      await fence.remove();
      throw error;
    }
  }
  if (fence === undefined)
    warnings.push(`without ingress rules the kernel also looks at our packets, which costs throughput: ${reason}`);
  return {
    plan: decided,
    warnings,
    offences: async () => (fence === undefined ? [] : offencesOf(fence)),
    release: async () => fence?.remove(),
  };
}

async function offencesOf(fence: Fence): Promise<readonly Offence[]> {
  const counts = await fence.counts();
  if (counts !== undefined || !fence.over) return counts?.offences ?? [];
  throw new StackError('ERR_USERTCP_NFT', 'our ingress rules are gone: their guard was killed. Restart the stack');
}

/** A device that was brought up just now finds its carrier in a moment. Returns what is worth a warning. */
async function settle(device: string): Promise<string[]> {
  for (let i = 0; i < CARRIER_LOOKS && checkDevice(device).length > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, CARRIER_PAUSE_MS));
  }
  return checkDevice(device);
}

async function put(wish: Wish, decided: Plan, warnings: string[]): Promise<{ fence?: Fence; reason?: string }> {
  const { added, carryOut } = reservation(decided, warnings);
  try {
    return { fence: await Fence.install(wish, decided, added === '' ? [] : undoing(added), carryOut) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (added !== '') giveBackPorts(added);
    if (decided.required === undefined) return { reason };
    throw new StackError(
      'ERR_USERTCP_NFT',
      `mode '${decided.mode}' on ${wish.device} needs ingress rules, because ${decided.required}: ${reason}`,
      { cause: error },
    );
  }
}

function reservation({ claimed }: Plan, warnings: string[]): Reservation {
  const none: Reservation = { added: '', carryOut: () => {} };
  if (claimed === undefined) return none;
  try {
    return reservationOf(claimed);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warnings.push(
      `the kernel may choose our ports for its own connections: add ${claimed} to ${RESERVED_PORTS} (${reason})`,
    );
    return none;
  }
}

/** The command that the guard runs when our tables are gone, after `kill -9` as well. */
function undoing(added: string): string[] {
  const module = new URL(`reserved-ports${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  const code = `import { giveBackPorts } from ${JSON.stringify(module.href)}; giveBackPorts(${JSON.stringify(added)});`;
  return [process.execPath, '--input-type=module', '--eval', code];
}

/** Carries a plan out, checks that it holds, and undoes it: the stack and the kernel on one device. */
import { readFileSync, writeFileSync } from 'node:fs';
import { StackError } from '../errors.ts';
import { IngressDrop } from './ingress-drop.ts';
import { kernelFacts, RESERVED_PORTS } from './kernel-facts.ts';
import { type Plan, plan, type Wish } from './plan.ts';

export interface Arrangement {
  readonly plan: Plan;
  /** What could not be arranged and what that means. */
  readonly warnings: readonly string[];
  release(): Promise<void>;
}

/** Rejects when the kernel would answer in our place; the message says what to do. */
export async function arrange(wish: Wish): Promise<Arrangement> {
  const decided = plan(wish, kernelFacts());
  const warnings: string[] = [];
  const drop = await hide(wish.device, decided, warnings);
  const unreserve = reserve(decided, warnings);
  return {
    plan: decided,
    warnings,
    release: async () => {
      unreserve();
      await drop?.remove();
    },
  };
}

async function hide(device: string, decided: Plan, warnings: string[]): Promise<IngressDrop | undefined> {
  try {
    return await IngressDrop.install(device, decided.rules);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (decided.required !== undefined) {
      throw new StackError(
        'ERR_USERTCP_NFT',
        `mode '${decided.mode}' on ${device} needs ingress rules, because ${decided.required}: ${reason}`,
        { cause: error },
      );
    }
    warnings.push(`without ingress rules the kernel also looks at our packets, which costs throughput: ${reason}`);
    return undefined;
  }
}

/** Keeps the kernel from choosing our ports for its own connections. Returns what takes it back. */
function reserve(decided: Plan, warnings: string[]): () => void {
  if (decided.reserve === undefined) return () => {};
  try {
    const before = readFileSync(RESERVED_PORTS, 'utf8').trim();
    writeFileSync(RESERVED_PORTS, decided.reserve);
    return () => writeFileSync(RESERVED_PORTS, before === '' ? '\n' : before);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warnings.push(
      `the kernel may choose our ports for its own connections: sysctl -w net.ipv4.ip_local_reserved_ports=${decided.reserve} (${reason})`,
    );
    return () => {};
  }
}

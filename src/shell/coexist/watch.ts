/** Looks at the watch rules again and again while the stack runs: soon at first, then at little cost. */
import type { Arrangement } from './arrangement.ts';

/** ms after the start; the last one repeats. */
const LOOKS = [1000, 10_000, 60_000] as const;

/**
 * Tells `report` once for each thing the kernel does in our place, in a sentence that says what to do. Returns what ends
 * it. The timers keep no process alive.
 */
export function watchKernel({ offences }: Arrangement, device: string, report: (sentence: string) => void): () => void {
  const told = new Set<string>();
  let timer: NodeJS.Timeout;
  let looks = 0;
  let over = false;
  const once = (what: string, sentence: string): void => {
    if (told.has(what)) return;
    told.add(what);
    report(sentence);
  };
  const look = async (): Promise<void> => {
    // It may be told again later: that nft fails once is no reason to look away for good.
    const found = await offences().catch((error: Error) => error);
    if (over) return;
    if (found instanceof Error)
      once('', `what the kernel does on ${device} in our place is not seen any more: ${found.message}`);
    else
      for (const { what } of found)
        once(
          what,
          `the kernel ${what} on ${device}; it was stopped, but it sees packets that should be hidden from it. ` +
            'Look for rules or devices of others before ours (nft list ruleset; ip link), or restart the stack',
        );
    arm();
  };
  const arm = (): void => {
    timer = setTimeout(() => void look(), LOOKS[Math.min(looks++, LOOKS.length - 1)]!);
    timer.unref();
  };
  arm();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

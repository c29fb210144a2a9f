/** What the drop-in says of itself. USERTCP_REPORT: one line of JSON when the process ends, about who carried its connections. */
import { appendFileSync } from 'node:fs';
import type { Router } from './router.ts';

export function reportTo(file: string, router: Router): void {
  process.once('exit', () => {
    const { accepted, opened, kernelAccepted, kernelOpened } = router.counts;
    const line = { ours: accepted + opened, kernel: kernelAccepted + kernelOpened, ...router.counts };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  });
}

/** USERTCP_ANNOUNCE: a line on standard error for each server on the wire, with the command that asks it. */
export function announce(command: string, router: Router): void {
  router.onListening = (address, port) => {
    if (address === '::1' || address.startsWith('127.')) return;
    const own = router.stack?.addresses.find((each) => !each.startsWith('fe80:'));
    if (own === undefined) return;
    const host = address === '::' || address === '0.0.0.0' ? own : address;
    process.stderr.write(
      `usertcp: listening; try: ${command} http://${host.includes(':') ? `[${host}]` : host}:${port}/\n`,
    );
  };
}

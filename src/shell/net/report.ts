/** USERTCP_REPORT: one line of JSON when the process ends, about who carried its connections. */
import { appendFileSync } from 'node:fs';
import type { Router } from './router.ts';

export function reportTo(file: string, router: Router): void {
  process.once('exit', () => {
    const { accepted, opened, kernelAccepted, kernelOpened } = router.counts;
    const line = { ours: accepted + opened, kernel: kernelAccepted + kernelOpened, ...router.counts };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  });
}

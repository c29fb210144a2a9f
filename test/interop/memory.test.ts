// metrics().memory against the process: thousands of connections with text to send and text out of order, in a process of their own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { notBuilt } from './harness/host.ts';

const PROGRAM = fileURLToPath(new URL('./programs/memory.mjs', import.meta.url));
const CONNECTIONS = 3000;
/** Share of what is counted, and bytes, that the process may hold more or less: pages half used, compiled code, the collector's moods. */
const [SHARE, SLACK] = [0.1, 8 << 20];

type Growth = Record<'connections' | 'rss' | 'others' | 'touched' | 'untouched' | 'send' | 'outOfOrder', number>;

describe.skipIf(notBuilt())('memory', () => {
  test('what metrics().memory counts as touched is what the process grew by; room that is only taken stands apart', {
    timeout: 120_000,
  }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', PROGRAM, `${CONNECTIONS}`], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const grown: Growth = JSON.parse(stdout);
    const { rss, others, touched, untouched, send, outOfOrder } = grown;
    const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    const own = rss - others;
    console.log(
      `${grown.connections} connections: process ${mib(own)}, counted ${mib(touched)}; chunks to send ${mib(send)}, ` +
        `out of order ${mib(outOfOrder)}, of these never written ${mib(untouched)}`,
    );
    expect(grown.connections).toBeGreaterThan(CONNECTIONS);
    expect(outOfOrder).toBeGreaterThan(1 << 20);
    expect(Math.abs(own - touched)).toBeLessThan(SHARE * touched + SLACK);
    // A chunk of 64 KiB with 3000 octets in it: the budget counts it whole, the process holds a page.
    expect(untouched).toBeGreaterThan(send / 4);
    expect(Math.abs(own - (touched + untouched))).toBeGreaterThan(SHARE * touched + SLACK);
  });
});

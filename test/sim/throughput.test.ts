// What each controller makes of a path: docs/throughput.md, measured again. A cell may get better; worse by more than a few points
// is a failure. USERTCP_UPDATE=1 writes the page anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { race } from '../../src/assess.ts';

const PAGE = fileURLToPath(new URL('../../docs/throughput.md', import.meta.url));
const CONTROLLERS = ['newreno', 'cubic', 'bbr', 'dctcp'];
const RATE = 1e7;
/** Points of a hundred that a cell may fall. */
const SLACK = 8;

interface Row {
  readonly name: string;
  readonly path: { rtt: number; loss?: number; queue?: number };
  readonly seeds: number;
}
/** Which packet is lost matters most where a loss costs most. */
const seedsOf = (loss: number, rtt: number): number => (loss === 0 || rtt === 1 ? 1 : rtt === 20 ? 3 : 7);
const rows: Row[] = [0, 0.001, 0.01, 0.05].flatMap((loss) =>
  [1, 20, 100].map((rtt) => ({
    name: `${loss * 100} % loss, ${rtt} ms`,
    path: { loss, rtt },
    seeds: seedsOf(loss, rtt),
  })),
);
rows.push({ name: 'queue of 8 packets, 20 ms', path: { rtt: 20, queue: 8 }, seeds: 1 });
rows.push({ name: 'queue of 200 packets, 20 ms', path: { rtt: 20, queue: 200 }, seeds: 1 });

/** Shares in hundredths, the least first. */
async function shares(controller: string, path: Row['path'], seeds: number): Promise<number[]> {
  const found: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const { share } = await race({ flows: [controller], rate: RATE, seconds: 6, warmup: 2, seed, ...path });
    found.push(Math.round(100 * share));
  }
  return found.sort((a, b) => a - b);
}

function median(sorted: readonly number[]): number {
  return sorted[sorted.length >> 1]!;
}

const HEAD = `# Throughput by controller

Goodput of one flow as a share (in hundredths) of what text a bottleneck of 10 Mbit/s can carry, 6 virtual seconds after the first two; the queue
holds one bandwidth-delay product, at least 16 packets, where nothing else is said. Losses are random and independent; where they matter most the
figure is the median of three runs (20 ms) or seven (100 ms), each with other losses. Made by \`test/sim/throughput.test.ts\`, which fails when a cell
falls by more than ${SLACK}.

`;

function page(table: ReadonlyMap<string, readonly number[]>): string {
  const lines = [...table].map(([name, cells]) => `| ${name} | ${cells.join(' | ')} |`);
  return `${HEAD}| path | ${CONTROLLERS.join(' | ')} |\n| ---- |${' ---- |'.repeat(CONTROLLERS.length)}\n${lines.join('\n')}\n`;
}

/** What follows the table is written elsewhere. */
function kept(): string {
  const text = readFileSync(PAGE, 'utf8');
  const more = text.indexOf('\n## ');
  return more < 0 ? '' : text.slice(more);
}

function recorded(): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const line of readFileSync(PAGE, 'utf8').split('\n## ')[0]!.split('\n')) {
    const [, name, ...cells] = line.split('|').map((cell) => cell.trim());
    if (name !== undefined && /^\d+$/.test(cells[0] ?? ''))
      found.set(name, cells.slice(0, CONTROLLERS.length).map(Number));
  }
  return found;
}

test('the throughput table', { timeout: 300_000 }, async () => {
  const table = new Map<string, number[]>();
  for (const { name, path, seeds } of rows) {
    const cells: number[] = [];
    for (const controller of CONTROLLERS) cells.push(median(await shares(controller, path, seeds)));
    table.set(name, cells);
  }
  console.log(page(table));
  if (process.env.USERTCP_UPDATE === '1') writeFileSync(PAGE, page(table) + kept());
  const before = recorded();
  expect([...before.keys()]).toEqual([...table.keys()]);
  const fallen = [...table].flatMap(([name, cells]) =>
    cells
      .map((now, n) => ({ name, controller: CONTROLLERS[n], now, past: before.get(name)![n]! }))
      .filter(({ now, past }) => now < past - SLACK),
  );
  expect(fallen).toEqual([]);
});

test('BBR over 100 ms with 1 % of loss: four fifths of the rate, and no loss of one retransmission ends that', {
  timeout: 120_000,
}, async () => {
  const found = await shares('bbr', { loss: 0.01, rtt: 100 }, 9);
  expect(median(found), `${found}`).toBeGreaterThanOrEqual(80);
  expect(found[0], `${found}`).toBeGreaterThanOrEqual(60);
});

test.each(['newreno', 'cubic', 'bbr'])(
  'four flows of %s share a bottleneck',
  { timeout: 60_000 },
  async (controller) => {
    const flows = Array.from({ length: 4 }, () => controller);
    const { fairness, share } = await race({ flows, rate: RATE, rtt: 20, warmup: 5, seconds: 15 });
    expect(fairness).toBeGreaterThan(0.8);
    expect(share).toBeGreaterThan(0.85);
  },
);

test('NewReno and CUBIC side by side: neither starves', { timeout: 60_000 }, async () => {
  const { goodput } = await race({ flows: ['newreno', 'cubic'], rate: RATE, rtt: 20, warmup: 5, seconds: 15 });
  const [reno, cubic] = goodput as [number, number];
  expect(reno / (reno + cubic)).toBeGreaterThan(0.2);
  expect(cubic / (reno + cubic)).toBeGreaterThan(0.2);
});

test('pacing by the stack costs a window controller nothing', { timeout: 60_000 }, async () => {
  const { share } = await race({ flows: ['newreno'], rate: RATE, rtt: 20, pacing: true });
  expect(share).toBeGreaterThan(0.9);
});

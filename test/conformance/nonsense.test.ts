/**
 * Peers that send nonsense and users who call at any time: whatever comes, no arrow outside of the figure is taken (that
 * throws), the user gets the peer's octets in order, the peer gets the user's, and in the end nothing is left over.
 */
import { expect, test } from 'vitest';
import { SeededRng } from '../../src/link/sim.ts';
import { bring, type CoreBackend, Script, stateNames } from './script/index.ts';

const RUNS = Number(process.env.USERTCP_NONSENSE ?? 100);
const STEPS = 40;
const SYN_OPTIONS = ['mss 1000', 'mss 600, sackOK', 'mss 1460, ws 3, sackOK, ts 100 0', 'ts 100 0'];
const FLAG_SETS = ['.', '.', '.', 'P.', 'P.', 'F.', 'S', 'S.', 'R', 'R.', 'U.', 'FP.', '-', 'F', 'SF', 'SFRPU.', 'PU'];
const CALLS = [
  'send 10',
  'send 3000',
  'send urgent 5',
  'close',
  'abort',
  'giveup',
  'open again',
  'listen',
  'open active',
  'read 500',
];

class Chooser {
  readonly #rng: SeededRng;

  constructor(seed: number) {
    this.#rng = new SeededRng(seed);
  }

  of<T>(list: readonly T[]): T {
    return list[this.#rng.below(list.length)]!;
  }

  /** Mostly near what is expected, sometimes far off. */
  near(n: number): number {
    return n + this.of([0, 0, 0, 0, 0, 1, -1, -10, 10, 100, 1000, -1000, 9999, 10_000, 40_000, -40_000, 2 ** 30]);
  }
}

/** Runs a line; what the stack sends and calls return is not compared. */
async function attempt(s: Script, line: string): Promise<string[]> {
  try {
    await s.run(line);
  } catch (error) {
    const { message } = error as Error;
    if (!/expected nothing more| returned |there was/.test(message))
      throw new Error(`${message}\npackets: ${s.savePackets()}`);
  }
  return s.takeSegments();
}

async function play(seed: number): Promise<void> {
  const choose = new Chooser(seed);
  const reading = choose.of(['manual', 'automatic'] as const);
  const s = new Script(choose.of([4, 6] as const), { seed, reading, tcp: { dataRetries: 3 } });
  const place = await bring(
    s,
    choose.of(stateNames),
    choose.of(['passive', 'active'] as const),
    choose.of(SYN_OPTIONS),
  );
  s.capturing = false;
  s.connection.follow = true;
  let { rcv } = place;
  let acked = place.snd;
  let most = 0;
  for (let n = 0; n < STEPS; n++) {
    const what = choose.of(['segment', 'segment', 'segment', 'segment', 'call', 'time']);
    let line = `wait ${choose.of([1, 50, 300, 1100, 70_000])}ms`;
    if (what === 'call') line = choose.of(CALLS);
    if (what === 'segment') {
      const len = choose.of([0, 0, 0, 1, 10, 500, 1400]);
      const window = choose.of([0, 1, 700, 32_792, 65_535]);
      const flags = choose.of(FLAG_SETS);
      const stamp = `ts ${choose.near(100 + n)} 0`;
      const edge = choose.near(acked);
      const sack = `sack ${edge}:${choose.near(edge)}`;
      // Octets have their place in the stream: it begins at 0 in every incarnation.
      const seq = flags.includes('S') ? 0 : choose.near(rcv);
      const options = choose.of(['', '', '', stamp, sack, `${stamp}, ${sack}`]);
      line =
        `+.001 ${choose.of(['<', '<', '<+'])} ${flags} seq ${seq} ack ${choose.near(acked)} ` +
        `win ${window} urg ${choose.of([0, 5, 60_000])} len ${len} <${options}>`;
    }
    const sent = await attempt(s, line);
    most = Math.max(most, what === 'time' ? 0 : sent.length);
    for (const segment of sent) {
      rcv = Number(/ ack (-?\d+)/.exec(segment)?.[1] ?? rcv);
      const [, seq = '0', len = '0'] = /seq (-?\d+)(?:.* len (\d+))?/.exec(segment) ?? [];
      acked = Number(seq) + Number(len) + (/^\S*[SF]/.test(segment) ? 1 : 0);
    }
  }
  // A burst of one segment or one call never lets more go than the windows do.
  expect(most).toBeLessThan(80);
  await attempt(s, 'abort');
  await attempt(s, 'abort');
  await attempt(s, 'wait 2h');
  expect((s.backend as CoreBackend).core.connections, `rows left in use, seed ${seed}`).toBe(0);
  await s.close();
}

test(`${RUNS} conversations of nonsense [T300] [UNTAGGED-16] [MUST-7]`, async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      await play(seed);
    } catch (error) {
      throw new Error(`seed=${seed}\n${(error as Error).message}`, { cause: error });
    }
  }
}, 120_000);

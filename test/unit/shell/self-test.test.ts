// The self-test's packets are ones the kernel would answer; its verdicts, with a fence that counts what the test says.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Counts, Fence } from '../../../src/shell/coexist/fence.ts';
import type { KernelFacts } from '../../../src/shell/coexist/kernel-facts.ts';
import type { Plan, Wish } from '../../../src/shell/coexist/plan.ts';
import { PortSet } from '../../../src/shell/coexist/port-set.ts';
import { probeFrame } from '../../../src/shell/coexist/probe-frames.ts';
import { probe } from '../../../src/shell/coexist/self-test.ts';
import { DESC_WORDS, KIND_TCP, RX_FLAGS, RX_KIND, SYN } from '../../../src/wire/abi.ts';
import { formatAddress } from '../../../src/wire/address-text.ts';
import { PARSED } from '../../../src/wire/drop.ts';
import { KEY_LADDR, KEY_PORTS, KEY_RADDR, KEY_WORDS, readFlowKey } from '../../../src/wire/flow-key.ts';
import { FrameParser } from '../../../src/wire/parse.ts';

const MAC = Uint8Array.of(2, 0, 0, 0, 0, 9);

test.each([
  ['10.0.0.2', [], '10.0.0.3'],
  ['10.0.0.1', [], '10.0.0.3'], // not the network's own
  ['10.0.0.254', [], '10.0.0.252'], // nor its broadcast
  ['10.0.0.2', ['10.0.0.3', '10.0.0.1'], '10.0.0.6'],
  ['fd00::2', [], 'fd00::3'],
] as const)(
  'a SYN to %s with valid checksums from a neighbour that does not exist',
  (address, taken: readonly string[], source) => {
    const frame = probeFrame(address, 61000, MAC, (text) => taken.includes(text));
    const rx = new Int32Array(DESC_WORDS);
    expect(new FrameParser().parse(frame, 0, frame.length, rx, 0, true)).toBe(PARSED);
    expect([rx[RX_KIND]! & 0xff, rx[RX_FLAGS]! & 0xff]).toEqual([KIND_TCP, SYN]);
    expect([...frame.subarray(0, 6)]).toEqual([...MAC]);
    const key = new Int32Array(KEY_WORDS);
    readFlowKey(frame, 14, address.includes(':') ? 54 : 34, key);
    expect([
      formatAddress(key.subarray(KEY_LADDR)),
      formatAddress(key.subarray(KEY_RADDR)),
      key[KEY_PORTS]! >>> 16,
    ]).toEqual([address, source, 61000]);
  },
);

const wish = { device: 'eth0', addresses: ['10.0.0.2', 'fd00::2'] } as Partial<Wish> as Wish;
const plan = { claimed: new PortSet([[61000, 65535]]) } as Partial<Plan> as Plan;
const facts = { addresses: new Map() } as Partial<KernelFacts> as KernelFacts;

/** The fence answers with these counts, the last one for ever. */
async function run(...counts: (Counts | undefined)[]): Promise<{ verdict: unknown; frames: number }> {
  let looks = 0;
  let frames = 0;
  const fence = { counts: async () => counts[Math.min(looks++, counts.length - 1)] } as Partial<Fence> as Fence;
  const testing = probe(fence, wish, plan, facts, async (_device, make) => {
    frames = make(MAC).length;
    return undefined;
  });
  const verdict = testing.catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  return { verdict: await verdict, frames };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('passed when every packet met the rules, although they come late', async () => {
  expect(await run({ hidden: 0, offences: [] }, { hidden: 1, offences: [] }, { hidden: 2, offences: [] })).toEqual({
    verdict: undefined,
    frames: 2,
  });
});

test.each([
  [
    'the kernel answered',
    { hidden: 2, offences: [{ packets: 1, what: 'answered for 10.0.0.2' }] },
    /the kernel answered for 10\.0\.0\.2 on eth0/,
  ],
  ['a packet passed the rules', { hidden: 1, offences: [] }, /of 2 packets for us the ingress rules of eth0 met 1/],
  ['somebody removed the rules', undefined, /its rules are gone/],
])('failed when %s; the message says what to do', async (_what, counts, message) => {
  const { verdict } = await run(counts);
  expect(verdict).toMatchObject({ code: 'ERR_USERTCP_SELF_TEST', message: expect.stringMatching(message) });
  expect((verdict as Error).message).toMatch(/nft list ruleset.*own-mac.*selfTest: false/s);
});

test('where no packet can be injected that is the answer, and the rules are not asked', async () => {
  const fence = { counts: () => Promise.reject(new Error('asked')) } as Partial<Fence> as Fence;
  expect(await probe(fence, wish, plan, facts, async () => 'no tc here')).toBe('no tc here');
});

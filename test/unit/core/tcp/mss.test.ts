import { expect, test } from 'vitest';
import { advertisedMss, defaultMss, mostText, setSendMss } from '../../../../src/core/tcp/mss.ts';
import { ES_TELL, F_TS, F2_ACCECN } from '../../../../src/core/tcp/row.ts';
import { type Bench, type BenchOptions, bench, hearMtu } from './bench.ts';

test.each([
  [{}, 1460],
  [{ v6: true }, 1440],
  [{ mtu: 9000 }, 8960],
  [{ mtu: 70_000 }, 65_535],
  [{ pathMtu: 576 }, 1460], // what we can take does not depend on the path from us
] satisfies [BenchOptions, number][])(
  'the MSS option is MMS_R - 20: %o → %d [MUST-67] [SHLD-6] [RFC 8200 §8.3]',
  (options, mss) => {
    const { t, tcb } = bench(options);
    expect(advertisedMss(t, tcb)).toBe(mss);
  },
);

test('over IPv6 a link is as wide as its routers say [RFC 4861 §6.3.4]', () => {
  const told = ([false, true] as const).map((v6) => {
    const { t, tcb } = bench({ v6 });
    hearMtu(t, 1400);
    return advertisedMss(t, tcb);
  });
  expect(told).toEqual([1460, 1340]);
});

test('a peer that names none gets 536 over IPv4 and 1220 over IPv6 [MUST-15]', () => {
  expect([defaultMss(bench().tcb), defaultMss(bench({ v6: true }).tcb)]).toEqual([536, 1220]);
});

/** On a connection with segments of `mss`. */
function most({ t, tcb }: Bench, mss: number): number {
  tcb.sndMss = mss;
  return mostText(t, tcb, 0, mss);
}

function sendMss(peerMss: number, options: BenchOptions = {}, flags = 0): number {
  const { t, tcb } = bench(options);
  tcb.flags |= flags;
  tcb.peerMss = peerMss;
  setSendMss(t, tcb);
  return tcb.sndMss;
}

test('Eff.snd.MSS is the smaller of what the peer takes and the path holds, less the options on every segment [MUST-16]', () => {
  expect([sendMss(1460), sendMss(9000), sendMss(536), sendMss(1460, {}, F_TS)]).toEqual([1460, 1460, 536, 1448]);
  expect([sendMss(1460, { pathMtu: 1400 }), sendMss(1440, { v6: true, pathMtu: 1280 })]).toEqual([1360, 1220]);
});

test('a peer that takes any size leaves it to the path [UNTAGGED-30] [RFC 1122 §3.3.3]', () => {
  expect([sendMss(65_535), sendMss(65_535, { v6: true }), sendMss(65_535, { pathMtu: 576 })]).toEqual([
    1460, 1440, 536,
  ]);
});

test('nonsense makes no tinygrams', () => {
  expect([sendMss(0), sendMss(1), sendMss(1, {}, F_TS), sendMss(1460, { pathMtu: 68 })]).toEqual([48, 48, 36, 48]);
});

test('a super-segment holds whole segments only, and fits what the link takes', () => {
  const plain = bench({ maxPacket: 65_535 });
  expect(most(plain, 1460)).toBe(Math.floor(65_495 / 1460) * 1460);
  plain.tcb.flags |= F_TS;
  expect(most(plain, 1448)).toBe(Math.floor(65_483 / 1448) * 1448);
  const exact = bench({ maxPacket: 40 + 12 + 3 * 1448 });
  exact.tcb.flags |= F_TS;
  expect(most(exact, 1448)).toBe(3 * 1448);
  const six = bench({ v6: true, maxPacket: 40 + 20 + 2 * 1440 - 1 });
  expect(most(six, 1440)).toBe(1440);
  const none = bench({ maxPacket: 1500 });
  expect(most(none, 1460)).toBe(1460);
});

test.each([false, true])('nor larger with SACK blocks, whatever the segment size (IPv6 %s)', (v6) => {
  const { t, tcb } = bench({ v6, maxPacket: 65_517 });
  tcb.flags |= F_TS;
  const wrong: number[] = [];
  for (tcb.sndMss = 1200; tcb.sndMss < 9200; tcb.sndMss++) {
    for (const sack of [12, 20, 28]) {
      const most = mostText(t, tcb, 0, tcb.sndMss - sack);
      if (most + (v6 ? 60 : 40) + 12 + sack > 65_517) wrong.push(tcb.sndMss);
    }
  }
  expect(wrong).toEqual([]);
});

test('with CWR set under accurate ECN segments go one by one: devices would clear it in all but the first', () => {
  const b = bench({ maxPacket: 65_535 });
  const { tcb } = b;
  const whole = Math.floor(65_495 / 1460) * 1460;
  tcb.ceRcvd |= 2;
  expect(most(b, 1460)).toBe(whole);
  tcb.flags2 |= F2_ACCECN;
  expect(most(b, 1460)).toBe(1460);
  tcb.ceRcvd &= ~2;
  expect(most(b, 1460)).toBe(whole);
  tcb.ecnState |= ES_TELL; // what the first one says is not true of the others
  expect(most(b, 1460)).toBe(1460);
});

test('the path is never believed to be wider than the link [MUST-16]', () => {
  const { t, tcb } = bench();
  tcb.peerMss = 9000;
  const found = [1499, 1500, 1501].map((mtu) => {
    tcb.pmtu = mtu;
    setSendMss(t, tcb);
    return tcb.sndMss;
  });
  expect(found).toEqual([1459, 1460, 1460]);
});

// What of a SYN's offer is agreed, from option bytes as they stand in a header.
import { expect, test } from 'vitest';
import type { TcpDefaults } from '../../../../src/core/api.ts';
import { F_SACK, F_TS, F_WS } from '../../../../src/core/tcp/row.ts';
import { takeSynOptions } from '../../../../src/core/tcp/syn-options.ts';
import { DESC_WORDS, RX_FRAME, RX_L3L4 } from '../../../../src/wire/abi.ts';
import { type Bench, bench } from './bench.ts';

const MSS = [2, 4, 5, 180]; // 1460
const WS = (shift: number): number[] => [1, 3, 3, shift];
const SACK_OK = [1, 1, 4, 2];
const TS = [1, 1, 8, 10, 0, 0, 0, 77, 0, 0, 0, 0];

function offered(options: number[], defaults: Partial<TcpDefaults> = {}, v6 = false): Bench {
  const b = bench({ tcp: defaults, v6 });
  const frame = 3;
  const l4 = 34;
  b.t.seg.memory = new Uint8Array(frame + l4 + 20 + options.length);
  b.t.seg.memory.set(options, frame + l4 + 20);
  b.t.seg.memory[frame + l4 + 12] = ((20 + options.length) / 4) << 4;
  b.t.seg.rx = new Int32Array(DESC_WORDS);
  b.t.seg.rx[RX_FRAME] = frame;
  b.t.seg.rx[RX_L3L4] = 14 | (l4 << 16);
  b.tcb.rcvBuf = 1 << 20;
  b.tcb.scales = 5 << 8;
  takeSynOptions(b.t, b.tcb, b.t.seg);
  return b;
}

const agreed = ({ tcb }: Bench): number => tcb.flags & (F_TS | F_SACK | F_WS);

test('all that both want; our own shift stays', () => {
  const b = offered([...MSS, ...WS(7), ...SACK_OK, ...TS]);
  expect([agreed(b), b.tcb.peerMss, b.tcb.scales, b.tcb.rcvBuf]).toEqual([
    F_TS | F_SACK | F_WS,
    1460,
    7 | (5 << 8),
    1 << 20,
  ]);
  expect([b.tcb.tsRecent, b.tcb.tsRecentAt]).toEqual([77, b.t.tick]);
});

test('nothing offered: the default MSS, and a window that needs no scale', () => {
  const b = offered([]);
  expect([agreed(b), b.tcb.peerMss, b.tcb.rcvBuf]).toEqual([0, 536, 0xffff]);
  expect(offered([], {}, true).tcb.peerMss).toBe(1220);
});

test('what this stack does not want is not agreed, though offered', () => {
  const b = offered([...MSS, ...WS(7), ...SACK_OK, ...TS], { timestamps: false, sack: false, windowScaling: false });
  expect([agreed(b), b.tcb.rcvBuf]).toEqual([0, 0xffff]);
});

test('a shift above 14 is used as 14 (RFC 7323 §2.3)', () => {
  expect(offered(WS(15)).tcb.scales & 0xff).toBe(14);
  expect(offered(WS(255)).tcb.scales & 0xff).toBe(14);
});

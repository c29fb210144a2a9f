// Which connection a descriptor belongs to, when the link knew none. The segments are frames that the parser read.
import { expect, test } from 'vitest';
import { arrival } from '../../../src/core/arrival.ts';
import { CLOSED, LISTEN } from '../../../src/core/tcp/figure5.ts';
import { remove, takeRow } from '../../../src/core/tcp/lifecycle.ts';
import { F_LISTED } from '../../../src/core/tcp/row.ts';
import { LADDR, PORTS, type Tcb } from '../../../src/core/tcp/tcb.ts';
import { ACK, DESC_WORDS, KIND_PIECE, RST, RX_KIND, RX_MULTICAST, RX_ROW, SYN } from '../../../src/wire/abi.ts';
import { parseAddress } from '../../../src/wire/address-text.ts';
import { put16, put32 } from '../../../src/wire/bytes.ts';
import { pseudo, writeChecksum } from '../../../src/wire/checksum.ts';
import { PARSED } from '../../../src/wire/drop.ts';
import { writeIpv4 } from '../../../src/wire/ip.ts';
import { FrameParser } from '../../../src/wire/parse.ts';
import { type Bench, bench, endTurn } from './tcp/bench.ts';

/** A bench whose 10.0.0.1 is ours, and a segment of 10.0.0.2:40000 as a link would describe it. */
function setup(): Bench {
  const b = bench();
  b.t.ip.addAddress(parseAddress('10.0.0.1'), 120, 0);
  return b;
}

interface Frame {
  readonly flags: number;
  readonly seq?: number;
  readonly from?: string;
  readonly to?: string;
  readonly port?: number;
  readonly row?: number;
  readonly kind?: number;
}

function arrive(b: Bench, f: Frame): void {
  const memory = new Uint8Array(54);
  memory[12] = 8;
  writeIpv4(memory, 14, 0, 40, 0, 6, parseAddress(f.from ?? '10.0.0.2')[3]!, parseAddress(f.to ?? '10.0.0.1')[3]!);
  put16(memory, 34, 40_000);
  put16(memory, 36, f.port ?? 80);
  put32(memory, 38, f.seq ?? 5000);
  put32(memory, 42, 1000);
  memory[46] = 0x50;
  memory[47] = f.flags;
  put16(memory, 48, 999);
  writeChecksum(memory, 50, 34, 20, pseudo(memory, 14, 6, 20));
  const rx = new Int32Array(DESC_WORDS);
  expect(new FrameParser().parse(memory, 0, 54, rx, 0, false)).toBe(PARSED);
  rx[RX_ROW] = f.row ?? -1;
  rx[RX_KIND]! |= f.kind ?? 0;
  arrival(b.t, b.t.cursor(), 0, rx, 0, memory);
}

function listener(b: Bench): Tcb {
  const cursor = b.t.cursor();
  const row = takeRow(b.t, cursor, {});
  cursor.state = LISTEN;
  cursor.flags |= F_LISTED;
  cursor.i32[cursor.at + PORTS] = 80 << 16;
  cursor.i32.set(parseAddress('::'), cursor.at + LADDR);
  cursor.backlog = 5;
  b.t.listeners.add(row, 80);
  return cursor;
}

test('a connection that the link did not know yet is found by its four-tuple, before any listener (T296, T297)', () => {
  const b = setup();
  listener(b);
  arrive(b, { flags: ACK });
  expect([b.tcb.sndWnd, b.t.rows.used]).toEqual([999, 2]);
});

test('the row that the link named is taken at its word while it lives, and looked up again when it ended (T300)', () => {
  const b = setup();
  arrive(b, { flags: ACK, row: b.tcb.row });
  expect(b.tcb.sndWnd).toBe(999);
  remove(b.t, b.tcb, 0, b.tcb.state);
  expect(b.tcb.state).toBe(CLOSED);
  arrive(b, { flags: ACK, row: b.tcb.row });
  endTurn(b);
  expect(b.take()).toMatchObject([{ flags: RST, seq: 1000 }]); // as for a connection that does not exist: <SEQ=SEG.ACK><CTL=RST>
});

test('a SYN for a listener makes an entry of its SYN queue and no row, for nobody a RST', () => {
  const b = setup();
  listener(b);
  arrive(b, { flags: SYN, from: '10.0.0.3' });
  expect([b.t.rows.used, b.t.halfOpens.used]).toEqual([2, 1]);
  expect(b.take()).toMatchObject([{ flags: SYN | ACK, ack: 5001 }]);
  arrive(b, { flags: SYN, from: '10.0.0.3', port: 81 });
  expect(b.take()).toMatchObject([{ flags: RST | ACK, seq: 0, ack: 5001 }]);
});

test.each<[string, Partial<Frame>]>([
  ['a group MAC', { from: '10.0.0.3', kind: RX_MULTICAST << 16 }],
  ['an address that is not ours', { to: '10.0.0.77' }],
  ['a broadcast source', { from: '255.255.255.255' }],
  ['a multicast source', { from: '224.0.0.1' }],
  ['ourselves as the source', { from: '10.0.0.1' }],
])('nothing is answered to %s [MUST-57] [MUST-63]', (_what, f) => {
  const b = setup();
  listener(b);
  for (const flags of [SYN, ACK]) arrive(b, { flags, seq: 1, port: flags === SYN ? 80 : 81, ...f });
  expect([b.take(), b.t.rows.used, b.t.counters.invalidSource, b.t.counters.inSegs]).toEqual([[], 2, 2, 0]);
});

test('pieces belong to the descriptor before them', () => {
  const b = setup();
  const rx = new Int32Array(DESC_WORDS).fill(-1);
  rx[RX_KIND] = KIND_PIECE;
  arrival(b.t, b.tcb, 0, rx, 0, new Uint8Array(0));
  expect([b.take(), b.t.counters.inSegs]).toEqual([[], 0]);
});

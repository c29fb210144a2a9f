/** Regions a link reads, small; and descriptors and rows as a core would fill them. */

import type { SharedRegions } from '../../../src/ports.ts';
import {
  DESC_WORDS,
  HOP_MAC_HI,
  HOP_MAC_LO,
  HOP_WORDS,
  KIND_PIECE,
  KIND_TCP,
  ROW_LADDR,
  ROW_PORTS,
  ROW_RADDR,
  ROW_WORDS,
  TX_ACK,
  TX_FLAGS,
  TX_GSO,
  TX_HOP,
  TX_IP,
  TX_KIND,
  TX_LEN,
  TX_OFF,
  TX_OPT_LEN,
  TX_OPT_OFF,
  TX_OPTS,
  TX_ROW,
  TX_SEQ,
  TX_TOTAL,
  TX_TSECR,
  TX_TSVAL,
} from '../../../src/wire/abi.ts';
import { parseAddress } from '../../../src/wire/address-text.ts';
import { macHi, macLo } from '../../../src/wire/ethernet.ts';
import { FlowTable, flowTableBytes } from '../../../src/wire/flow-table.ts';

export interface Regions extends SharedRegions {
  readonly table: FlowTable;
}

export function regions(rows = 8, arenaBytes = 1 << 18): Regions {
  const shared = {
    rows: new Int32Array(rows * ROW_WORDS),
    flows: new Int32Array(flowTableBytes(rows) / 4),
    hops: new Int32Array(4 * HOP_WORDS),
    arena: new Uint8Array(arenaBytes),
  };
  return { ...shared, table: new FlowTable(shared.flows, shared.rows, 0x01234567, 0x89abcdef | 0) };
}

export function setRow(
  r: SharedRegions,
  row: number,
  local: string,
  lport: number,
  remote: string,
  rport: number,
): void {
  const at = row * ROW_WORDS;
  r.rows[at + ROW_PORTS] = (lport << 16) | rport;
  r.rows.set(parseAddress(local), at + ROW_LADDR);
  r.rows.set(parseAddress(remote), at + ROW_RADDR);
}

export function setHop(r: SharedRegions, hop: number, mac: Uint8Array, tci = 0): void {
  r.hops[hop * HOP_WORDS + HOP_MAC_HI] = macHi(mac, 0);
  r.hops[hop * HOP_WORDS + HOP_MAC_LO] = (macLo(mac, 0) << 16) | tci;
}

export interface Segment {
  readonly row?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly flags?: number;
  readonly window?: number;
  /** (offset, length) in the arena, or in the region of the length's high bits. */
  readonly pieces?: readonly (readonly [number, number])[];
  readonly gso?: number;
  readonly ts?: readonly [number, number];
  readonly urgent?: number;
  readonly options?: readonly [offset: number, length: number];
  readonly tos?: number;
  readonly ttl?: number;
  readonly hop?: number;
}

/** Fills a KIND_TCP descriptor at `at`, with its PIECE descriptors; returns how many it took. */
export function describe(tx: Int32Array, at: number, s: Segment): number {
  const pieces = s.pieces ?? [];
  const more = Math.ceil(Math.max(0, pieces.length - 1) / 7);
  tx.fill(0, at, at + DESC_WORDS * (1 + more));
  tx[at + TX_KIND] = KIND_TCP | (more << 8);
  tx[at + TX_ROW] = s.row ?? 0;
  tx[at + TX_SEQ] = s.seq ?? 0;
  tx[at + TX_ACK] = s.ack ?? 0;
  tx[at + TX_FLAGS] = (s.flags ?? 0x10) | ((s.window ?? 0) << 16);
  tx[at + TX_OFF] = pieces[0]?.[0] ?? 0;
  tx[at + TX_LEN] = pieces[0]?.[1] ?? 0;
  tx[at + TX_TOTAL] = pieces.reduce((sum, piece) => sum + (piece[1] & 0xfffff), 0);
  tx[at + TX_GSO] = s.gso ?? 0;
  tx[at + TX_TSVAL] = s.ts?.[0] ?? 0;
  tx[at + TX_TSECR] = s.ts?.[1] ?? 0;
  tx[at + TX_OPTS] = (s.ts === undefined ? 0 : 1) | ((s.urgent ?? 0) << 16);
  tx[at + TX_OPT_OFF] = s.options?.[0] ?? 0;
  tx[at + TX_OPT_LEN] = s.options?.[1] ?? 0;
  tx[at + TX_IP] = (s.tos ?? 0) | ((s.ttl ?? 64) << 8);
  tx[at + TX_HOP] = s.hop ?? 0;
  for (const [i, [offset, length]] of pieces.slice(1).entries()) {
    const piece = at + (1 + Math.floor(i / 7)) * DESC_WORDS;
    tx[piece] = KIND_PIECE;
    tx[piece + 1] = (i % 7) + 1;
    tx[piece + 2 + 2 * (i % 7)] = offset;
    tx[piece + 3 + 2 * (i % 7)] = length;
  }
  return 1 + more;
}

export const MAC_A = Uint8Array.of(2, 0, 0, 0, 0, 1);
export const MAC_B = Uint8Array.of(2, 0, 0, 0, 0, 2);

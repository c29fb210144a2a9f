import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FLOW_AREA,
  FLOW_MASK,
  FLOW_PREV_MASK,
  ROW_LADDR,
  ROW_PORTS,
  ROW_RADDR,
  ROW_WORDS,
} from '../../../src/wire/abi.ts';
import { mapIpv4 } from '../../../src/wire/address.ts';
import { KEY_WORDS } from '../../../src/wire/flow-key.ts';
import { FlowReader, FlowTable, flowTableBytes } from '../../../src/wire/flow-table.ts';

interface Fixture {
  readonly rows: Int32Array;
  readonly flows: Int32Array;
  readonly table: FlowTable;
  readonly reader: FlowReader;
}

function fixture(connections: number): Fixture {
  const rows = new Int32Array(connections * ROW_WORDS);
  const flows = new Int32Array(flowTableBytes(connections) / 4);
  return {
    rows,
    flows,
    table: new FlowTable(flows, rows, 0x6a09e667, 0xbb67ae85 | 0),
    reader: new FlowReader(flows, rows),
  };
}

/** Row → identity: every third is IPv6, the others IPv4. */
function identify(rows: Int32Array, row: number): void {
  const at = row * ROW_WORDS;
  rows[at + ROW_PORTS] = (443 << 16) | (1024 + (row % 60000));
  if (row % 3 === 0) rows.set([0x20010db8, 0, 0, 1, 0x20010db8, 0, 0, row], at + ROW_LADDR);
  else {
    mapIpv4(0x0a000001, rows, at + ROW_LADDR);
    mapIpv4(0x0a010000 + row, rows, at + ROW_RADDR);
  }
}

const keyOf = (rows: Int32Array, row: number): Int32Array => rows.slice(row * ROW_WORDS, row * ROW_WORDS + KEY_WORDS);

test('any order of insertions and removals leaves what a Map would hold, also while the table grows', () => {
  const most = 2000;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: most - 1 }), fc.nat({ max: 9 })), { minLength: 500, maxLength: 3000 }),
      (steps) => {
        const { rows, table, reader } = fixture(most);
        for (let row = 0; row < most; row++) identify(rows, row);
        const model = new Set<number>();
        for (const [row, action] of steps) {
          if (action < 3) expect(table.remove(row)).toBe(model.delete(row));
          else if (!model.has(row)) {
            table.insert(row);
            model.add(row);
          }
          expect(reader.find(rows, row * ROW_WORDS)).toBe(model.has(row) ? row : -1);
        }
        expect(table.size).toBe(model.size);
        for (let row = 0; row < most; row++) expect(table.find(rows, row * ROW_WORDS)).toBe(model.has(row) ? row : -1);
      },
    ),
    { numRuns: 40 },
  );
});

test('flows stay findable and removable in the middle of a migration', () => {
  const { rows, flows, table } = fixture(4096);
  let migrating = 0;
  for (let row = 0; row < 4096; row++) {
    identify(rows, row);
    table.insert(row);
    if (flows[FLOW_PREV_MASK] === -1) continue;
    migrating++;
    const victim = (row * 7) % row;
    expect(table.remove(victim)).toBe(true);
    expect(table.find(rows, victim * ROW_WORDS)).toBe(-1);
    table.insert(victim);
  }
  expect(migrating).toBeGreaterThan(100);
  for (let row = 0; row < 4096; row++) expect(table.find(keyOf(rows, row))).toBe(row);
});

test('as many flows as were reserved fit, and one more is refused with words', () => {
  const { rows, table } = fixture(4097);
  for (let row = 0; row < 64; row++) identify(rows, row);
  for (let row = 0; row < 64; row++) table.insert(row);
  const small = fixture(32);
  const many = new Int32Array(33 * ROW_WORDS);
  const tight = new FlowTable(small.flows, many, 1, 2);
  for (let row = 0; row < 33; row++) identify(many, row);
  for (let row = 0; row < 32; row++) tight.insert(row);
  expect(() => tight.insert(32)).toThrow(/flow table is full: 32 flows/);
});

/** Mean distance from home over the current area: probes per successful search, less one. */
function meanDisplacement(flows: Int32Array): number {
  const area = flows[FLOW_AREA]!;
  const mask = flows[FLOW_MASK]!;
  let total = 0;
  let count = 0;
  for (let i = 0; i <= mask; i++) {
    if (flows[area + 2 * i + 1] === 0) continue;
    total += (i - (flows[area + 2 * i]! & mask)) & mask;
    count++;
  }
  return total / count;
}

test.each([
  ['consecutive ports of one host', (i: number) => [i, 0x0a000002]],
  ['one port of hosts that differ in the high byte first', (i: number) => [80, ((i & 0xff) << 24) | (i >>> 8)]],
  ['ports and addresses with one XOR (they meet in a naive hash)', (i: number) => [i & 0xffff, 0x0a000000 ^ i]],
])('chosen keys do not crowd: %s', (_name, choose) => {
  const n = 60000; // 0.46 of 131072 slots: linear probing expects (1 / (1 - 0.46) - 1) / 2 = 0.43
  const { rows, flows, table } = fixture(n);
  for (let i = 0; i < n; i++) {
    const [port, address] = choose(i) as [number, number];
    rows[i * ROW_WORDS + ROW_PORTS] = (443 << 16) | port;
    mapIpv4(0x0a000001, rows, i * ROW_WORDS + ROW_LADDR);
    mapIpv4(address, rows, i * ROW_WORDS + ROW_RADDR);
    table.insert(i);
  }
  expect(meanDisplacement(flows)).toBeLessThan(0.55);
});

test('years of churn leave no trace: probes stay as short as in a fresh table', () => {
  const n = 4096;
  const { rows, flows, table } = fixture(n);
  for (let row = 0; row < n; row++) identify(rows, row);
  for (let row = 0; row < n; row++) table.insert(row);
  for (let i = 0; i < 200000; i++) {
    const row = Math.imul(i, 2654435761) >>> 20;
    table.remove(row);
    table.insert(row);
  }
  expect(meanDisplacement(flows)).toBeLessThan(0.7);
});

import { expect, test } from 'vitest';
import { Listeners } from '../../../../src/core/tcp/listeners.ts';
import { LADDR, PORTS } from '../../../../src/core/tcp/tcb.ts';
import { ROW_WORDS } from '../../../../src/wire/abi.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';

function table(): {
  listeners: Listeners;
  add(row: number, address: string, port: number): void;
  find(address: string, port: number): number;
} {
  const words = new Int32Array(16 * ROW_WORDS);
  const listeners = new Listeners(words);
  return {
    listeners,
    add(row, address, port) {
      words[row * ROW_WORDS + PORTS] = port << 16;
      words.set(parseAddress(address), row * ROW_WORDS + LADDR);
      listeners.add(row, port);
    },
    find: (address, port) => listeners.find(parseAddress(address), 0, port),
  };
}

test('an exact address wins over the unspecified one, in whatever order they came', () => {
  for (const order of [
    ['::', '10.0.0.1'],
    ['10.0.0.1', '::'],
  ]) {
    const t = table();
    for (const [n, address] of order.entries()) t.add(n + 1, address, 80);
    expect(t.find('10.0.0.1', 80)).toBe(order.indexOf('10.0.0.1') + 1);
    expect(t.find('10.0.0.2', 80)).toBe(order.indexOf('::') + 1);
    expect(t.find('fd00::1', 80)).toBe(order.indexOf('::') + 1);
    expect(t.find('10.0.0.1', 81)).toBe(-1);
  }
});

test('0.0.0.0 hears IPv4 alone', () => {
  const t = table();
  t.add(1, '0.0.0.0', 80);
  expect([t.find('10.0.0.9', 80), t.find('fd00::1', 80)]).toEqual([1, -1]);
});

test('any of several on a port can go', () => {
  for (const gone of [1, 2, 3]) {
    const t = table();
    for (const n of [1, 2, 3]) t.add(n, `10.0.0.${n}`, 80);
    t.listeners.remove(gone);
    expect([1, 2, 3].map((n) => t.find(`10.0.0.${n}`, 80))).toEqual([1, 2, 3].map((n) => (n === gone ? -1 : n)));
    for (const row of [1, 2, 3]) if (row !== gone) t.listeners.remove(row);
    expect(t.listeners.has(80)).toBe(false);
  }
});

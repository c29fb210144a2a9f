import { expect, test } from 'vitest';
import { Loopback } from '../../../src/link/loopback.ts';
import { COUNTERS, DESC_WORDS, RX_GSO, RX_LEN, RX_OFF, RX_ROW, RX_SEQ } from '../../../src/wire/abi.ts';
import { describe as fill, regions, setRow } from '../wire/regions.ts';

function setup(ringBytes?: number) {
  const turns: (() => void)[] = [];
  const link = new Loopback({ later: (fn) => turns.push(fn), ...(ringBytes === undefined ? {} : { ringBytes }) });
  const r = regions();
  setRow(r, 0, '127.0.0.1', 1, '127.0.0.1', 2);
  setRow(r, 1, '127.0.0.1', 2, '127.0.0.1', 1);
  r.table.insert(0);
  r.table.insert(1);
  for (let i = 0; i < r.arena.length; i++) r.arena[i] = i * 13;
  link.attach(r);
  return {
    link,
    r,
    turn: () =>
      turns.splice(0).forEach((fn) => {
        fn();
      }),
  };
}

test('a super-segment of nearly 64 KB arrives whole, in a later turn, at the row of the other end', () => {
  const { link, r, turn } = setup();
  const seen: number[][] = [];
  let text: Uint8Array | undefined;
  link.start((n) => {
    seen.push([n, link.rx[RX_ROW]!, link.rx[RX_SEQ]!, link.rx[RX_LEN]!, link.rx[RX_GSO]!]);
    text = link.rxMemory.slice(link.rx[RX_OFF]!, link.rx[RX_OFF]! + link.rx[RX_LEN]!);
  });
  link.flush(fill(link.tx, 0, { seq: 9, pieces: [[3, 65000]], gso: 32768, hop: -1 }));
  expect(seen).toEqual([]);
  turn();
  expect(seen).toEqual([[1, 1, 9, 65000, 32768 | (2 << 16)]]);
  expect(text).toEqual(r.arena.slice(3, 65003));
});

test('what is sent while a burst is handled does not touch the memory of that burst', () => {
  const { link, turn } = setup();
  const seqs: number[][] = [];
  link.start((n) => {
    const before = link.rxMemory.slice(link.rx[RX_OFF]!, link.rx[RX_OFF]! + 1000);
    if (seqs.length < 3)
      for (let i = 0; i < 5; i++) link.flush(fill(link.tx, 0, { row: 1, seq: i, pieces: [[50, 1000]] }));
    expect(link.rxMemory.slice(link.rx[RX_OFF]!, link.rx[RX_OFF]! + 1000)).toEqual(before);
    seqs.push(Array.from({ length: n }, (_, i) => link.rx[i * DESC_WORDS + RX_SEQ]!));
  });
  link.flush(fill(link.tx, 0, { seq: 42, pieces: [[0, 1000]] }));
  for (let i = 0; i < 6; i++) turn();
  expect(seqs).toEqual([[42], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]);
});

test('what does not fit is dropped and counted; nothing arrives after close', async () => {
  const { link, turn } = setup(8192);
  let bursts = 0;
  link.start(() => {
    bursts++;
  });
  for (let i = 0; i < 5; i++) link.flush(fill(link.tx, 0, { pieces: [[0, 1000]] }));
  expect(link.counters[COUNTERS.indexOf('rxRingDrops')]).toBe(2);
  await link.close();
  turn();
  expect(bursts).toBe(0);
});

test('who waits behind what is sent is called after it arrived, in the same turn, and also where nothing was sent', () => {
  const { link, turn } = setup();
  const seen: string[] = [];
  link.start((n) => {
    seen.push(`burst of ${n}`);
  });
  link.behind(() => seen.push('first'));
  link.flush(fill(link.tx, 0, { seq: 1, pieces: [[0, 100]] }));
  link.behind(() => seen.push('second') && link.behind(() => seen.push('third')));
  expect(seen).toEqual([]);
  turn();
  expect(seen).toEqual(['burst of 1', 'first', 'second']);
  turn();
  expect(seen).toEqual(['burst of 1', 'first', 'second', 'third']);
  turn();
  expect(seen.length).toBe(4);
});

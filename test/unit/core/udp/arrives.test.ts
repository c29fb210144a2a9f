// Datagrams that come, as the parser's descriptors and what the addon says of them.
import { expect, test } from 'vitest';
import { EV_DATAGRAM, EVENT_WORDS } from '../../../../src/core/events.ts';
import { Packet } from '../../../../src/core/ip/packet.ts';
import { Udp } from '../../../../src/core/udp/udp.ts';
import { DESC_WORDS, RX_GSO } from '../../../../src/wire/abi.ts';
import { parseAddress } from '../../../../src/wire/address-text.ts';
import { PARSED } from '../../../../src/wire/drop.ts';
import { writeIpv4 } from '../../../../src/wire/ip.ts';
import { FrameParser } from '../../../../src/wire/parse.ts';
import { writeUdp } from '../../../../src/wire/udp.ts';
import { bench } from '../tcp/bench.ts';

const US = parseAddress('10.0.0.1');
const DATA = 14 + 20 + 8;

/** `length` bytes of data for a socket of ours; `gso` is that word of the descriptor. Offset and length of each event. */
function arrive(length: number, gso: number): { told: [number, number][]; counted: number } {
  const { t } = bench();
  t.ip.addAddress(US, 120, 0);
  const udp = new Udp(t, { u32: () => 0 }, [49152, 65535]);
  expect(typeof udp.bind(new Int32Array(4), 4000)).toBe('object');
  const memory = new Uint8Array(DATA + length);
  memory[12] = 8;
  writeIpv4(memory, 14, 0, 28 + length, 0, 17, parseAddress('10.0.0.2')[3]!, US[3]!);
  writeUdp(memory, 14, 34, 40_000, 4000, length);
  const rx = new Int32Array(DESC_WORDS);
  expect(new FrameParser().parse(memory, 0, memory.length, rx, 0, false)).toBe(PARSED);
  rx[RX_GSO] = gso;
  const packet = new Packet();
  packet.read(0, rx, 0, memory);
  t.events.count = 0;
  expect(udp.arrives(packet)).toBe(true);
  const told = Array.from({ length: t.events.count }, (_, n): [number, number] => {
    const at = n * EVENT_WORDS;
    expect(t.events.words[at]).toBe(EV_DATAGRAM);
    return [t.events.words[at + 4]! - DATA, t.events.words[at + 5]!];
  });
  return { told, counted: udp.counters.inDatagrams };
}

test('several that travelled as one come one by one', () => {
  expect(arrive(2500, 1000 | (3 << 16))).toEqual({
    told: [
      [0, 1000],
      [1000, 1000],
      [2000, 500],
    ],
    counted: 3,
  });
  expect(arrive(64, 1 | (64 << 16)).counted).toBe(64);
});

test('one alone comes whole, an empty one, too', () => {
  expect(arrive(2500, 1 << 16).told).toEqual([[0, 2500]]);
  expect(arrive(0, 1 << 16)).toEqual({ told: [[0, 0]], counted: 1 });
});

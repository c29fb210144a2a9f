// The cases. `wire` is the reference in TypeScript, `addon` the C++ part or undefined.
import { tcpFrame } from './frames.mjs';
import { sink } from './harness.mjs';

export const native = (addon, name, fn) =>
  typeof addon?.[name] === 'function' ? fn : { why: addon ? `the addon has no ${name}` : 'no addon' };

/** One call sums one block. Kernels: every one this machine can run. Native: the call into C++ is part of it. */
export function checksums({ wire, addon }) {
  return [64, 1460, 65_536].map((bytes) => {
    const block = new Uint8Array(bytes).map((_, i) => (i * 131 + 7) & 255);
    const expected = wire.checksum.checksum(block, 0, bytes);
    const cases = {
      ts: () => {
        sink[0] ^= wire.checksum.checksum(block, 0, bytes);
      },
    };
    const check = {};
    for (const kernel of addon?.checksumKernels?.() ?? ['']) {
      const label = `native ${kernel}`.trim();
      cases[label] = native(addon, 'checksum', () => {
        sink[0] ^= addon.checksum(kernel, block);
      });
      check[label] = () => addon.checksum(kernel, block) === expected;
    }
    return {
      name: `checksum of ${bytes} B`,
      bytes,
      control: () => {
        sink[0] ^= block[sink[1] & 63];
      },
      cases,
      check,
    };
  });
}

/** The device says that the checksum is right. */
const VNET_DATA_VALID = 2;

/**
 * One call parses one frame into one descriptor. Native is what JavaScript can reach, and that makes an object and an
 * array for every frame: what the parser itself takes is in the suite `native`.
 */
export function parsing({ wire, addon }) {
  const out = new Int32Array(wire.abi.DESC_WORDS);
  const parser = new wire.parse.FrameParser();
  const groups = [];
  for (const payload of [0, 1448]) {
    for (const trusted of [true, false]) {
      const frame = tcpFrame(payload);
      const wanted = new Int32Array(out.length);
      if (parser.parse(frame, 0, frame.length, wanted, 0, false) !== wire.drop.PARSED) throw new Error('bad frame');
      groups.push({
        name: `parse, ${payload} B payload, checksum ${trusted ? 'trusted' : 'verified'}`,
        control: () => {
          sink[0] ^= frame[sink[1] & 31];
        },
        cases: {
          ts: () => {
            parser.parse(frame, 0, frame.length, out, 0, trusted);
            sink[0] ^= out[wire.abi.RX_SEQ];
          },
          'native, into new objects': native(addon, 'parse', () => {
            sink[0] ^= addon.parse(frame, trusted ? VNET_DATA_VALID : 0).desc[wire.abi.RX_SEQ];
          }),
        },
        check: {
          'native, into new objects': () => {
            const { desc, drop } = addon.parse(frame, trusted ? VNET_DATA_VALID : 0);
            return drop === '' && wanted.every((word, i) => word === desc[i]);
          },
        },
      });
    }
  }
  return groups;
}

/** 256 look-ups a call, at random, half of them of flows that do not exist. */
export function demultiplexing({ wire, addon }, sizes) {
  const { ROW_WORDS, ROW_PORTS, ROW_LADDR, ROW_RADDR } = wire.abi;
  return sizes.map((size) => {
    const rows = new Int32Array(size * ROW_WORDS);
    const flows = new Int32Array(wire.flowTable.flowTableBytes(size) / 4);
    const table = new wire.flowTable.FlowTable(flows, rows, 0x12345678, 0x0badcafe);
    const reader = new wire.flowTable.FlowReader(flows, rows);
    const identity = (words, at, n) => {
      words[at + ROW_PORTS] = (80 << 16) | (1024 + (n % 60_000));
      words.set([0, 0, 0xffff, 0x0a4d0002], at + ROW_LADDR);
      words.set([0, 0, 0xffff, 0x0a800000 + Math.floor(n / 60_000)], at + ROW_RADDR);
    };
    for (let row = 0; row < size; row++) {
      identity(rows, row * ROW_WORDS, row);
      table.insert(row);
    }
    const width = wire.flowKey.KEY_WORDS;
    const count = 1 << 16;
    const keys = new Int32Array(count * width);
    let random = 12345;
    for (let i = 0; i < count; i++) {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      const n = Math.floor((random / 2 ** 32) * size);
      identity(keys, i * width, i & 1 ? n + size : n);
    }
    const sample = Array.from({ length: 256 }, (_, i) => i);
    // The addon takes the nine words as an array: made beforehand, they are no part of the look-up.
    const views = Array.from({ length: count }, (_, i) => keys.subarray(i * width, (i + 1) * width));
    const batch = (find) => () => {
      const from = (sink[2] = (sink[2] + 256) & (count - 1));
      let sum = 0;
      for (let i = 0; i < 256; i++) sum += find((from + i) * width);
      sink[0] ^= sum;
    };
    return {
      name: `demultiplex, ${size} flows`,
      per: 256,
      control: batch((at) => keys[at]),
      cases: {
        'ts (FlowReader)': batch((at) => reader.find(keys, at)),
        'native, a call for each': native(
          addon,
          'flowLookup',
          batch((at) => addon.flowLookup(flows, rows, views[at / width])),
        ),
        'Map of strings': mapOfStrings(size, batch, keys, width),
      },
      check: {
        'ts (FlowReader)': () => sample.every((i) => reader.find(keys, i * width) >= 0 === !(i & 1)),
        'native, a call for each': () =>
          sample.every((i) => addon.flowLookup(flows, rows, views[i]) === table.find(keys, i * width)),
      },
    };
  });
}

/** What a table costs when nobody thinks about it. */
function mapOfStrings(size, batch, keys, width) {
  if (size > 100_000) return { why: 'takes gigabytes' };
  const map = new Map();
  const name = (at) => `${keys[at]}:${keys[at + 4]}:${keys[at + 8]}`;
  for (let i = 0; i < keys.length / width; i += 2) map.set(name(i * width), i);
  return batch((at) => map.get(name(at)) ?? -1);
}

// The cases. `wire` is the reference in TypeScript, `addon` the C++ part or undefined.
import { tcpFrame } from './frames.mjs';
import { sink } from './harness.mjs';

const native = (addon, name, fn) =>
  typeof addon?.[name] === 'function' ? fn : { why: addon ? `the addon has no ${name}` : 'no addon' };

/** One call sums one block. Kernels: every one this machine can run. */
export function checksums({ wire, addon }) {
  return [64, 1460, 65_536].map((bytes) => {
    const block = new Uint8Array(bytes).map((_, i) => (i * 131 + 7) & 255);
    const expected = wire.checksum.checksum(block, 0, bytes);
    const kernels = typeof addon?.checksumKernels === 'function' ? addon.checksumKernels() : [];
    const cases = {
      ts: () => {
        sink[0] ^= wire.checksum.checksum(block, 0, bytes);
      },
      native: native(addon, 'checksum', () => {
        sink[0] ^= addon.checksum(block);
      }),
    };
    const check = { native: () => addon.checksum(block) === expected };
    for (const name of kernels.map((k) => k.name ?? k)) {
      cases[`native ${name}`] = () => {
        sink[0] ^= addon.checksum(block, name);
      };
      check[`native ${name}`] = () => addon.checksum(block, name) === expected;
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

/** One call parses one frame into one descriptor. */
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
          native: native(addon, 'parse', () => {
            addon.parse(frame, out, trusted);
            sink[0] ^= out[wire.abi.RX_SEQ];
          }),
        },
        check: {
          native: () => {
            out.fill(0);
            addon.parse(frame, out, trusted);
            return out.every((word, i) => word === wanted[i]);
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
        ts: batch((at) => table.find(keys, at)),
        native: native(
          addon,
          'flowLookup',
          batch((at) => addon.flowLookup(flows, rows, keys, at)),
        ),
        'Map of strings': mapOfStrings(size, batch, keys, width),
      },
      check: {
        ts: () => sample.every((i) => i & 1 || table.find(keys, i * width) >= 0),
        native: () =>
          sample.every((i) => addon.flowLookup(flows, rows, keys, i * width) === table.find(keys, i * width)),
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

/** What a call from JavaScript into C++ costs, beside a call that stays; and per descriptor when 64 cross at once. */
export function crossing({ wire, addon }) {
  const words = new Int32Array(64 * wire.abi.DESC_WORDS);
  const stay = () => words.length;
  return [
    {
      name: 'one call',
      control: () => {
        sink[0] ^= stay();
      },
      cases: {
        'into C++ (abi)': native(addon, 'abi', () => {
          addon.abi();
          sink[0]++;
        }),
        'into C++ (halfsiphash of 3 words)': native(addon, 'halfsiphash', () => {
          sink[0] ^= addon.halfsiphash(1, 2, words, 0, 3);
        }),
        'same in TypeScript': () => {
          sink[0] ^= wire.halfsiphash.halfSipHash(1, 2, words, 0, 3);
        },
      },
      check: {
        'into C++ (halfsiphash of 3 words)': () =>
          addon.halfsiphash(1, 2, words, 0, 3) >> 0 === wire.halfsiphash.halfSipHash(1, 2, words, 0, 3),
      },
    },
  ];
}

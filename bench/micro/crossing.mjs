// What it costs to come from JavaScript into C++ and back, alone and with 64 descriptors.
import { tcpFrame } from './frames.mjs';
import { native } from './groups.mjs';
import { sink } from './harness.mjs';

const BATCH = 64;

function oneCall({ wire, addon }) {
  const words = new Int32Array([1, 2, 3]);
  const nothing = new Uint8Array(0);
  return {
    name: 'one call',
    control: () => {
      sink[0] ^= words.length;
    },
    cases: {
      'into C++, a string and an empty array': native(addon, 'checksum', () => {
        sink[0] ^= addon.checksum('', nothing);
      }),
      'into C++, halfSipHash of 3 words': native(addon, 'halfSipHash', () => {
        sink[0] ^= addon.halfSipHash(1, 2, words);
      }),
      'halfSipHash in TypeScript': () => {
        sink[0] ^= wire.halfsiphash.halfSipHash(1, 2, words, 0, 3);
      },
    },
    check: {
      'into C++, halfSipHash of 3 words': () =>
        addon.halfSipHash(1, 2, words) === wire.halfsiphash.halfSipHash(1, 2, words, 0, 3),
    },
  };
}

/** Per descriptor. Every case reads the same six words; the sums must be equal. */
function batch({ wire, addon }) {
  const { DESC_WORDS, RX_SEQ, RX_ACK, RX_FLAGS, RX_OFF, RX_TOTAL, RX_ROW } = wire.abi;
  const rx = new Int32Array(BATCH * DESC_WORDS);
  const bytes = new Uint8Array(rx.buffer);
  const frame = tcpFrame(1448);
  const parser = new wire.parse.FrameParser();
  for (let i = 0; i < BATCH; i++) parser.parse(frame, 0, frame.length, rx, i * DESC_WORDS, true);
  const views = Array.from({ length: BATCH }, (_, i) => bytes.subarray(i * DESC_WORDS * 4, (i + 1) * DESC_WORDS * 4));

  const words = (w, at) =>
    w[at + RX_ROW] + w[at + RX_SEQ] + w[at + RX_ACK] + w[at + RX_FLAGS] + w[at + RX_OFF] + w[at + RX_TOTAL];
  const inPlace = () => {
    let sum = 0;
    for (let at = 0; at < rx.length; at += DESC_WORDS) sum = (sum + words(rx, at)) | 0;
    return sum;
  };
  const list = new Array(BATCH);
  const objects = () => {
    for (let i = 0; i < BATCH; i++) {
      const at = i * DESC_WORDS;
      list[i] = {
        row: rx[at + RX_ROW],
        seq: rx[at + RX_SEQ],
        ack: rx[at + RX_ACK],
        flags: rx[at + RX_FLAGS],
        offset: rx[at + RX_OFF],
        total: rx[at + RX_TOTAL],
      };
    }
    let sum = 0;
    for (const d of list) sum = (sum + d.row + d.seq + d.ack + d.flags + d.offset + d.total) | 0;
    return sum;
  };
  const oneCrossing = () => {
    sink[3] ^= addon.checksum('', bytes);
    return inPlace();
  };
  const manyCrossings = () => {
    for (let i = 0; i < BATCH; i++) sink[3] ^= addon.checksum('', views[i]);
    return inPlace();
  };
  const arraysFromC = () => {
    let sum = 0;
    for (let i = 0; i < BATCH; i++) sum = (sum + words(addon.parse(frame, 2).desc, 0)) | 0;
    return sum;
  };
  const keep = (fn) => () => {
    sink[0] ^= fn();
  };
  const same = (fn) => () => fn() === inPlace();
  return {
    name: `a batch of ${BATCH} descriptors, each`,
    per: BATCH,
    control: keep(() => {
      let sum = 0;
      for (let at = 0; at < rx.length; at += DESC_WORDS) sum = (sum + at) | 0;
      return sum;
    }),
    cases: {
      'read in place': keep(inPlace),
      'made into objects, then read': keep(objects),
      'C++ reads all in one call, then in place': native(addon, 'checksum', keep(oneCrossing)),
      'C++ reads each in a call, then in place': native(addon, 'checksum', keep(manyCrossings)),
      'C++ parses and makes an object of each': native(addon, 'parse', keep(arraysFromC)),
    },
    check: {
      'made into objects, then read': same(objects),
      'C++ parses and makes an object of each': same(arraysFromC),
    },
  };
}

/** Descriptors → frames by the addon's `encode`, which keeps every frame as an array: an upper bound of the header maker. */
function encoding({ wire, addon }) {
  const { DESC_WORDS, ROW_WORDS, HOP_WORDS, ROW_LADDR, ROW_RADDR } = wire.abi;
  const { KIND_TCP, OPT_TS, TX_KIND, TX_FLAGS, TX_OPTS, ACK } = wire.abi;
  const tx = new Int32Array(BATCH * DESC_WORDS);
  for (let at = 0; at < tx.length; at += DESC_WORDS) {
    tx[at + TX_KIND] = KIND_TCP;
    tx[at + TX_FLAGS] = ACK;
    tx[at + TX_OPTS] = OPT_TS;
  }
  const rows = new Int32Array(ROW_WORDS);
  rows[ROW_LADDR + 2] = rows[ROW_RADDR + 2] = 0xffff;
  const hops = new Int32Array(HOP_WORDS);
  const arena = new Uint8Array(64);
  const mac = new Uint8Array(6);
  const one = tx.subarray(0, DESC_WORDS);
  const shared = { rows, hops, arena, flows: rows };
  const encoder = new wire.encode.FrameEncoder(shared, mac);
  const out = new Uint8Array(2048);
  const frame = () => out.subarray(0, encoder.frame(tx, 0, out, 0));
  return {
    name: `a pure ACK made from its descriptor, ${BATCH} at once`,
    per: BATCH,
    control: () => {
      for (let at = 0; at < tx.length; at += DESC_WORDS) sink[0] ^= tx[at];
    },
    cases: {
      'ts (FrameEncoder)': () => {
        for (let at = 0; at < tx.length; at += DESC_WORDS) sink[0] ^= encoder.frame(tx, at, out, 0);
      },
      'native, into new arrays': native(addon, 'encode', () => {
        sink[0] ^= addon.encode(tx, arena, rows, hops, mac, 0).length;
      }),
    },
    check: {
      'native, into new arrays': () => Buffer.compare(addon.encode(one, arena, rows, hops, mac, 0)[0], frame()) === 0,
    },
  };
}

export const crossing = (parts) => [oneCall(parts), batch(parts), encoding(parts)];

/**
 * One call of a real link's `flush`, into a veth whose other end throws frames away that are for another MAC: what this
 * costs is mostly sendmmsg. Needs the right to open packet sockets; run.mjs starts it in a network namespace of its own.
 */
export function flushing({ wire, addon }, device) {
  const { DESC_WORDS, ROW_WORDS, HOP_WORDS, ROW_LADDR, ROW_RADDR } = wire.abi;
  const { KIND_TCP, OPT_TS, TX_KIND, TX_FLAGS, TX_OPTS, ACK, COUNTERS } = wire.abi;
  const link = new addon.PacketLink({ device, smallSlots: 256, largeSlots: 4 });
  const rows = new Int32Array(ROW_WORDS);
  rows[ROW_LADDR + 2] = rows[ROW_RADDR + 2] = 0xffff;
  rows[ROW_LADDR + 3] = 0x0a000001;
  rows[ROW_RADDR + 3] = 0x0a000002;
  link.attach(rows, new Int32Array(64), new Int32Array(HOP_WORDS).fill(0x02000000), new Uint8Array(4096));
  const tx = new Int32Array(link.tx);
  for (let i = 0; i < BATCH; i++) {
    const at = i * DESC_WORDS;
    tx[at + TX_KIND] = KIND_TCP;
    tx[at + TX_FLAGS] = ACK;
    tx[at + TX_OPTS] = OPT_TS;
  }
  const counters = new Float64Array(link.counters);
  const sent = () => counters[COUNTERS.indexOf('txFrames')];
  const flush = (n) => () => {
    sink[0] ^= link.flush(n);
  };
  const check = (n) => () => {
    const before = sent();
    return link.flush(n) === 0 && sent() - before === n;
  };
  const groups = [0, 1, 8, BATCH].map((n) => ({
    name: `flush of ${n} pure ACKs into a device that drops them${n > 1 ? ', each' : ''}`,
    per: Math.max(1, n),
    control: () => {
      sink[0] ^= tx[0];
    },
    cases: { [`flush(${n})`]: flush(n) },
    check: { [`flush(${n})`]: check(n) },
  }));
  return { groups, done: () => link.close() };
}

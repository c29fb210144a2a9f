// What the scenarios of link-child.mjs are made of: a veth pair, and a PacketLink on either end of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

export const addon = new URL('../../build/Release/usertcp.node', import.meta.url).pathname;
export const native = createRequire(import.meta.url)(addon);
export const { words: W, counters: names } = native.abi();
export const ip = (...args) => execFileSync('ip', args);
/** GRO stays as it is (off): a veth with GRO delivers the short last segment before the ones it merged. */
export const ethtool = (device, on) => {
  for (const feature of ['tx', 'rx', 'tso', 'gso']) {
    execFileSync('ethtool', ['-K', device, feature, on ? 'on' : 'off'], { stdio: 'ignore' });
  }
};

export const A = [0, 0, 0xffff, 0x0a090001];
export const B = [0, 0, 0xffff, 0x0a090002];
export const A6 = [0xfd000000 | 0, 0, 0, 1];
export const B6 = [0xfd000000 | 0, 0, 0, 2];
const SLOTS = 64;

/** A link with the regions of a core that has one IPv4 flow (row 0) and one IPv6 flow (row 1). */
export class End {
  constructor(device, mine, theirs, { type = 'PacketLink', ...options } = {}) {
    this.link = new native[type]({ device, ...options });
    this.rows = new Int32Array(2 * W.ROW_WORDS);
    this.flows = new Int32Array(W.FLOW_HEADER_WORDS + 2 * SLOTS);
    this.hops = new Int32Array(W.HOP_WORDS);
    this.arena = new Uint8Array(1 << 20).map((_, i) => (i * 7 + (i >> 8)) & 255);
    this.rx = new Int32Array(this.link.rx);
    this.tx = new Int32Array(this.link.tx);
    this.memory = new Uint8Array(this.link.rxMemory);
    this.flows.set([SLOTS - 1, W.FLOW_HEADER_WORDS, -1, 0, 1111, -2222]);
    for (let row = 0; row < 2; row++) this.#addFlow(row, mine[row], theirs[row]);
    this.link.attach(this.rows, this.flows, this.hops, this.arena);
    this.link.setFilter({ addresses: Int32Array.from(mine.flat()) });
    this.received = [];
    this.down = [];
    this.onBurst = () => {};
  }
  #addFlow(row, mine, theirs) {
    const identity = Int32Array.from([(5000 << 16) | 5000, ...mine, ...theirs]);
    this.rows.set(identity, row * W.ROW_WORDS);
    const key = row === 0 ? Int32Array.from([identity[0], mine[3], theirs[3]]) : identity;
    const tag = native.halfSipHash(1111, -2222, key);
    let slot = tag & (SLOTS - 1);
    while (this.flows[W.FLOW_HEADER_WORDS + 2 * slot + 1] !== 0) slot = (slot + 1) & (SLOTS - 1);
    this.flows.set([tag, row + 1], W.FLOW_HEADER_WORDS + 2 * slot);
  }
  start() {
    this.link.start(
      (n) => this.#burst(n),
      (errno) => this.down.push(errno),
    );
  }
  #burst(n) {
    for (let at = 0; at < n * W.DESC_WORDS; at += W.DESC_WORDS) {
      const d = this.rx.slice(at, at + W.DESC_WORDS);
      const pieces = (d[W.RX_KIND] >> 8) & 255;
      const parts = [[d[W.RX_OFF], d[W.RX_LEN]]];
      for (let p = 0; p < pieces; p++) {
        at += W.DESC_WORDS;
        assert.equal(this.rx[at], W.KIND_PIECE);
        for (let i = 0; i < this.rx[at + 1]; i++) parts.push([this.rx[at + 2 + 2 * i], this.rx[at + 3 + 2 * i]]);
      }
      const payload = Buffer.concat(parts.map(([offset, length]) => this.memory.subarray(offset, offset + length)));
      assert.equal(payload.length, d[W.RX_TOTAL]);
      this.received.push({
        kind: d[0] & 255,
        row: d[W.RX_ROW],
        seq: d[W.RX_SEQ],
        gso: d[W.RX_GSO],
        offset: d[W.RX_OFF],
        payload,
      });
    }
    this.onBurst();
  }
  send(segments) {
    segments.forEach(({ row = 0, seq = 0, offset = 0, length, gso = 0, flags = W.ACK }, i) => {
      const d = this.tx.subarray(i * W.DESC_WORDS, (i + 1) * W.DESC_WORDS).fill(0);
      d[W.TX_KIND] = W.KIND_TCP;
      d[W.TX_ROW] = row;
      d[W.TX_SEQ] = seq;
      d[W.TX_FLAGS] = flags | (512 << 16);
      d[W.TX_OFF] = offset;
      d[W.TX_LEN] = d[W.TX_TOTAL] = length;
      d[W.TX_GSO] = gso;
      d[W.TX_OPTS] = W.OPT_TS;
    });
    return this.link.flush(segments.length);
  }
  count(name) {
    return new Float64Array(this.link.counters)[names.indexOf(name)];
  }
  pointAt(mac) {
    const bytes = Buffer.from(mac);
    this.hops[W.HOP_MAC_HI] = bytes.readInt32BE(0);
    this.hops[W.HOP_MAC_LO] = bytes.readUInt16BE(4) << 16;
  }
}

export function makePair() {
  // The kernel's own IPv6 would add its greetings to what is counted below.
  writeFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1');
  ip('link', 'add', 'ut0', 'type', 'veth', 'peer', 'name', 'ut1');
  for (const device of ['ut0', 'ut1']) ip('link', 'set', device, 'up');
}
export function openPair(options) {
  const a = new End('ut0', [A, A6], [B, B6], options);
  const b = new End('ut1', [B, B6], [A, A6], options);
  a.pointAt(b.link.facts().mac);
  b.pointAt(a.link.facts().mac);
  a.start();
  b.start();
  return [a, b];
}
export async function until(what, condition) {
  for (let i = 0; i < 400 && !condition(); i++) await sleep(5);
  assert.ok(condition(), `${what} did not happen in 2 s`);
}
export const bytesOf = (end, row) => Buffer.concat(end.received.filter((r) => r.row === row).map((r) => r.payload));

/** Sends `count` frames of 10 octets while nobody can read. */
export function overflow(end, count) {
  const burst = 60;
  for (let sent = 0; sent < count; sent += burst) {
    end.send(Array.from({ length: burst }, (_, i) => ({ seq: (sent + i) * 10, length: 10, flags: W.ACK | W.PSH })));
  }
}
/** Whether the last frame lies in the near ring, which is the end of the memory. */
export const isNear = (end) => end.received.at(-1).offset >= end.memory.length - (2 << 20);
export function inOrder(end) {
  let next = 0;
  for (const r of end.received) {
    assert.equal(r.seq, next);
    next += r.payload.length;
  }
}

/** 20 super-segments of 60 kB for each family, in batches: every byte arrives once and in order. */
export async function transfer(a, b) {
  b.received = [];
  for (let i = 0; i < 10; i++) {
    const segments = [0, 1, 0, 1].map((row, n) => ({
      row,
      seq: (2 * i + (n >> 1)) * 60000,
      offset: i * 60000 + n,
      length: 60000,
      gso: 1428,
      flags: W.ACK | W.PSH,
    }));
    assert.equal(a.send(segments), 0);
    await sleep(1);
  }
  await until('arrival', () => bytesOf(b, 0).length >= 1200000 && bytesOf(b, 1).length >= 1200000);
  for (const row of [0, 1]) {
    let next = 0;
    for (const r of b.received.filter((r) => r.row === row)) {
      assert.equal(r.seq, next, 'in order');
      next += r.payload.length;
    }
    const expected = [];
    for (let i = 0; i < 10; i++) {
      for (const n of [row, row + 2]) expected.push(a.arena.subarray(i * 60000 + n, i * 60000 + n + 60000));
    }
    assert.ok(Buffer.concat(expected).equals(bytesOf(b, row)), 'same bytes');
  }
}

/** Small and long frames by turns: they keep their order, whatever rings they come by. */
export async function mixed(a, b) {
  let seq = 0;
  for (let round = 0; round < 20; round++) {
    const segments = [];
    for (let i = 0; i < 5; i++) {
      segments.push({ seq, length: 100, flags: W.ACK | W.PSH });
      segments.push({ seq: seq + 100, length: 9000, gso: 1448, flags: W.ACK | W.PSH });
      seq += 9100;
    }
    a.send(segments);
  }
  await until('arrival', () => bytesOf(b, 0).length === seq);
  inOrder(b);
}

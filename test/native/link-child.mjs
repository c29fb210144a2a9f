// Runs inside a network namespace of its own (link.test.ts makes it): both ends of a veth pair, one PacketLink on each.
// Prints one line for each scenario that held; an assertion ends the process.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const addon = new URL('../../build/Release/usertcp.node', import.meta.url).pathname;
const native = createRequire(import.meta.url)(addon);
const { words: W, counters: names } = native.abi();
const ip = (...args) => execFileSync('ip', args);
/** GRO stays as it is (off): a veth with GRO delivers the short last segment before the ones it merged. */
const ethtool = (device, on) => {
  for (const feature of ['tx', 'rx', 'tso', 'gso']) {
    execFileSync('ethtool', ['-K', device, feature, on ? 'on' : 'off'], { stdio: 'ignore' });
  }
};

const A = [0, 0, 0xffff, 0x0a090001];
const B = [0, 0, 0xffff, 0x0a090002];
const A6 = [0xfd000000 | 0, 0, 0, 1];
const B6 = [0xfd000000 | 0, 0, 0, 2];
const SLOTS = 64;

/** A link with the regions of a core that has one IPv4 flow (row 0) and one IPv6 flow (row 1). */
class End {
  constructor(device, mine, theirs, options = {}) {
    this.link = new native.PacketLink({ device, ...options });
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
      this.received.push({ kind: d[0] & 255, row: d[W.RX_ROW], seq: d[W.RX_SEQ], gso: d[W.RX_GSO], payload });
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

function makePair() {
  // The kernel's own IPv6 would add its greetings to what is counted below.
  writeFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1');
  ip('link', 'add', 'ut0', 'type', 'veth', 'peer', 'name', 'ut1');
  for (const device of ['ut0', 'ut1']) ip('link', 'set', device, 'up');
}
function openPair(options) {
  const a = new End('ut0', [A, A6], [B, B6], options);
  const b = new End('ut1', [B, B6], [A, A6], options);
  a.pointAt(b.link.facts().mac);
  b.pointAt(a.link.facts().mac);
  a.start();
  b.start();
  return [a, b];
}
async function until(what, condition) {
  for (let i = 0; i < 400 && !condition(); i++) await sleep(5);
  assert.ok(condition(), `${what} did not happen in 2 s`);
}
const bytesOf = (end, row) => Buffer.concat(end.received.filter((r) => r.row === row).map((r) => r.payload));

/** 20 super-segments of 60 kB for each family, in batches: every byte arrives once and in order. */
async function transfer(a, b) {
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

const scenarios = {
  async 'super-segments, offloads on'() {
    const [a, b] = openPair();
    assert.deepEqual([a.link.facts().checksum, a.link.facts().segmentation], [true, true]);
    await transfer(a, b);
    assert.equal(b.received.length, 40, 'the device cut nothing and neither did we');
    assert.equal(b.received[0].gso, 1428 | (Math.ceil(60000 / 1428) << 16));
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'offloads off: cut, summed, verified and merged here'() {
    ethtool('ut0', false);
    ethtool('ut1', false);
    const [a, b] = openPair();
    assert.deepEqual([a.link.facts().checksum, a.link.facts().segmentation], [false, false]);
    await transfer(a, b);
    assert.ok(b.count('rxMerged') > 800, `merged ${b.count('rxMerged')}`);
    assert.equal(a.count('txFrames'), 40 * Math.ceil(60000 / 1428));
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'offloads taken away while we run: the kernel cuts until reopen()'() {
    ethtool('ut0', true);
    ethtool('ut1', true);
    const [a, b] = openPair();
    ethtool('ut0', false);
    await transfer(a, b);
    assert.equal(a.count('txFrames'), 40);
    assert.equal(a.link.reopen(), 0);
    await transfer(a, b);
    assert.ok(a.count('txFrames') > 1000);
    assert.equal(b.count('dropTcpChecksum'), 0);
    ethtool('ut0', true);
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'small and large frames keep their order between two rings'() {
    const [a, b] = openPair();
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
    let next = 0;
    for (const r of b.received) {
      assert.equal(r.seq, next);
      next += r.payload.length;
    }
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'what the rings cannot hold is counted'() {
    const [a, b] = openPair({ smallSlots: 512, largeSlots: 15 });
    for (let i = 0; i < 20; i++) a.send(Array.from({ length: 60 }, () => ({ length: 10 })));
    await until('arrival', () => b.received.length >= 512);
    a.send([{ length: 10 }]); // the frame that carries the news
    await until('the count', () => b.count('rxRingDrops') > 0);
    assert.equal(b.count('rxFrames') + b.count('rxRingDrops'), 1201);
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'frames for another MAC are not ours'() {
    const [a, b] = openPair({ mac: Uint8Array.of(2, 9, 9, 9, 9, 9) });
    a.send([{ length: 10 }]);
    await until('arrival', () => b.received.length === 1);
    a.pointAt([2, 9, 9, 9, 9, 8]);
    a.send([{ length: 10 }]);
    await until('the count', () => b.count('dropNotOurs') === 1);
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'close() in the middle of a burst'() {
    const [a, b] = openPair();
    let closed;
    b.onBurst = () => {
      closed ??= b.link.close();
      assert.equal(b.link.rxMemory.byteLength, 0);
      assert.equal(b.memory.length, 0);
    };
    a.send([{ length: 10 }, { length: 10, flags: W.ACK | W.PSH }]);
    await until('the burst', () => closed !== undefined);
    await closed;
    assert.equal(b.link.flush(1), 0);
    await b.link.close();
    await a.link.close();
  },
  async 'an error in the callback is an uncaughtException, and the link goes on'() {
    const [a, b] = openPair();
    const caught = new Promise((resolve) => process.once('uncaughtException', resolve));
    b.onBurst = () => {
      b.onBurst = () => {};
      throw new Error('mine');
    };
    a.send([{ length: 10 }]);
    assert.equal((await caught).message, 'mine');
    a.send([{ length: 11 }]);
    await until('the next', () => b.received.length === 2);
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'down, up, removed, made again'() {
    const [a, b] = openPair();
    ip('link', 'set', 'ut1', 'down');
    await until('onDown', () => b.down.length === 1);
    assert.notEqual(b.link.reopen(), 0);
    assert.notEqual(b.send([{ length: 1 }]), 0, 'flush tells as well');
    ip('link', 'set', 'ut1', 'up');
    assert.equal(b.link.reopen(), 0);
    assert.equal(a.link.reopen(), 0);
    // The kernel reports the carrier up to a second late and drops what is sent before.
    const arrives = (end) => {
      a.send([{ length: 10 }]);
      return end.received.length > 0;
    };
    await until('traffic after up', () => arrives(b));
    ip('link', 'del', 'ut0');
    await until('onDown', () => b.down.length === 2);
    assert.notEqual(b.link.reopen(), 0);
    makePair();
    assert.equal(b.link.reopen(), 0);
    assert.equal(a.link.reopen(), 0);
    a.pointAt(b.link.facts().mac);
    b.received = [];
    await until('traffic on the new device', () => arrives(b));
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'workers may be terminated at any time'() {
    const code = `
      const { parentPort } = require('node:worker_threads');
      const native = require(${JSON.stringify(addon)});
      const link = new native.PacketLink({ device: 'ut1' });
      link.setFilter({ addresses: Int32Array.of(0, 0, 0xffff, 0x0a090002) });
      link.start(() => parentPort.postMessage('burst'), () => {});
      parentPort.postMessage(link.facts().mac);
      if (process.argv.includes('close')) link.close();`;
    for (let i = 0; i < 6; i++) {
      const worker = new Worker(code, { eval: true, argv: i % 3 === 2 ? ['close'] : [] });
      const mac = await new Promise((resolve) => worker.once('message', resolve));
      if (i % 3 === 1) {
        const a = new End('ut0', [A, A6], [B, B6]);
        a.pointAt(mac);
        a.send(Array.from({ length: 50 }, () => ({ length: 100 })));
        await a.link.close();
      }
      await worker.terminate();
    }
  },
  async 'an open link that is unreferenced does not keep the process alive'() {
    const [a] = openPair();
    a.link.unref();
    const code = `const n = require(${JSON.stringify(addon)}); const l = new n.PacketLink({ device: 'ut1' });
      l.start(() => {}, () => {}); l.unref();`;
    execFileSync(process.execPath, ['-e', code], { timeout: 5000 });
    await a.link.close();
  },
};

makePair();
for (const [name, run] of Object.entries(scenarios)) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue;
  await run();
  console.log(`held: ${name}`);
}
process.exit(0);

// Long frames that are read when they are handled, in a network namespace of its own (long-frames.test.ts makes it; the
// scenarios need CAP_NET_ADMIN of the host for the receive buffer). Prints one line for each scenario that held.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf, ethtool, ip, makePair, mixed, openPair, transfer, until, W } from './link-end.mjs';

const QUEUE = 512 * 1024;
/** Whether they were read into the memory for that, which is the end of it. */
const wasRead = (end) => end.received.every((r) => r.offset >= end.memory.length - QUEUE);
const SUPER = { length: 60_000, gso: 1428, flags: W.ACK | W.PSH };
const closeBoth = (pair) => Promise.all(pair.map((end) => end.link.close()));

const scenarios = {
  async 'read late, from the ring, and late again'() {
    const [a, b] = openPair();
    for (const late of [false, true, false, true]) {
      assert.equal(b.link.readLong(late), true);
      await transfer(a, b);
      assert.equal(wasRead(b), late);
      assert.equal(b.count('rxTruncated') + b.count('rxRingDrops'), 0);
    }
    await closeBoth([a, b]);
  },
  async 'small and long frames keep their order'() {
    const [a, b] = openPair();
    b.link.readLong(true);
    await mixed(a, b);
    await closeBoth([a, b]);
  },
  async 'none is lost when it changes while they come'() {
    const [a, b] = openPair();
    const seen = new Set();
    for (let i = 0; i < 200; i++) {
      a.send([{ ...SUPER, seq: i * 60_000 }]);
      b.link.readLong(i % 2 === 0);
      a.send([{ ...SUPER, row: 1, seq: i * 60_000 }]);
      if (i % 5 === 0) await until('arrival', () => b.received.length >= 2 * i);
    }
    await until('arrival', () => {
      for (const r of b.received) seen.add(`${r.row} ${r.seq}`);
      return seen.size === 400;
    });
    await closeBoth([a, b]);
  },
  async 'what the kernel does not keep is counted'() {
    const [a, b] = openPair({ largeSlots: 16 });
    b.link.readLong(true);
    for (let i = 0; i < 100; i++) a.send([{ ...SUPER, seq: i * 60_000 }]);
    await until('arrival', () => b.received.length > 0);
    const all = () => b.received.length + b.count('rxTruncated') + b.count('rxRingDrops');
    await until('the count', () => {
      a.send([{ ...SUPER, seq: 0 }]); // the frame that carries the news
      return all() >= 100;
    });
    const lost = b.count('rxTruncated') + b.count('rxRingDrops');
    assert.ok(lost > 0);
    await sleep(50);
    await transfer(a, b);
    assert.equal(b.count('rxTruncated') + b.count('rxRingDrops'), lost, 'and all goes on');
    await closeBoth([a, b]);
  },
  async 'the interface goes down with frames that wait, and comes back'() {
    const [a, b] = openPair();
    b.link.readLong(true);
    for (let i = 0; i < 5; i++) a.send([{ ...SUPER, seq: i * 60_000 }]);
    ip('link', 'set', 'ut1', 'down');
    await until('the news', () => b.down.length > 0);
    ip('link', 'set', 'ut1', 'up');
    await until('the way back', () => b.link.reopen() === 0);
    await until('what waited', () => bytesOf(b, 0).length === 300_000);
    await transfer(a, b);
    assert.ok(wasRead(b));
    await closeBoth([a, b]);
  },
};

makePair();
for (const device of ['ut0', 'ut1']) ethtool(device, true);
for (const [name, run] of Object.entries(scenarios)) {
  await run();
  console.log(`held: ${name}`);
}

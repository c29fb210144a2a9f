// Runs inside a network namespace of its own (link.test.ts makes it): both ends of a veth pair, one PacketLink on each.
// Prints one line for each scenario that held; an assertion ends the process.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  A,
  A6,
  addon,
  B,
  B6,
  bytesOf,
  End,
  ethtool,
  inOrder,
  ip,
  isNear,
  makePair,
  mixed,
  native,
  openPair,
  overflow,
  transfer,
  until,
  W,
} from './link-end.mjs';
import { taps } from './link-tap.mjs';

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
    const [a, b] = openPair({ kernelCuts: 0 });
    assert.deepEqual([a.link.facts().checksum, a.link.facts().segmentation], [false, false]);
    await transfer(a, b);
    assert.ok(b.count('rxMerged') > 800, `merged ${b.count('rxMerged')}`);
    assert.equal(a.count('txFrames'), 40 * Math.ceil(60000 / 1428));
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'offloads off: cut by the kernel, which is faster'() {
    ethtool('ut0', false);
    ethtool('ut1', false);
    const [a, b] = openPair();
    await transfer(a, b);
    assert.equal(a.count('txFrames'), 40);
    assert.equal(b.count('dropTcpChecksum'), 0);
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'offloads taken away while we run: the kernel cuts until reopen()'() {
    ethtool('ut0', true);
    ethtool('ut1', true);
    const [a, b] = openPair({ kernelCuts: 0 });
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
    await mixed(a, b);
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'what the near ring has no room for goes to the small one, and all is read in order'() {
    const [a, b] = openPair();
    a.send([{ length: 10 }]);
    await until('arrival', () => b.received.length === 1);
    assert.ok(isNear(b));
    b.received = [];
    overflow(a, 6000);
    await until('arrival', () => bytesOf(b, 0).length === 60_000);
    assert.ok(!isNear(b));
    inOrder(b);
    assert.equal(b.count('rxRingDrops'), 0);
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
    assert.ok(isNear(b), 'the near ring is still the first one');
    ip('link', 'del', 'ut0');
    await until('onDown', () => b.down.length === 2);
    assert.notEqual(b.link.reopen(), 0);
    makePair();
    assert.equal(b.link.reopen(), 0);
    assert.equal(a.link.reopen(), 0);
    a.pointAt(b.link.facts().mac);
    b.received = [];
    await until('traffic on the new device', () => arrives(b));
    await sleep(50); // for what `arrives` sent as well
    b.received = [];
    overflow(a, 6000);
    await until('all that a ring holds', () => bytesOf(b, 0).length >= 60_000);
    inOrder(b);
    ip('link', 'del', 'ut0');
    await until('onDown', () => b.down.length === 3);
    makePair();
    assert.deepEqual([b.link.reopen(), a.link.reopen()], [0, 0]);
    a.pointAt(b.link.facts().mac);
    b.received = [];
    await until('traffic on the third device', () => arrives(b));
    const elsewhere = spawn('unshare', ['-n', 'sh', '-c', 'echo; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(elsewhere.stdout, 'data');
    const { index } = b.link.facts();
    ip('link', 'set', 'ut1', 'netns', String(elsewhere.pid));
    await until('onDown', () => b.down.length === 4);
    const enter = ['-t', String(elsewhere.pid), '-n', 'ip', 'link', 'set', 'ut1', 'netns', String(process.pid)];
    execFileSync('nsenter', enter);
    elsewhere.kill();
    ip('link', 'set', 'ut1', 'up');
    assert.deepEqual([b.link.reopen(), a.link.reopen(), b.link.facts().index], [0, 0, index]);
    b.received = [];
    await until('traffic after the way back, with the same index', () => arrives(b));
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'down and up again before it is opened again: told once'() {
    const [a, b] = openPair();
    ip('link', 'set', 'ut1', 'down');
    await until('onDown', () => b.down.length === 1);
    for (const state of ['up', 'down', 'up']) ip('link', 'set', 'ut1', state);
    assert.equal(b.link.reopen(), 0);
    await sleep(100);
    assert.equal(b.down.length, 1);
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'VLAN 10, offloads on and off: tagged on the wire, unheard by who is not in it'() {
    for (const on of [true, false]) {
      ethtool('ut0', on);
      ethtool('ut1', on);
      const [a, b] = openPair({ vlan: 10 });
      const [untagged, stranger] = openPair();
      const twenty = new End('ut1', [B, B6], [A, A6], { vlan: 20 });
      twenty.start();
      await transfer(a, b);
      if (on) assert.equal(a.count('txFrames'), 40);
      assert.deepEqual([stranger.received, twenty.received], [[], []]);
      assert.equal(stranger.count('dropVlan'), stranger.count('rxFrames'));
      assert.ok(stranger.count('dropVlan') >= 40);
      assert.equal(b.count('dropVlan'), 0);
      untagged.send([{ length: 10 }]);
      a.hops[W.HOP_MAC_LO] |= 20; // a hop that names a VLAN is believed
      a.send([{ length: 11 }]);
      await until('arrival', () => stranger.received.length === 1 && twenty.received.length === 1);
      assert.deepEqual([stranger.received[0].payload.length, twenty.received[0].payload.length], [10, 11]);
      assert.equal(b.count('dropVlan'), 2);
      a.pointAt(b.link.facts().mac);
      const frame = Buffer.from([...b.link.facts().mac, ...a.link.facts().mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
      a.arena.set(Buffer.concat([frame, Buffer.alloc(20)]), 0);
      a.tx.fill(0, 0, W.DESC_WORDS);
      a.tx[W.TX_KIND] = W.KIND_RAW;
      a.tx[W.TX_LEN] = a.tx[W.TX_TOTAL] = 42;
      a.link.flush(1);
      await until('ARP', () => b.received.at(-1).kind === W.KIND_ARP);
      await Promise.all([a, b, untagged, stranger, twenty].map((end) => end.link.close()));
    }
    ethtool('ut0', true);
    ethtool('ut1', true);
    assert.throws(() => new native.PacketLink({ device: 'ut0', vlan: 4095 }), RangeError);
  },
  ...taps,
  async 'sockets that are handed down need no rights'() {
    const [a] = openPair();
    for (const count of [3, 2]) {
      const fds = native.openPacketSockets().slice(0, count);
      const code = `
        const { readFileSync } = require('node:fs');
        const native = require(${JSON.stringify(addon)});
        if (!/^CapEff:\\s*0+$/m.test(readFileSync('/proc/self/status', 'utf8'))) throw new Error('has rights');
        let refused;
        try { new native.PacketLink({ device: 'ut1' }); } catch (error) { refused = error.code; }
        const mac = Uint8Array.of(2, 9, 9, 9, 9, 7); // promiscuous
        const fds = ${JSON.stringify([3, 4, 5].slice(0, count))};
        let taken;
        try { new native.PacketLink({ device: 'ut1', fds: [3, 1] }); } catch (error) { taken = error.code; }
        {
          const link = new native.PacketLink({ device: 'ut1', mac, fds });
          const arena = new Uint8Array(64);
          arena.set([...${JSON.stringify([...a.link.facts().mac])}, ...mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
          const none = new Int32Array(64);
          link.attach(none, none, none, arena);
          link.setFilter({ addresses: Int32Array.of(0, 0, 0xffff, 0x0a090002) });
          const tx = new Int32Array(link.tx);
          link.start((n) => {
            tx[${W.TX_KIND}] = ${W.KIND_RAW};
            tx[${W.TX_LEN}] = tx[${W.TX_TOTAL}] = 42;
            link.flush(1);
            setTimeout(() => process.exit(0), 100);
          }, () => {});
          console.log(JSON.stringify({ refused, taken, mac: [...mac] }));
        }`;
      const drop = ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', process.execPath, '-e', code];
      const child = spawn('setpriv', drop, { stdio: ['ignore', 'pipe', 'inherit', ...fds] });
      const told = JSON.parse(String((await once(child.stdout, 'data'))[0]));
      assert.deepEqual([told.refused, told.taken], ['EPERM', 'EPROTOTYPE']);
      a.pointAt(told.mac);
      a.received = [];
      assert.equal(a.send([{ length: 10 }]), 0);
      await until('the answer', () => a.received.some((r) => r.kind === W.KIND_ARP));
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      // The same sockets again, by a process with rights, although the last owner left its rings on them.
      const b = new End('ut1', [B, B6], [A, A6], { fds });
      b.start();
      a.pointAt(b.link.facts().mac);
      await transfer(a, b);
      await b.link.close();
    }
    assert.throws(() => new native.PacketLink({ device: 'ut1', fds: [1] }), { code: 'EINVAL' });
    await a.link.close();
  },
  async 'however long a burst takes, timers have their turn after it'() {
    const [a, b] = openPair();
    let bursts = 0;
    let most = 0;
    let since = 0;
    b.onBurst = () => {
      bursts++;
      most = Math.max(most, ++since);
      const end = performance.now() + 3;
      // More than one frame is always there when this is over.
      for (let i = 0; performance.now() < end; i++) if (i < 3) a.send([{ length: 10, flags: W.ACK | W.PSH }]);
    };
    const turn = () => {
      since = 0;
      if (bursts < 100) setImmediate(turn);
    };
    turn();
    a.send([{ length: 10 }]);
    await until('100 bursts', () => bursts >= 100);
    b.onBurst = () => {};
    // Each of the two rings has a handle with a callback of its own.
    assert.ok(most <= 2, `${most} bursts without a turn of the loop`);
    await Promise.all([a.link.close(), b.link.close()]);
  },
  async 'an idle link costs nothing'() {
    const [a, b] = openPair();
    for (let i = 0; i < 50; i++) {
      a.send([{ length: 10 }]);
      await sleep(1);
    }
    await until('arrival', () => b.count('rxFrames') === 50);
    await sleep(50);
    const spins = () => a.count('spins') + b.count('spins');
    const before = spins();
    const used = process.cpuUsage();
    await sleep(2000);
    const { user, system } = process.cpuUsage(used);
    assert.equal(spins(), before);
    assert.ok(user + system < 20_000, `${user + system} us of CPU in 2 s`);
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
  async 'a worker is terminated while it opens a link: nobody else ends with it'() {
    const code = `const { parentPort } = require('node:worker_threads');
      const n = require(${JSON.stringify(addon)});
      parentPort.postMessage(0);
      new n.PacketLink({ device: 'ut1', asideSlots: 64 });`;
    for (let i = 0; i < 12; i++) {
      const worker = new Worker(code, { eval: true });
      await once(worker, 'message');
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

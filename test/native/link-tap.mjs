// Scenarios of link-child.mjs with TAP devices.
import assert from 'node:assert/strict';
import { A, A6, B, B6, End, ip, transfer, until } from './link-end.mjs';

export const taps = {
  async 'VLAN 10 on a TAP device, where tags stay in the frame'() {
    for (const vlan of [10, 0]) {
      const a = new End('utt0', [A, A6], [B, B6], { type: 'TapLink', mac: Uint8Array.of(2, 9, 9, 9, 9, 6), vlan });
      const b = new End('utt0', [B, B6], [A, A6], { vlan });
      const other = new End('utt0', [B, B6], [A, A6], { vlan: 10 - vlan });
      a.pointAt(b.link.facts().mac);
      b.pointAt(a.link.facts().mac);
      other.pointAt(a.link.facts().mac);
      for (const end of [a, b, other]) end.start();
      await transfer(a, b);
      await transfer(b, a);
      assert.deepEqual([a.count('dropVlan'), b.count('dropVlan'), other.received.length], [0, 0, 0]);
      other.send([{ length: 10 }]);
      await until('the count', () => a.count('dropVlan') === 1);
      assert.equal(other.count('dropVlan'), other.count('rxFrames'));
      await Promise.all([a, b, other].map((end) => end.link.close()));
    }
  },
  async 'a TAP that was deleted is gone, whoever has its name'() {
    const a = new End('utt1', [A, A6], [B, B6], { type: 'TapLink', mac: Uint8Array.of(2, 9, 9, 9, 9, 5) });
    a.start();
    ip('link', 'del', 'utt1');
    ip('link', 'add', 'utt1', 'type', 'veth', 'peer', 'name', 'utt2');
    for (const device of ['utt1', 'utt2']) ip('link', 'set', device, 'up');
    await until('the news', () => a.down.length > 0);
    assert.deepEqual([a.down, a.link.reopen()], [[19], 19]); // ENODEV
    await Promise.all([a.link.close(), a.link.reopen()]); // while it closes
    ip('link', 'del', 'utt1');
  },
  async 'a TAP that was renamed is still there, by its new name'() {
    const a = new End('utt3', [A, A6], [B, B6], { type: 'TapLink', mac: Uint8Array.of(2, 9, 9, 9, 9, 4) });
    a.start();
    ip('link', 'set', 'utt3', 'down');
    ip('link', 'set', 'utt3', 'name', 'utt4');
    assert.deepEqual([a.link.changed(), a.link.reopen()], [true, 100]); // ENETDOWN
    ip('link', 'set', 'utt4', 'up');
    assert.deepEqual([a.link.reopen(), a.link.facts().name], [0, 'utt4']);
    assert.equal(a.link.changed(), false);
    await a.link.close();
  },
};

// Rules of nftables hang on the name of a device: when it gets another one they are made anew, before the old ones go.
import { expect, test } from 'vitest';
import type { Arrangement } from '../../../src/shell/coexist/arrangement.ts';
import { Following } from '../../../src/shell/coexist/following.ts';

const plan: Arrangement['plan'] = {
  mode: 'own',
  rules: [],
  watch: [],
  required: undefined,
  ephemeralPorts: undefined,
  claimed: undefined,
};

function make() {
  const log: string[] = [];
  const arrangement = (device: string): Arrangement => ({
    plan,
    warnings: [],
    offences: async () => [{ packets: 1, what: device }],
    release: async () => void log.push(`-${device}`),
  });
  const again = async (device: string): Promise<Arrangement> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (device === 'gone') throw new Error('no such device');
    log.push(`+${device}`);
    return arrangement(device);
  };
  const following = new Following((sentence) => log.push(sentence));
  return { log, following, held: following.add(arrangement('eth0'), again), again };
}

test('each arrangement moves to the new name, one name after the other, and what it saw is of there', async () => {
  const { log, following, held, again } = make();
  following.add(await again('eth0'), again);
  const both = [following.renamed('eth1'), following.renamed('eth2')];
  await Promise.all(both);
  expect(log.slice(1)).toEqual(['+eth1', '-eth0', '+eth1', '-eth0', '+eth2', '-eth1', '+eth2', '-eth1']);
  expect(await held.offences()).toEqual([{ packets: 1, what: 'eth2' }]);
});

test('a release in the middle of a move leaves nothing behind, and moves no more', async () => {
  const { log, following, held } = make();
  void following.renamed('eth1');
  await held.release();
  await following.renamed('eth2');
  expect(log).toEqual(['+eth1', '-eth0', '-eth1']);
});

test('what cannot move stays as it is, and that is told', async () => {
  const { log, following, held } = make();
  await following.renamed('gone');
  expect(log).toEqual(["the kernel is not kept away from our packets since the device is 'gone': no such device"]);
  await following.renamed('eth1');
  await held.release();
  expect(log.slice(1)).toEqual(['+eth1', '-eth0', '-eth1']);
});

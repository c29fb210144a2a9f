// Addresses that the stack gives itself are hidden from a kernel that forwards, for as long as the stack has them.
import { expect, test } from 'vitest';
import { ADDRESS_ADDED, ADDRESS_EXPIRED, ADDRESS_SETTLED, ADDRESS_TAKEN } from '../../../src/core/events.ts';
import { AutomaticFences } from '../../../src/shell/automatic-fences.ts';
import { parseAddress } from '../../../src/wire/address-text.ts';

function make({ forwards = true, refuse = false } = {}) {
  const log: string[] = [];
  const fences = new AutomaticFences({
    fence: async (address) => {
      if (refuse) throw new Error('no nft');
      log.push(`+${address}`);
      return async () => void log.push(`-${address}`);
    },
    forwards: () => forwards,
    warn: (sentence) => log.push(sentence),
  });
  const tell = (what: number, address: string, link = 0): Promise<void> => {
    fences.changed(Int32Array.of(0, what | (link << 8) | (0xffff << 16), -1, ...parseAddress(address)), 0);
    return new Promise((resolve) => setImmediate(resolve));
  };
  return { fences, log, tell };
}

test('an address of a prefix is fenced when it comes, and not any more when it has gone', async () => {
  const { log, tell } = make({ forwards: false });
  await tell(ADDRESS_ADDED, 'fd55::7');
  await tell(ADDRESS_SETTLED, 'fd55::7');
  await tell(ADDRESS_ADDED, 'fd66::7');
  expect(log).toEqual(['+fd55::7', '+fd66::7']);
  await tell(ADDRESS_EXPIRED, 'fd55::7');
  await tell(ADDRESS_TAKEN, 'fd66::7');
  expect(log.slice(2)).toEqual(['-fd55::7', '-fd66::7']);
  await tell(ADDRESS_ADDED, 'fd55::7'); // the link is back
  expect(log.at(-1)).toBe('+fd55::7');
});

test('the address of the link needs rules where the kernel forwards; leases and other links never', async () => {
  const quiet = make({ forwards: false });
  await quiet.tell(ADDRESS_ADDED, 'fe80::7');
  expect(quiet.log).toEqual([]);
  const { log, tell } = make();
  await tell(ADDRESS_ADDED, '10.0.0.7');
  await tell(ADDRESS_ADDED, 'fd55::7', 1);
  await tell(ADDRESS_ADDED, 'fe80::7');
  expect(log).toEqual(['+fe80::7']);
});

test('the end of the stack takes all away; what comes then is not fenced; a refusal is told', async () => {
  const { fences, log, tell } = make();
  await tell(ADDRESS_ADDED, 'fd55::7');
  await fences.close();
  await tell(ADDRESS_ADDED, 'fd66::7');
  expect(log).toEqual(['+fd55::7', '-fd55::7']);
  const refused = make({ refuse: true });
  await refused.tell(ADDRESS_ADDED, 'fd55::7');
  await refused.fences.close();
  expect(refused.log).toEqual(['the kernel is not kept away from fd55::7: no nft']);
});

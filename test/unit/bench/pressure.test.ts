// What bench/pressure.mjs can be asked for, what it takes for a failure, and its table of old and new rows.
import { expect, test } from 'vitest';

const bench = (file: string) => import(new URL(`../../../bench/${file}`, import.meta.url).href);
const { complaint, plan, scenarios, servers } = await bench('pressure-plan.mjs');
const { pressureTable } = await bench('pressure-table.mjs');

type Pair = [string, string];
const CAPPED = 'writer ignores back-pressure, maxBuffered 1 MB';
const MINUTE = 'reader paused for a minute';

test('every pressure has all servers, but for the cap that node:net does not have', () => {
  const pairs: Pair[] = plan({});
  expect(pairs).toHaveLength(Object.keys(scenarios).length * 4 - 1);
  expect(pairs.filter(([name]) => name === MINUTE).map(([, peer]) => peer)).toEqual(Object.keys(servers));
  expect(pairs.filter(([name]) => name === CAPPED).map(([, peer]) => peer)).toEqual([
    'ours',
    'ours-sockets',
    'ours-net',
  ]);
});

test('`ours-net` is usertcp/net, `ours-sockets` stack.createServer, as everywhere', () => {
  expect(servers).toMatchObject({ ours: ['10.77.0.2', 'ours'], 'ours-net': ['10.77.0.2', 'ours-net'] });
  expect([servers['ours-sockets'], servers['node-net']]).toEqual([
    ['10.77.0.2', 'ours-sockets'],
    ['10.77.0.3', 'net'],
  ]);
});

test('--only and --peers choose; what matches nothing is an error that says what would', () => {
  expect(plan({ only: 'minute', peers: 'node-net,ours' })).toEqual([
    [MINUTE, 'node-net'],
    [MINUTE, 'ours'],
  ]);
  expect(() => plan({ only: 'minute,nonsense' })).toThrow(/no scenario has nonsense.*\n {2}reader of 100 MB\/s/s);
  expect(() => plan({ only: '' })).toThrow('There are:\n');
  expect(() => plan({ peers: 'ours,node' })).toThrow(
    'no server node. There are: ours, ours-sockets, ours-net, node-net',
  );
  expect(() => plan({ only: 'maxBuffered', peers: 'node-net' })).toThrow('none of these scenarios');
});

test('a lost byte is a failure, unless the connection was cut with the error that was to be told', () => {
  const row = { t: MINUTE, peer: 'ours', lost: 0, wrong: 0 };
  expect(complaint(row)).toBeUndefined();
  expect(complaint({ ...row, lost: 1 })).toBe('1 bytes were lost');
  expect(complaint({ ...row, err: 'the server did not start' })).toBe('the server did not start');
  const cut = { ...row, t: CAPPED, peer: 'ours-net', lost: 1 << 20, errors: 'ERR_USERTCP_MAX_BUFFERED: write of …' };
  expect(complaint(cut)).toBeUndefined();
  expect(complaint({ ...cut, errors: undefined })).toBe('nobody was told ERR_USERTCP_MAX_BUFFERED');
  expect(complaint({ ...cut, peer: 'ours' })).toBe('1048576 bytes were lost');
  expect(complaint({ ...cut, wrong: 1 })).toBe('1 chunks arrived changed');
});

test('the table knows rows with all counters, and those with a few of before', () => {
  const speed = { gbps_before: 10, gbps_during: 0, gbps_after: 20, first_byte_ms: 1, cpu_s_per_gb: 0.2, rss_mb: 16 };
  const row = { t: MINUTE, peer: 'ours', lost: 0, wrong: 0, ...speed, kernel_retransmits: 0 };
  const counters = { core: { retransSegs: 7 }, link: { rxRingDrops: 3 } };
  const told = '| 10 → 0 → 20 | 1 | 0.2 | 16 | 0 | 7 sent again, 3 dropped by the ring |';
  expect(pressureTable([{ ...row, counters }])).toContain(told);
  expect(pressureTable([{ ...row, retransSegs: 7, rxRingDrops: 3, zeroWindowProbes: 0 }])).toContain(told);
});

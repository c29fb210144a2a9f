import { expect, test } from 'vitest';
import { linkCounters, toPrometheus } from '../../../src/shell/metrics.ts';
import { noCounts } from '../../../src/shell/net/counts.ts';
import { COUNTERS } from '../../../src/wire/abi.ts';
import { fakeLink, OUR_MAC } from '../core/ip/harness.ts';

test('counters by name, in the order of the ABI; a link that keeps fewer has zeros', () => {
  const link = { ...fakeLink('ether', OUR_MAC), counters: Float64Array.of(5, 2 ** 40) };
  const counters = linkCounters(link);
  expect(Object.keys(counters)).toEqual([...COUNTERS]);
  expect([counters.rxFrames, counters.rxBytes, counters.dropVlan]).toEqual([5, 2 ** 40, 0]);
});

test("Prometheus' text format: one TYPE per family, snake case, counters end in _total, labels are quoted", () => {
  const links = Object.fromEntries(['eth0', 'a"b\\c'].map((name) => [name, linkCounters(fakeLink('ether', OUR_MAC))]));
  const text = toPrometheus({
    connections: 3,
    listeners: 1,
    rows: 9,
    timeWaits: 2,
    halfOpens: 1,
    links,
    core: { outSegs: 7 },
    udp: { inDatagrams: 4 },
    driver: { turns: 2 },
    net: { ...noCounts(), kernelOpened: 8 },
    memory: {
      rows: { used: 384, free: 0 },
      folded: { used: 0, free: 0 },
      flights: { used: 320, free: 320 },
      records: { used: 48, free: 0 },
      arena: { send: 65536, outOfOrder: 2048, passing: 0, free: 0, scratch: 524288, untouched: 61440 },
      touched: 531504,
      reserved: 1000000,
      lent: 0,
      rings: 0,
      unread: 5,
      unsent: 6,
    },
  });
  expect(text).toContain('# TYPE usertcp_connections gauge\nusertcp_connections 3\n');
  expect(text).toContain('# TYPE usertcp_tcp_out_segs_total counter\nusertcp_tcp_out_segs_total 7\n');
  expect(text).toContain('# TYPE usertcp_udp_in_datagrams_total counter\nusertcp_udp_in_datagrams_total 4\n');
  expect(text).toContain('usertcp_memory_bytes{of="arena.out_of_order"} 2048\n');
  expect(text).toContain('# TYPE usertcp_driver_turns_total counter\nusertcp_driver_turns_total 2\n');
  expect(text).toContain(
    '# TYPE usertcp_net_opened_total counter\nusertcp_net_opened_total{carrier="ours"} 0\nusertcp_net_opened_total{carrier="kernel"} 8\n',
  );
  expect(text).toContain(
    '# TYPE usertcp_link_rx_ring_drops_total counter\nusertcp_link_rx_ring_drops_total{link="eth0"} 0\nusertcp_link_rx_ring_drops_total{link="a\\"b\\\\c"} 0\n',
  );
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  for (const line of lines)
    expect(line).toMatch(
      /^(# TYPE [a-z_0-9]+ (counter|gauge)|[a-z_0-9]+(\{(link|of|carrier)="([^"\\]|\\.)*"\})? \d+)$/,
    );
  const families = lines.filter((line) => line.startsWith('#'));
  expect(new Set(families).size).toBe(families.length);
});
